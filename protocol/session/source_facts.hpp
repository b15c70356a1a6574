#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "protocol/session/server_info.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace understudy::protocol {

// The source as a replica sees it before it asks for the log.
struct source_facts {
    uuid server_uuid; // zero for MariaDB and servers without one
    std::uint32_t server_id = 0;
    bool log_bin = false;
    std::string binlog_format; // ROW, STATEMENT, MIXED
    std::string
        binlog_row_image; // FULL, MINIMAL, NOBLOB; empty where the server has no such variable
    std::string binlog_checksum;
    // @@gtid_mode is ON (not ON_PERMISSIVE: anonymous transactions are possible there). MariaDB:
    // @@gtid_strict_mode, without which the numbers inside a domain need not rise.
    bool gtid_mode_on = false;
    // Of the whole server: MySQL logs that of the session since 8.0 only. False where the server
    // has no such variable (before 5.6.6).
    bool explicit_defaults_for_timestamp = false;
    gtid_set gtid_executed;  // empty without GTIDs; MariaDB: the position that belongs to `written`
    gtid_set gtid_purged;    // MariaDB does not tell
    binlog_position written; // end of the binary log: every transaction that is visible on the
                             // source is before it
};

struct replica_options {
    std::uint32_t server_id = 0; // ours: unique among the source's replicas, never the source's own
    uuid server_uuid;            // ours: persistent
    std::chrono::milliseconds heartbeat_period{5'000};
    // GTID set: COM_BINLOG_DUMP_GTID, everything not in the set (MariaDB: COM_BINLOG_DUMP behind
    // the position that the set is). Position: COM_BINLOG_DUMP.
    std::variant<gtid_set, binlog_position> start;
    bool semi_sync = false; // where the source has it on
};

// Whether a dump with these options can work at all: errc::source_unsuitable with what mends it,
// or errc::unsupported.
[[nodiscard]] result<void> check_source(const source_facts& source, const server_info& server,
                                        const replica_options& options);

// What a replica sets in its session before it registers, in order.
[[nodiscard]] std::vector<std::string> replica_setup_statements(const server_info& server,
                                                                const replica_options& options);

// Asks any server for its clock, in UTC, which has no hour that comes twice whatever the session's
// time zone; and what the answer means, nothing where it is no time.
inline constexpr std::string_view clock_question =
    "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
[[nodiscard]] std::optional<std::chrono::system_clock::time_point>
parse_clock(std::string_view answer);

// The statement that tells the end of the binary log: its name changed with 8.2.
[[nodiscard]] std::string show_binary_log_status(const server_info& server);

} // namespace understudy::protocol
