#include "relay/inspection/transaction_filter.hpp"

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/errc.hpp"

#include <charconv>

namespace understudy::relay::inspection {

using protocol::result;

result<position_bound> position_bound::parse(std::string_view text) {
    position_bound bound;
    auto digits = text;
    if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
        bound.file = text.substr(0, colon);
        digits = text.substr(colon + 1);
    }
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bound.offset);
    if (parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size()) return bound;
    return protocol::fail(protocol::errc::malformed,
                          std::string(text) +
                              " is no position; write binlog.000003:1570, or 1570 in one file");
}

bool position_bound::is_after(std::string_view other_file, std::uint64_t other_offset) const {
    if (file.empty() || file == other_file) return other_offset < offset;
    const protocol::binlog_position other{std::string(other_file), other_offset};
    return other < protocol::binlog_position{file, offset};
}

bool transaction_filter::accepts(const transaction& one) const {
    if (since && one.timestamp < *since) return false;
    if (until && one.timestamp > *until) return false;
    if (start && start->is_after(one.file, one.start_offset)) return false;
    if (stop && !stop->is_after(one.file, one.start_offset)) return false;
    if (gtids && !gtids->holds(one)) return false;
    return !not_gtids || !not_gtids->holds(one);
}

// Times are those of any event in the frame: a transaction's first one is among them, or in an
// earlier frame of its run.
bool transaction_filter::may_hold(const frame_header& frame) const {
    if (frame.has(frame_flag::artificial)) return true;
    if (frame.time_max != 0 && since && frame.time_max < *since) return false;
    if (frame.time_min != 0 && until && frame.time_min > *until) return false;
    if (start && start->is_after(frame.file, frame.end_offset)) return false;
    if (stop && !stop->is_after(frame.file, frame.start_offset)) return false;
    return !gtids || gtids->may_hold(frame);
}

bool transaction_filter::empty() const {
    return !since && !until && !gtids && !not_gtids && !start && !stop;
}

} // namespace understudy::relay::inspection
