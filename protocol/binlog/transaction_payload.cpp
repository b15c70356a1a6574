#include "protocol/binlog/transaction_payload.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <zstd.h>

#include <string>

namespace understudy::protocol {

namespace {

enum field : std::uint64_t { end_mark = 0, payload_size = 1, compression_type = 2, raw_size = 3 };

constexpr std::size_t step = 128U << 10U;

std::unexpected<error> damaged(std::string why) {
    return fail(errc::malformed, "a compressed transaction " + std::move(why));
}

} // namespace

result<transaction_payload> decode_transaction_payload(const event_view& event) {
    // The format description's length of its post-header is wrong (it has the type's number there):
    // there is none.
    byte_reader in(event.body);
    transaction_payload payload;
    std::optional<std::uint64_t> size;
    std::uint64_t algorithm = 255;
    for (;;) {
        const auto type = in.lenenc();
        if (!in.ok()) return damaged("has no end mark in its header");
        if (type == end_mark) break;
        byte_reader value(in.lenenc_bytes());
        switch (type) {
        case payload_size: size = value.lenenc(); break;
        case compression_type: algorithm = value.lenenc(); break;
        case raw_size: payload.uncompressed_size = value.lenenc(); break;
        default: break; // the server skips what it does not know, too
        }
        if (!in.ok() || !value.ok()) return damaged("has a header field that is cut off");
    }
    if (algorithm != 0 && algorithm != 255) {
        return fail(errc::unsupported, "a transaction is compressed with method " +
                                           std::to_string(algorithm) + ", which is not known");
    }
    payload.algorithm = static_cast<transaction_payload::compression>(algorithm);
    payload.data = in.rest();
    if (size && *size != payload.data.size()) {
        return damaged("says it has " + std::to_string(*size) + " bytes and has " +
                       std::to_string(payload.data.size()));
    }
    return payload;
}

struct payload_events::decompressor {
    decompressor() : stream(ZSTD_createDStream()) { UNDERSTUDY_ASSERT(stream != nullptr); }
    ~decompressor() { ZSTD_freeDStream(stream); }
    decompressor(const decompressor&) = delete;
    decompressor& operator=(const decompressor&) = delete;

    ZSTD_DStream* stream;
    bool inside_frame = false;
};

payload_events::payload_events(const transaction_payload& payload) : rest_(payload.data) {
    if (payload.algorithm == transaction_payload::compression::zstd)
        decompressor_ = std::make_unique<decompressor>();
}

payload_events::~payload_events() = default;
payload_events::payload_events(payload_events&&) noexcept = default;
payload_events& payload_events::operator=(payload_events&&) noexcept = default;

result<bool> payload_events::fill() {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
    const auto had = buffer_.size();
    if (!decompressor_) {
        const auto part = rest_.first(std::min(rest_.size(), step));
        buffer_.insert(buffer_.end(), part.begin(), part.end());
        rest_ = rest_.subspan(part.size());
        return !part.empty();
    }
    buffer_.resize(had + step);
    ZSTD_inBuffer in{rest_.data(), rest_.size(), 0};
    ZSTD_outBuffer out{buffer_.data() + had, step, 0};
    while (out.pos < out.size) {
        const auto in_before = in.pos;
        const auto out_before = out.pos;
        const std::size_t left = ZSTD_decompressStream(decompressor_->stream, &out, &in);
        if (ZSTD_isError(left) != 0)
            return damaged(std::string("cannot be decompressed: ") + ZSTD_getErrorName(left));
        // Asked without more input, it begins to wait for another frame.
        if (in.pos == in_before && out.pos == out_before) break;
        decompressor_->inside_frame = left != 0;
        if (left == 0 && in.pos == in.size) break;
    }
    rest_ = rest_.subspan(in.pos);
    buffer_.resize(had + out.pos);
    if (out.pos == 0 && decompressor_->inside_frame) return damaged("ends in the middle");
    return out.pos > 0;
}

result<std::optional<std::span<const std::byte>>> payload_events::next() {
    for (;;) {
        const auto here = std::span<const std::byte>(buffer_).subspan(begin_);
        if (here.size() >= event_header_size) {
            const auto header = decode_event_header(here);
            if (!header) return std::unexpected(header.error());
            if (header->length > event_size_max) {
                return fail(errc::limit_exceeded, "a compressed transaction has an event of " +
                                                      std::to_string(header->length) + " bytes");
            }
            if (here.size() >= header->length) {
                begin_ += header->length;
                return here.first(header->length);
            }
        }
        const auto more = fill();
        if (!more) return std::unexpected(more.error());
        if (*more) continue;
        if (begin_ == buffer_.size()) return std::nullopt;
        return damaged("ends in the middle of an event");
    }
}

} // namespace understudy::protocol
