#include "protocol/session/dump_stream.hpp"

#include "protocol/binlog/rotate_event.hpp"
#include "protocol/errc.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace understudy::protocol {

namespace {

bool is_heartbeat(event_type type) {
    return type == event_type::heartbeat || type == event_type::heartbeat_v2;
}

// "binlog.000012": all servers number their files with six digits or more.
bool looks_like_binlog_file(std::string_view name) {
    constexpr std::size_t digits = 6;
    if (name.size() < digits + 1) return false;
    return std::ranges::all_of(name.substr(name.size() - digits),
                               [](char c) { return c >= '0' && c <= '9'; });
}

std::unexpected<error> checksum_error(const event_header& header, const std::string& where) {
    return fail(errc::checksum_mismatch,
                "the checksum of a " + to_string(header.type) + " event of " +
                    std::to_string(header.length) + " bytes after " + where +
                    " does not match: it was damaged on the source's disk or on the way");
}

} // namespace

dump_stream::dump_stream(binlog_position start, std::uint32_t event_size_max)
    : position_(std::move(start)), event_size_max_(event_size_max) {}

std::string dump_stream::where() const {
    return position_.file.empty() ? "the start of the dump" : position_.to_string();
}

result<dump_stream::item> dump_stream::feed(std::span<const std::byte> bytes) {
    auto header = decode_event_header(bytes);
    if (!header) return wrap(std::move(header.error()), "after " + where());
    if (bytes.size() > event_size_max_) {
        return fail(errc::limit_exceeded, "a " + to_string(header->type) + " event of " +
                                              std::to_string(bytes.size()) + " bytes after " +
                                              where() + " is larger than the limit of " +
                                              std::to_string(event_size_max_));
    }
    if (header->type == event_type::format_description) return feed_format(bytes, *header);

    // The first fake rotate comes before the format description: it has a checksum if the source
    // understood that we know them.
    const bool has_checksum = format_ ? format_->has_checksum() : checksum_matches(bytes);
    auto event = decode_event(bytes, has_checksum);
    if (!event) return wrap(std::move(event.error()), "after " + where());
    if (format_ && has_checksum && !checksum_matches(bytes)) {
        return checksum_error(*header, where());
    }
    if (header->type == event_type::rotate && header->has(event_flag::artificial)) {
        return feed_rotate(*event, has_checksum);
    }
    if (!format_) {
        return fail(errc::malformed, "the source sends a " + to_string(header->type) +
                                         " event before it has described the format of its log");
    }
    if (is_heartbeat(header->type)) return feed_heartbeat(*event);
    if ((!is_known(header->type) || header->type == event_type::unknown) &&
        !header->has(event_flag::ignorable)) {
        return fail(errc::unknown_event,
                    "the event after " + where() + " is of " + to_string(header->type) +
                        ", which Understudy does not know and the source does not mark as "
                        "ignorable");
    }
    // An event that was made for this connection stands nowhere, whatever its header says.
    if (header->has(event_flag::artificial)) {
        return item{kind::artificial, *event, position_.offset};
    }
    // Since 11.4 MariaDB gives events inside of a transaction none (binlog_legacy_event_pos = OFF),
    // and the next that has one is right again, whatever of the file was not sent before it.
    position_.offset = header->end_log_pos == 0
                           ? position_.offset + header->length
                           : advance_offset(position_.offset, header->end_log_pos);
    return item{kind::event, *event, position_.offset};
}

result<dump_stream::item> dump_stream::feed_format(std::span<const std::byte> bytes,
                                                   const event_header& header) {
    auto format = decode_format_description(bytes);
    if (!format) return wrap(std::move(format.error()), "after " + where());
    // The checksum field is there in any case, but a source that made this event up anew with
    // checksums off leaves the old value in it.
    auto event = decode_event(bytes, true);
    if (!event) return wrap(std::move(event.error()), "after " + where());
    if (format->has_checksum() && !checksum_matches(bytes)) {
        return checksum_error(header, where());
    }
    format_ = *std::move(format);
    const bool is_made_up = header.end_log_pos == 0 || header.has(event_flag::artificial);
    position_.offset = advance_offset(position_.offset, header.end_log_pos);
    return item{is_made_up ? kind::artificial : kind::event, *event, position_.offset};
}

result<dump_stream::item> dump_stream::feed_rotate(const event_view& event, bool has_checksum) {
    auto next = decode_rotate_event(event);
    if (!next) return wrap(std::move(next.error()), "after " + where());
    // A damaged first rotate is told by its file name: the checksum is part of it then.
    if (!has_checksum && !looks_like_binlog_file(next->file)) {
        return checksum_error(event.header, where());
    }
    position_ = *std::move(next);
    return item{kind::file, event, position_.offset};
}

// A native replica stops as well when a heartbeat names another file or an earlier position
// (sql/rpl_replica.cc, queue_event): the stream has lost events then.
result<dump_stream::item> dump_stream::feed_heartbeat(const event_view& event) {
    auto reached = decode_heartbeat(event);
    if (!reached) return wrap(std::move(reached.error()), "after " + where());
    // The older heartbeat has 32 bits for the position.
    const auto offset = event.header.type == event_type::heartbeat
                            ? advance_offset(position_.offset, event.header.end_log_pos)
                            : reached->offset;
    if (reached->file != position_.file || offset < position_.offset) {
        return fail(errc::malformed, "a heartbeat says that the source has read up to " +
                                         binlog_position{reached->file, offset}.to_string() +
                                         ", but the stream is at " + where());
    }
    position_.offset = offset;
    return item{kind::heartbeat, event, offset};
}

} // namespace understudy::protocol
