#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// Payloads of the commands we send, command byte first.
[[nodiscard]] std::vector<std::byte> encode_query(std::string_view sql);
[[nodiscard]] std::vector<std::byte> encode_quit();

// COM_REGISTER_SLAVE: makes us visible in SHOW REPLICAS; host, user and password stay empty.
[[nodiscard]] std::vector<std::byte> encode_register_replica(std::uint32_t server_id);

// Dump flags. 0x02 asks MySQL for heartbeats with 64-bit positions, but MariaDB for ANNOTATE_ROWS.
inline constexpr std::uint16_t dump_heartbeat_v2 = 0x02;

// COM_BINLOG_DUMP. The command has 32 bits for the offset: one beyond is errc::source_unsuitable,
// because a wrapped one would start in the middle of an event.
[[nodiscard]] result<std::vector<std::byte>>
encode_binlog_dump(const binlog_position& start, std::uint16_t flags, std::uint32_t server_id);

// COM_BINLOG_DUMP_GTID: everything that is not in `have`.
[[nodiscard]] std::vector<std::byte>
encode_binlog_dump_gtid(const gtid_set& have, std::uint16_t flags, std::uint32_t server_id);

} // namespace understudy::protocol
