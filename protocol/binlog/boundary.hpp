#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::protocol {

// clang-format off
// Where a replication group (a source transaction) starts and ends. The only judge of it: the
// receiver trims at its word, the relay seals at its word, the applier commits at its word.
//
//   group := (GTID | ANONYMOUS_GTID | GTID_TAGGED)? body
//   body  := BEGIN {part} (XID | COMMIT | ROLLBACK)
//          | {INTVAR | RAND | USER_VAR} QUERY       commits by itself: DDL, XA COMMIT, XA ROLLBACK
//          | XA START {part} XA END XA_PREPARE
//          | TRANSACTION_PAYLOAD
//   part  := TABLE_MAP | rows | ROWS_QUERY | INTVAR | RAND | USER_VAR | QUERY that ends nothing
//
// Inside BEGIN neither SAVEPOINT nor CREATE TABLE … START TRANSACTION nor statement DML ends the
// group. MariaDB's GTID event stands for BEGIN (or XA START) unless it is flagged STANDALONE.
// Pure; one event at a time. The server has the same grammar in sql/rpl_trx_boundary_parser.h.
// clang-format on
class boundary {
public:
    enum class role : std::uint8_t {
        outside,     // belongs to no group: FORMAT_DESCRIPTION, ROTATE, PREVIOUS_GTIDS, STOP,
                     // heartbeats
        starts,      // first event of a group (GTID event, or BEGIN when there is none)
        inside,      // in a group, does not end it
        ends,        // last event of a group
        starts_ends, // a group of one event
    };

    [[nodiscard]] result<role> feed(const event_view& event, const format_description& format);
    // The stream broke off or starts anew (reconnect): the open group will be sent again from its
    // start.
    void reset();
    [[nodiscard]] bool in_group() const { return state_ != state::outside; }

private:
    enum class state : std::uint8_t { outside, after_gtid, after_context, in_transaction, in_xa };
    state state_ = state::outside;
};

} // namespace understudy::protocol
