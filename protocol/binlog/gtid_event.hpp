#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/result.hpp"

#include <cstdint>

namespace understudy::protocol {

// GTID, ANONYMOUS_GTID and GTID_TAGGED. Fields that the server's version does not write are 0.
struct gtid_event {
    gtid id; // empty() for ANONYMOUS_GTID
    bool may_have_statements = false;
    std::int64_t last_committed = 0;
    std::int64_t sequence_number = 0;
    std::uint64_t immediate_commit_timestamp = 0; // microseconds since 1970
    std::uint64_t original_commit_timestamp = 0;
    std::uint64_t transaction_length =
        0; // from this event's first byte to the transaction's last, checksums included
    std::uint32_t immediate_server_version = 0;
    std::uint32_t original_server_version = 0;
};

[[nodiscard]] result<gtid_event> decode_gtid_event(const event_view& event);
[[nodiscard]] result<gtid_set> decode_previous_gtids(const event_view& event);

} // namespace understudy::protocol
