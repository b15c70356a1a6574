#include "relay/inspection/binlog_cutter.hpp"

#include "protocol/binlog/event_header.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/errc.hpp"
#include "relay/inspection/binlog_file_source.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::event_type;
using protocol::result;
using role = protocol::boundary::role;

constexpr std::size_t window_bytes = 64U << 10U;
constexpr std::size_t magic_size = 4;

// Those of which the boundary reads more than the header.
bool needs_body(event_type type) {
    return type == event_type::query || type == event_type::mariadb_gtid ||
           type == event_type::format_description;
}

} // namespace

result<std::unique_ptr<log_cutter>> binlog_cutter::open(const std::filesystem::path& path,
                                                        std::uint64_t piece_bytes) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return protocol::fail(errc::io_failed, "cannot open " + path.string() + ": " +
                                                   std::generic_category().message(errno));
    }
    return std::unique_ptr<log_cutter>(new binlog_cutter(descriptor, path, piece_bytes));
}

binlog_cutter::~binlog_cutter() {
    ::close(descriptor_);
}

// The next bytes; fewer where the file ends.
result<std::span<const std::byte>> binlog_cutter::look(std::size_t count) {
    const auto from = offset_ - std::min(offset_, window_begin_);
    if (offset_ < window_begin_ || from + count > window_size_) {
        window_begin_ = offset_;
        window_size_ = 0;
        window_.resize(std::max({window_.size(), window_bytes, count}));
        while (window_size_ < count) {
            const auto got =
                ::pread(descriptor_, window_.data() + window_size_, window_.size() - window_size_,
                        static_cast<off_t>(window_begin_ + window_size_));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) {
                return protocol::fail(errc::io_failed, "cannot read " + path_.string() + ": " +
                                                           std::generic_category().message(errno));
            }
            if (got == 0) break;
            window_size_ += static_cast<std::size_t>(got);
        }
    }
    const auto begin = static_cast<std::size_t>(offset_ - window_begin_);
    return std::span<const std::byte>(window_).subspan(begin,
                                                       std::min(count, window_size_ - begin));
}

result<binlog_cutter::step> binlog_cutter::pass_event() {
    auto bytes = look(protocol::event_header_size);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    const auto header = protocol::decode_event_header(*bytes);
    if (!header || header->length < protocol::event_header_size ||
        header->length > binlog_file_source::event_size_max)
        return step::unknown;
    // Behind these another file may begin.
    if (header->type == event_type::rotate || header->type == event_type::stop)
        return step::unknown;
    protocol::event_view event{.header = *header, .bytes = *bytes, .body = {}};
    if (needs_body(header->type)) {
        bytes = look(header->length);
        if (!bytes) return std::unexpected(std::move(bytes.error()));
        if (bytes->size() < header->length) return step::unknown;
        if (header->type == event_type::format_description) {
            auto format = protocol::decode_format_description(*bytes);
            if (!format) return step::unknown;
            format_ = std::move(*format);
            format_event_ =
                std::make_shared<const std::vector<std::byte>>(bytes->begin(), bytes->end());
        }
        const auto whole = protocol::decode_event(*bytes, format_ && format_->has_checksum());
        if (!whole) return step::unknown;
        event = *whole;
    }
    if (!format_) return step::unknown;
    const auto found = boundary_.feed(event, *format_);
    if (!found) return step::unknown;
    offset_ += header->length;
    return boundary_.in_group() ? step::inside : step::between;
}

log_piece binlog_cutter::piece(std::uint64_t begin, std::optional<std::uint64_t> end) const {
    return {[path = path_, begin, end, format = piece_format_](const piece_context& context) {
        if (context.entered) context.entered(path);
        return binlog_file_source::open_part(path, {.begin = begin, .end = end, .format = format});
    }};
}

result<std::optional<log_piece>> binlog_cutter::next() {
    if (over_) return std::nullopt;
    const auto begin = offset_;
    piece_format_ = format_event_;
    if (offset_ == 0) offset_ = magic_size;
    for (;;) {
        const auto passed = pass_event();
        if (!passed) return std::unexpected(passed.error());
        if (*passed == step::unknown) {
            over_ = true;
            return piece(begin, std::nullopt);
        }
        if (*passed == step::between && offset_ - begin >= piece_bytes_)
            return piece(begin, offset_);
    }
}

} // namespace understudy::relay::inspection
