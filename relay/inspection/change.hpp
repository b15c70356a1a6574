#pragma once

#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"
#include "relay/inspection/transaction.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy::relay::inspection {

// A table whose rows change, with all that is known of it where they do. layout is another number
// whenever anything else is.
struct described_table {
    std::string database;
    std::string name;
    std::uint64_t layout = 0;
    std::vector<protocol::column_definition> columns;
    std::vector<std::string> column_names; // "@3" where the name is not known
    bool names_known = false;
    bool only_key = false; // from an index: of the other columns nothing is known, no name either
    std::vector<std::uint32_t> key; // columns of the primary key in its order; empty: not known

    [[nodiscard]] std::string full_name() const { return database + "." + name; }
};

// One row of one statement. Images are good during the call.
struct row_change {
    protocol::rows_kind kind = protocol::rows_kind::write;
    const protocol::row_image* before = nullptr; // UPDATE and DELETE
    const protocol::row_image* after = nullptr;  // INSERT and UPDATE
    std::uint16_t flags = 0;                     // protocol::rows_flag
    std::uint32_t timestamp = 0;
};

enum class statement_kind : std::uint8_t { ddl, dml, other };

// Takes the changes that were selected, in the order of the log. begin() comes before the first
// selected change of a transaction and end() after its last event; transactions without one are not
// seen at all. One thread.
class change_writer {
public:
    using done = protocol::result<void>;

    virtual ~change_writer() = default;
    virtual done begin(const transaction& in) = 0;
    // The text that the source logged for people beside the rows which follow.
    virtual done annotation(const transaction&, std::string_view) { return {}; }
    virtual done statement(const transaction& in, const protocol::query_event& query,
                           statement_kind kind, const protocol::event_header& header) = 0;
    virtual done row(const transaction& in, const described_table& table,
                     const row_change& change) = 0;
    // Events that are neither rows nor statements: INTVAR, USER_VAR, LOAD DATA blocks, XA_PREPARE,
    // INCIDENT.
    virtual done other(const transaction& in, const stream_event& event) = 0;
    // rows_hidden: rows of it that were not selected.
    virtual done end(const transaction& of, transaction_end how, std::uint64_t rows_hidden) = 0;
    // Nothing more comes.
    virtual done finish() { return {}; }
};

} // namespace understudy::relay::inspection
