#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::protocol {

// The session state a statement was logged with. Absent means that the source did not log it, not a
// default.
struct query_status {
    std::optional<std::uint32_t> flags2;
    bool logged_by_mariadb = false;
    // Above the lower 32 bits MySQL's and MariaDB's are not the same.
    std::optional<std::uint64_t> sql_mode;
    std::optional<std::uint16_t> auto_increment_increment;
    std::optional<std::uint16_t> auto_increment_offset;
    std::optional<std::uint16_t> character_set_client; // collation ids
    std::optional<std::uint16_t> collation_connection;
    std::optional<std::uint16_t> collation_server;
    std::optional<std::string> time_zone;
    std::optional<std::uint16_t> lc_time_names;
    std::optional<std::uint16_t> collation_database;
    std::optional<std::uint64_t> table_map_for_update;
    std::optional<std::string> invoker_user;
    std::optional<std::string> invoker_host;
    std::optional<std::vector<std::string>>
        updated_databases; // absent also when there were too many
    std::optional<std::uint32_t> microseconds;
    std::optional<bool> explicit_defaults_for_timestamp;
    std::optional<std::uint64_t> ddl_xid;
    std::optional<std::uint16_t> default_collation_for_utf8mb4;
    std::optional<bool> sql_require_primary_key;
    std::optional<bool> default_table_encryption;
    std::optional<std::uint64_t> mariadb_xid;
    // Of MariaDB's character_set_collations: default collation of a character set, and the one that
    // it stands for in the session.
    std::vector<std::pair<std::uint16_t, std::uint16_t>> mariadb_collations;

    // flags2 bits, from sql/query_options.h
    static constexpr std::uint32_t sql_auto_is_null = 0x00004000;
    static constexpr std::uint32_t not_autocommit = 0x00080000;
    static constexpr std::uint32_t no_foreign_key_checks = 0x04000000;
    static constexpr std::uint32_t relaxed_unique_checks = 0x08000000;
    static constexpr std::uint32_t mariadb_explicit_defaults = 0x01000000; // since 10.8.4
};

// QUERY event. database and text are byte strings in the character set the status names, views over
// the event.
struct query_event {
    std::uint32_t thread_id = 0;
    std::uint32_t execution_seconds = 0;
    std::uint16_t error_code = 0;
    std::string_view database;
    query_status status;
    std::string_view text;

    [[nodiscard]] bool is_begin() const; // exactly BEGIN (any case, blanks around)
    [[nodiscard]] bool is_commit() const;
    [[nodiscard]] bool is_rollback() const;  // not ROLLBACK TO
    [[nodiscard]] bool is_savepoint() const; // SAVEPOINT, ROLLBACK TO, RELEASE SAVEPOINT
};

// Only the text, without looking at the status variables: for those who ask what kind of statement
// it is.
[[nodiscard]] result<std::string_view> decode_query_text(const event_view& event,
                                                         const format_description& format);

// An unknown status variable is an error: what follows it cannot be found.
[[nodiscard]] result<query_event> decode_query_event(const event_view& event,
                                                     const format_description& format);
// Of an event that begins as a QUERY event does and has more in its post header.
[[nodiscard]] result<query_event> decode_query_event(const event_view& event,
                                                     const format_description& format,
                                                     std::size_t post_header_length);

} // namespace understudy::protocol
