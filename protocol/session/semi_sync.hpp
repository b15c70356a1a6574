#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// Semi-synchronous replication, the replica's side: a commit on the source waits until a replica
// has said that it holds the transaction. A source that was told puts two bytes in front of every
// event of the dump; whether they are there is known from that, never from the bytes.

// Which of these a source has says whether it can (old and new name of the plugin's variable).
inline constexpr std::string_view show_semi_sync_enabled =
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('rpl_semi_sync_source_enabled', "
    "'rpl_semi_sync_master_enabled')";
inline constexpr std::string_view announce_semi_sync =
    "SET @rpl_semi_sync_replica = 1, @rpl_semi_sync_slave = 1";

struct semi_sync_event {
    std::span<const std::byte> event;
    bool wants_ack = false; // the source waits for it
};
[[nodiscard]] result<semi_sync_event> take_semi_sync_header(std::span<const std::byte> bytes);

// Everything up to this place of the source's log is durable here. The payload of a packet that
// nobody answers.
[[nodiscard]] std::vector<std::byte> encode_semi_sync_ack(const binlog_position& durable);

} // namespace understudy::protocol
