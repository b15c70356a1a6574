#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace understudy::protocol {

// Events that are a few plain fields. All texts and spans are views over the event.

// XID: the commit of a transaction of the storage engines; the number means something to the source
// only.
[[nodiscard]] result<std::uint64_t> decode_xid_event(const event_view& event);

// ROWS_QUERY (and MariaDB's ANNOTATE_ROWS): the statement that the rows which follow come from, for
// people.
[[nodiscard]] result<std::string_view> decode_rows_query_event(const event_view& event);

// INTVAR: what LAST_INSERT_ID() gives, or the first auto-increment value, in the statement that
// follows.
enum class intvar_kind : std::uint8_t { last_insert_id = 1, insert_id = 2 };
struct intvar_event {
    intvar_kind kind = intvar_kind::insert_id;
    std::uint64_t value = 0;
};
[[nodiscard]] result<intvar_event> decode_intvar_event(const event_view& event);

// RAND: the seeds of RAND() in the statement that follows.
struct rand_event {
    std::uint64_t seed1 = 0;
    std::uint64_t seed2 = 0;
};
[[nodiscard]] result<rand_event> decode_rand_event(const event_view& event);

// USER_VAR: a user variable that the statement that follows reads.
enum class user_var_type : std::uint8_t { string = 0, real = 1, integer = 2, decimal = 4 };
struct user_var_event {
    std::string_view name;
    bool is_null = false;
    user_var_type type = user_var_type::string;
    std::uint32_t collation = 0;
    // string: its bytes; real and integer: 8 bytes, little-endian; decimal: precision, scale,
    // digits as in NEWDECIMAL.
    std::span<const std::byte> value;
    bool is_unsigned = false;
};
[[nodiscard]] result<user_var_event> decode_user_var_event(const event_view& event);

// INCIDENT: the source says that its log does not hold everything that happened. Replication must
// stop.
struct incident_event {
    std::uint16_t number = 0; // 1: LOST_EVENTS
    std::string_view message;
};
[[nodiscard]] result<incident_event> decode_incident_event(const event_view& event);

} // namespace understudy::protocol
