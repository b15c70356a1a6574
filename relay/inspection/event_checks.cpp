#include "relay/inspection/event_checks.hpp"

#include "protocol/errc.hpp"

#include <algorithm>
#include <string>

namespace understudy::relay::inspection {

using protocol::event_type;
using protocol::fail;

event_checks::done event_checks::event(const stream_event& event, const transaction* inside) {
    if (event.artificial) return {};
    const auto& header = event.event.header;
    if (summary_.events == 0) summary_.begin.binlog = {std::string(event.file), event.start_offset};
    if (header.type == event_type::format_description)
        closed_ = !header.has(protocol::event_flag::binlog_in_use);
    if (header.type == event_type::rotate || header.type == event_type::stop) closed_ = true;
    if (auto good = check_position(event, inside); !good) return good;
    ++summary_.events;
    summary_.raw_bytes += event.event.bytes.size();
    summary_.end.offset = event.end_offset;
    if (summary_.end.file != event.file) summary_.end.file = event.file;
    if (header.timestamp != 0) {
        summary_.time_min = summary_.time_min == 0 ? header.timestamp
                                                   : std::min(summary_.time_min, header.timestamp);
        summary_.time_max = std::max(summary_.time_max, header.timestamp);
    }
    return {};
}

event_checks::done event_checks::rows(const transaction&, const table_rows& change) {
    protocol::row_reader reader(change.table.map, change.rows);
    for (;;) {
        const auto more = reader.next();
        if (!more) return std::unexpected(more.error());
        if (!*more) return {};
    }
}

event_checks::done event_checks::end(const transaction& one, transaction_end) {
    ++summary_.groups;
    if (one.id) summary_.gtids.add(*one.id);
    return {};
}

// Events of a transaction follow each other without a gap. Between transactions there may be gaps,
// and relay logs and exported parts keep the positions of the log they come from.
event_checks::done event_checks::check_position(const stream_event& event,
                                                const transaction* inside) {
    const auto& header = event.event.header;
    const auto begin = inside == nullptr ? 0 : inside->start_offset;
    const bool goes_on = begin != 0 && begin == inside_ && begin != event.start_offset;
    const auto before = end_log_pos_;
    inside_ = begin;
    end_log_pos_ = header.end_log_pos;
    if (!goes_on || before == 0 || header.end_log_pos == 0 ||
        before + header.length == header.end_log_pos)
        return {};
    return fail(protocol::errc::malformed, "the event says that it ends at " +
                                               std::to_string(header.end_log_pos) +
                                               ", the one before it at " + std::to_string(before));
}

} // namespace understudy::relay::inspection
