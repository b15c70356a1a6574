#pragma once

#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"
#include "relay/inspection/event_stream.hpp"
#include "relay/server_turn.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::relay::inspection {

// What is known of a transaction when its first event has been read.
struct transaction {
    std::string gtid;                 // as the server prints it; empty: it has none
    std::optional<protocol::gtid> id; // of MySQL's kind
    std::string file;
    std::uint64_t start_offset = 0;
    std::uint64_t end_offset = 0;   // of the last event so far
    std::uint32_t timestamp = 0;    // of the first event, seconds since 1970
    std::uint64_t commit_us = 0;    // since 1970; 0: the source does not log it
    std::uint64_t logged_bytes = 0; // in all, as the GTID event says; 0: it does not
    std::uint32_t server_id = 0;
    std::int64_t last_committed = 0; // of the source's logical clock; both 0: not logged
    std::int64_t sequence_number = 0;
    bool compressed = false;    // known from its TRANSACTION_PAYLOAD on
    std::uint32_t earliest = 0; // timestamp of any of its events so far

    [[nodiscard]] std::uint64_t bytes() const { return end_offset - start_offset; }
    [[nodiscard]] std::uint64_t time_us() const {
        return commit_us != 0 ? commit_us : std::uint64_t{timestamp} * 1'000'000;
    }
    // As the source calls its file.
    [[nodiscard]] std::string place() const {
        return std::string(server_turn::own_name(file)) + ":" + std::to_string(start_offset);
    }
};

// A table as a TABLE_MAP describes it. layout is another number whenever map is another one, so
// that what was derived from it can be kept.
struct mapped_table {
    protocol::table_map map;
    std::uint64_t layout = 0;
    std::uint64_t start_offset = 0; // of the TABLE_MAP, in its transaction's file
};

// One statement's changes of one table: an event, to be walked with protocol::row_reader.
struct table_rows {
    const mapped_table& table;
    const protocol::rows_event& rows;
    std::uint32_t timestamp = 0;
};

enum class transaction_end : std::uint8_t { committed, rolled_back, prepared };

// Sees transactions go by. Everything it is given is good during the call. An error ends the
// reading and is passed on.
class transaction_visitor {
public:
    using done = protocol::result<void>;

    virtual ~transaction_visitor() = default;
    // Every event as it stands in the log, before anything else is said of it; not those inside
    // compressed transactions. For events outside transactions `inside` is nullptr.
    virtual done event(const stream_event&, const transaction* /*inside*/) { return {}; }
    // False: this transaction is passed over, nothing in it is decoded.
    virtual protocol::result<bool> begin(const transaction&) = 0;
    // A statement that is logged as such: DDL, or a change under binlog_format=STATEMENT. Not those
    // around a transaction (BEGIN, COMMIT).
    virtual done statement(const transaction&, const protocol::query_event&,
                           const protocol::event_header& header) = 0;
    // The text of the statement that the rows which follow come from, where the source logs it.
    virtual done annotation(const transaction&, std::string_view) { return {}; }
    // Whether rows of this table are wanted; asked at its TABLE_MAP.
    virtual bool wants(const mapped_table&) { return true; }
    virtual done rows(const transaction&, const table_rows&) = 0;
    // Any other event of it: INTVAR, USER_VAR, LOAD DATA blocks, INCIDENT …
    virtual done other(const transaction&, const stream_event&) { return {}; }
    virtual done end(const transaction&, transaction_end) = 0;
};

} // namespace understudy::relay::inspection
