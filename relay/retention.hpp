#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "relay/catalog.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace understudy::relay {

struct retention_policy {
    std::uint64_t bytes_max = 0;     // 0: no limit
    std::chrono::seconds age_max{0}; // 0: no limit

    // How many segments from the oldest on may go: sealed, too old or too much, and wholly before
    // every position in `needed`. The last segment always stays: it says where the log ends.
    [[nodiscard]] std::size_t deletable(std::span<const segment_info> segments,
                                        std::span<const protocol::binlog_position> needed,
                                        std::uint64_t now_us) const;
};

} // namespace understudy::relay
