#pragma once

#include "protocol/result.hpp"
#include "relay/format.hpp"
#include "relay/inspection/gtid_selection.hpp"
#include "relay/inspection/transaction.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::relay::inspection {

// "binlog.000003:1570", or "1570" for whatever file it is.
struct position_bound {
    std::string file;
    std::uint64_t offset = 0;

    [[nodiscard]] static protocol::result<position_bound> parse(std::string_view text);
    // Whether this place comes before the bound.
    [[nodiscard]] bool is_after(std::string_view other_file, std::uint64_t other_offset) const;
};

// Which transactions are wanted, by what their first event says: the cheapest of the filters. The
// same question to a frame's header leaves whole frames unread. A value.
struct transaction_filter {
    std::optional<std::int64_t> since; // seconds since 1970, both inclusive
    std::optional<std::int64_t> until;
    std::optional<gtid_selection> gtids;
    std::optional<gtid_selection> not_gtids;
    std::optional<position_bound> start; // transactions that begin here or later
    std::optional<position_bound> stop;  // … and before this

    [[nodiscard]] bool accepts(const transaction& one) const;
    [[nodiscard]] bool may_hold(const frame_header& frame) const;
    // Nothing is asked for.
    [[nodiscard]] bool empty() const;
};

} // namespace understudy::relay::inspection
