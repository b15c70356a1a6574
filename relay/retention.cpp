#include "relay/retention.hpp"

#include <algorithm>

namespace understudy::relay {

std::size_t retention_policy::deletable(std::span<const segment_info> segments,
                                        std::span<const protocol::binlog_position> needed,
                                        std::uint64_t now_us) const {
    std::uint64_t total = 0;
    for (const auto& segment : segments)
        total += segment.stored_bytes;
    const auto age_max_us = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(age_max).count());

    std::size_t count = 0;
    while (count + 1 < segments.size()) {
        const auto& segment = segments[count];
        const bool is_needed = std::ranges::any_of(
            needed, [&](const auto& position) { return position < segment.end; });
        const bool too_old = age_max_us > 0 && segment.written_us + age_max_us < now_us;
        const bool too_much = bytes_max > 0 && total > bytes_max;
        if (!segment.sealed || is_needed || !(too_old || too_much)) break;
        total -= segment.stored_bytes;
        ++count;
    }
    return count;
}

} // namespace understudy::relay
