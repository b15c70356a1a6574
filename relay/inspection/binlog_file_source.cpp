#include "relay/inspection/binlog_file_source.hpp"

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rotate_event.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/errc.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::event_type;
using protocol::fail;
using protocol::result;

constexpr std::string_view magic = "\xfe"
                                   "bin";
constexpr std::string_view encrypted_magic = "\xfd"
                                             "bin";
constexpr std::size_t read_size = 256U << 10U;

} // namespace

std::string next_binlog_name(const std::string& name) {
    const auto dot = name.rfind('.');
    if (dot == std::string::npos || dot + 1 == name.size()) return {};
    const auto digits = std::string_view(name).substr(dot + 1);
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return {};
    auto text = std::to_string(number + 1);
    if (text.size() < digits.size()) text.insert(0, digits.size() - text.size(), '0');
    return name.substr(0, dot + 1) + text;
}

binlog_file_source::binlog_file_source(std::unique_ptr<byte_input> input, std::string name)
    : input_(std::move(input)), name_(std::move(name)) {}

result<std::unique_ptr<event_source>> binlog_file_source::open(const std::filesystem::path& path,
                                                               bool follow) {
    auto input = open_file_input(path);
    if (!input) return std::unexpected(std::move(input.error()));
    auto opened = std::make_unique<binlog_file_source>(std::move(*input), path.filename().string());
    if (follow) opened->followed_ = path;
    return opened;
}

result<std::unique_ptr<event_source>>
binlog_file_source::open_part(const std::filesystem::path& path, part which) {
    auto input = open_file_part(path, which.begin, which.end);
    if (!input) return std::unexpected(std::move(input.error()));
    auto opened = std::make_unique<binlog_file_source>(std::move(*input), path.filename().string());
    opened->offset_ = which.begin;
    opened->format_ = std::move(which.format);
    if (opened->format_) {
        const auto format = protocol::decode_format_description(*opened->format_);
        if (!format) return std::unexpected(format.error());
        opened->has_checksum_ = format->has_checksum();
    }
    return opened;
}

std::string binlog_file_source::place() const {
    return name_ + ":" + std::to_string(offset_);
}

result<bool> binlog_file_source::have(std::size_t count) {
    while (end_ - begin_ < count) {
        if (begin_ > 0) {
            std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                      buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
            end_ -= begin_;
            begin_ = 0;
        }
        // Grows with what is there, not with what a header claims.
        if (buffer_.size() - end_ < read_size) {
            buffer_.resize(std::max(end_ + read_size, std::min(count, end_ * 2)));
        }
        const auto got = input_->read(std::span(buffer_).subspan(end_));
        if (!got) return std::unexpected(got.error());
        if (*got == 0) return false;
        end_ += *got;
    }
    return true;
}

result<bool> binlog_file_source::take_magic() {
    const auto there = have(magic.size());
    if (!there || !*there) return there;
    const auto first = protocol::as_text(buffered().first(magic.size()));
    if (first == encrypted_magic) {
        return fail(protocol::errc::unsupported,
                    name_ + " is an encrypted binary log; read it from the server instead: "
                            "mysqlbinlog --read-from-remote-server --raw");
    }
    if (first != magic) {
        return fail(errc::corrupt, name_ + " is no binary log: it does not begin with fe 62 69 6e");
    }
    begin_ += magic.size();
    offset_ = magic.size();
    file_over_ = false;
    return true;
}

// Whether there is a next file now.
result<bool> binlog_file_source::enter_next_file() {
    if (followed_.empty() || begin_ != end_) return false;
    const auto next = followed_.parent_path() / next_binlog_name(followed_.filename().string());
    std::error_code failure;
    if (!next.has_filename() || !std::filesystem::exists(next, failure)) return false;
    // What was written before the next file appeared.
    const auto more = have(1);
    if (!more) return more;
    if (*more) return true;
    auto input = open_file_input(next);
    if (!input) return std::unexpected(std::move(input.error()));
    input_ = std::move(*input);
    followed_ = next;
    name_ = next.filename().string();
    next_name_.clear();
    offset_ = 0;
    return true;
}

// Where the log goes on when files come one behind the other.
void binlog_file_source::look_at(std::span<const std::byte> bytes,
                                 const protocol::event_header& header) {
    file_over_ = false;
    if (header.type == event_type::format_description) {
        const auto format = protocol::decode_format_description(bytes);
        has_checksum_ = format && format->has_checksum();
    }
    if (header.type == event_type::stop) file_over_ = true;
    if (header.type != event_type::rotate || header.has(protocol::event_flag::artificial)) return;
    file_over_ = true;
    const auto event = protocol::decode_event(bytes, has_checksum_);
    const auto next = event ? protocol::decode_rotate_event(*event)
                            : result<protocol::binlog_position>(std::unexpect, event.error());
    if (next) next_name_ = next->file;
}

result<std::optional<raw_event>> binlog_file_source::next() {
    if (format_) {
        // Kept until the next call in the buffer, which is empty.
        buffer_.assign(format_->begin(), format_->end());
        format_.reset();
        return raw_event{buffer_, name_, offset_, offset_, true};
    }
    for (;;) {
        if (file_over_) {
            const auto there = have(magic.size());
            if (!there) return std::unexpected(there.error());
            if (*there && protocol::as_text(buffered().first(magic.size())) == magic) {
                offset_ = 0;
                if (!next_name_.empty()) name_ = std::exchange(next_name_, {});
            }
        }
        if (offset_ == 0) {
            const auto there = take_magic();
            if (!there) return std::unexpected(there.error());
            if (!*there) return std::nullopt;
        }
        const auto header_there = have(protocol::event_header_size);
        if (!header_there) return std::unexpected(header_there.error());
        if (!*header_there) {
            const auto entered = enter_next_file();
            if (!entered) return std::unexpected(entered.error());
            if (*entered) continue;
            return std::nullopt;
        }
        const auto header = protocol::decode_event_header(buffered());
        if (!header || header->length < protocol::event_header_size ||
            header->length > event_size_max) {
            return fail(errc::corrupt, place() + ": what stands here is no event");
        }
        const auto there = have(header->length);
        if (!there) return std::unexpected(there.error());
        if (!*there) return std::nullopt;
        raw_event event;
        event.bytes = buffered().first(header->length);
        event.file = name_;
        event.start_offset = offset_;
        offset_ += header->length;
        event.end_offset = offset_;
        begin_ += header->length;
        look_at(event.bytes, *header);
        return event;
    }
}

} // namespace understudy::relay::inspection
