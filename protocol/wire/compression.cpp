#include "protocol/wire/compression.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace understudy::protocol {

namespace {

constexpr std::size_t frame_header_size = 7;
constexpr std::size_t frame_content_max = 0xff'ffff;
// Less is not worth the effort; servers draw the line there too.
constexpr std::size_t compressed_content_least = 50;

constexpr std::array<std::pair<compression, std::string_view>, 3> names{{
    {compression::none, "none"},
    {compression::zlib, "zlib"},
    {compression::zstd, "zstd"},
}};

std::vector<std::byte> compressed(std::span<const std::byte> plain, compression algorithm,
                                  int zstd_level) {
    if (algorithm == compression::zstd) {
        std::vector<std::byte> out(ZSTD_compressBound(plain.size()));
        const auto size =
            ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), zstd_level);
        UNDERSTUDY_ASSERT(ZSTD_isError(size) == 0); // the bound is enough
        out.resize(size);
        return out;
    }
    auto size = compressBound(static_cast<uLong>(plain.size()));
    std::vector<std::byte> out(size);
    const int done =
        ::compress(reinterpret_cast<Bytef*>(out.data()), &size,
                   reinterpret_cast<const Bytef*>(plain.data()), static_cast<uLong>(plain.size()));
    UNDERSTUDY_ASSERT(done == Z_OK);
    out.resize(size);
    return out;
}

std::unexpected<error> damaged(const char* what) {
    return fail(errc::malformed, std::string("a compressed frame of the server ") + what);
}

} // namespace

std::string_view to_string(compression algorithm) {
    return std::ranges::find(names, algorithm, &std::pair<compression, std::string_view>::first)
        ->second;
}

std::optional<compression> parse_compression(std::string_view text) {
    const auto* const found =
        std::ranges::find(names, text, &std::pair<compression, std::string_view>::second);
    return found == names.end() ? std::nullopt : std::optional(found->first);
}

std::vector<std::byte> compress_packets(std::span<const std::byte> packets, compression algorithm,
                                        int zstd_level) {
    std::vector<std::byte> out;
    std::uint8_t number = 0;
    while (!packets.empty()) {
        const auto plain = packets.first(std::min(packets.size(), frame_content_max));
        packets = packets.subspan(plain.size());
        std::vector<std::byte> small;
        if (plain.size() >= compressed_content_least) {
            small = compressed(plain, algorithm, zstd_level);
        }
        const bool worth_it = !small.empty() && small.size() < plain.size();
        const std::span<const std::byte> content =
            worth_it ? std::span(std::as_const(small)) : plain;
        byte_writer writer(out);
        writer.u24(static_cast<std::uint32_t>(content.size()));
        writer.u8(number++);
        writer.u24(worth_it ? static_cast<std::uint32_t>(plain.size()) : 0);
        writer.bytes(content);
    }
    return out;
}

// One algorithm's stream; a frame is one whole stream of it.
class frame_reader::codec {
public:
    struct step {
        std::size_t consumed = 0;
        std::size_t produced = 0;
        bool ended = false; // the frame's stream
    };
    virtual ~codec() = default;
    virtual void begin() = 0;
    [[nodiscard]] virtual std::optional<step> run(std::span<const std::byte> from,
                                                  std::span<std::byte> into) = 0;
};

class frame_reader::zlib_codec final : public codec {
public:
    zlib_codec() {
        if (inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
    }
    ~zlib_codec() override { inflateEnd(&stream_); }
    zlib_codec(const zlib_codec&) = delete;
    zlib_codec& operator=(const zlib_codec&) = delete;

    void begin() override { inflateReset(&stream_); }
    std::optional<step> run(std::span<const std::byte> from, std::span<std::byte> into) override {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from.data()));
        stream_.avail_in = static_cast<uInt>(from.size());
        stream_.next_out = reinterpret_cast<Bytef*>(into.data());
        stream_.avail_out = static_cast<uInt>(into.size());
        const int done = inflate(&stream_, Z_NO_FLUSH);
        if (done != Z_OK && done != Z_STREAM_END && done != Z_BUF_ERROR) return std::nullopt;
        return step{from.size() - stream_.avail_in, into.size() - stream_.avail_out,
                    done == Z_STREAM_END};
    }

private:
    z_stream stream_{};
};

class frame_reader::zstd_codec final : public codec {
public:
    zstd_codec() : context_(ZSTD_createDCtx()) {
        if (context_ == nullptr) throw std::bad_alloc();
    }
    ~zstd_codec() override { ZSTD_freeDCtx(context_); }
    zstd_codec(const zstd_codec&) = delete;
    zstd_codec& operator=(const zstd_codec&) = delete;

    void begin() override { ZSTD_DCtx_reset(context_, ZSTD_reset_session_only); }
    std::optional<step> run(std::span<const std::byte> from, std::span<std::byte> into) override {
        ZSTD_inBuffer in{from.data(), from.size(), 0};
        ZSTD_outBuffer out{into.data(), into.size(), 0};
        const auto hint = ZSTD_decompressStream(context_, &out, &in);
        if (ZSTD_isError(hint) != 0) return std::nullopt;
        return step{in.pos, out.pos, hint == 0};
    }

private:
    ZSTD_DCtx* context_;
};

frame_reader::frame_reader(compression algorithm, std::size_t capacity) : buffer_(capacity) {
    UNDERSTUDY_ASSERT(algorithm != compression::none && capacity >= frame_header_size);
    if (algorithm == compression::zstd) {
        codec_ = std::make_unique<zstd_codec>();
    } else {
        codec_ = std::make_unique<zlib_codec>();
    }
}

frame_reader::~frame_reader() = default;

std::span<std::byte> frame_reader::free_space() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (end_ == buffer_.size()) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    return std::span(buffer_).subspan(end_);
}

void frame_reader::commit(std::size_t count) {
    UNDERSTUDY_ASSERT(count <= buffer_.size() - end_);
    end_ += count;
}

bool frame_reader::begin_frame() {
    if (end_ - begin_ < frame_header_size) return false;
    byte_reader header(std::span<const std::byte>(buffer_).subspan(begin_, frame_header_size));
    content_left_ = header.u24();
    header.skip(1);
    plain_left_ = header.u24();
    compressed_ = plain_left_ != 0;
    if (!compressed_) plain_left_ = content_left_;
    if (compressed_) codec_->begin();
    begin_ += frame_header_size;
    in_frame_ = content_left_ != 0;
    return true;
}

result<std::size_t> frame_reader::read(std::span<std::byte> into) {
    std::size_t total = 0;
    while (total < into.size()) {
        if (!in_frame_ && !begin_frame()) break;
        if (!in_frame_) {
            if (plain_left_ != 0) return damaged("is empty and claims not to be");
            continue;
        }
        auto count = read_content(into.subspan(total));
        if (!count) return count;
        if (*count == 0 && in_frame_) break; // its rest is not here yet
        total += *count;
    }
    return total;
}

result<std::size_t> frame_reader::read_content(std::span<std::byte> into) {
    const auto have =
        std::span<const std::byte>(buffer_).subspan(begin_, std::min(end_ - begin_, content_left_));
    codec::step done;
    std::size_t room = into.size();
    if (compressed_) {
        // A byte more than the frame may hold, so that a stream which goes on is noticed.
        std::byte beyond{};
        const bool at_end = plain_left_ == 0;
        const auto out =
            at_end ? std::span(&beyond, 1) : into.first(std::min(into.size(), plain_left_));
        const auto run = codec_->run(have, out);
        if (!run) return damaged("cannot be uncompressed");
        if (at_end && run->produced != 0) return damaged("holds more than it says");
        done = *run;
        room = out.size();
    } else {
        done.consumed = done.produced = std::min(have.size(), into.size());
        std::ranges::copy(have.first(done.consumed), into.begin());
        done.ended = done.consumed == content_left_;
    }
    begin_ += done.consumed;
    content_left_ -= done.consumed;
    plain_left_ -= done.produced;
    if (done.ended) {
        if (content_left_ != 0 || plain_left_ != 0) return damaged("is not as long as it says");
        in_frame_ = false;
        return done.produced;
    }
    const bool stuck = done.consumed == 0 && done.produced == 0 && !have.empty();
    if (stuck || (content_left_ == 0 && done.produced < room)) {
        return damaged("ends before its content does");
    }
    return done.produced;
}

} // namespace understudy::protocol
