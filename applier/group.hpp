#pragma once

#include "applier/load_file.hpp"
#include "applier/source_table.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/gtid/gtid.hpp"
#include "relay/log.hpp"
#include "state/position.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::applier {

// One rows event of a selected table, still in the relay's frame, or one statement. `tables` is an
// index into group::statement_tables.
struct row_change {
    relay::stored_event event;
    std::shared_ptr<const source_table> table;
    std::uint32_t tables_first = 0; // the maps of the source's statement this event belongs to
    std::uint32_t tables_count = 0;
    std::uint32_t rows = 0;
    // Something else instead of rows; `event` and `table` are empty.
    std::optional<std::uint32_t> text;         // a statement, as an index into group::texts
    std::optional<std::uint32_t> prepared_end; // an index into group::prepared_ends
    // A DELETE by REPLACE whose cascades, if there were any, are in the log: group_builder.
    bool by_replace = false;
    std::optional<protocol::rows_kind> kind{}; // nothing: no rows event
};

// XA COMMIT or XA ROLLBACK of a transaction whose rows wait on the target (prepared_store).
struct prepared_end {
    std::string xa_id;
    bool commits = true;
};

// A change of rows that was logged as a statement (binlog_format MIXED or STATEMENT).
struct text_change {
    relay::stored_event event;                // the QUERY event
    std::vector<relay::stored_event> context; // INTVAR, RAND and USER_VAR that stood before it
    statement_plan plan;
    std::shared_ptr<load_file> file{}; // of LOAD DATA
};

// One transaction of the source, or the part of it that is in this group.
struct source_transaction {
    protocol::gtid id; // empty(): the source has none
    std::shared_ptr<const std::string> file;
    std::uint64_t begin_offset = 0;
    std::uint64_t end_offset = 0; // of what has been read of it
    std::size_t changes_first = 0;
    std::size_t changes_count = 0;
    std::chrono::system_clock::time_point committed; // on the source
    bool complete = false;
    // Not empty: an XA transaction that is only prepared. Its rows wait under this name.
    std::string prepares;

    // "aaaa…:17 (binlog.000003:4711)"
    [[nodiscard]] std::string to_string() const;
};

// "the statement '…' of transaction … of the source", for messages.
[[nodiscard]] std::string place_of(const statement_plan& plan,
                                   const source_transaction& transaction);

// A logged statement that is to be executed on the target, between groups of rows.
struct source_statement {
    relay::stored_event event; // the QUERY event
    statement_plan plan;
    source_transaction transaction;
    // Rows follow in the same transaction: the position advances with them.
    bool rows_follow = false;
};

// Consecutive changes of the source for one transaction on the target. A value: nothing in it moves
// or changes when the relay goes on. Either rows or one statement, or neither (the position alone
// has moved on).
struct group {
    std::vector<row_change> changes;
    std::vector<text_change> texts;
    std::vector<prepared_end> prepared_ends;
    std::vector<mapped_table> statement_tables;
    std::vector<source_transaction> transactions; // the first may have begun in the group before,
                                                  // the last may go on in the next
    std::optional<source_statement> statement;
    std::shared_ptr<const protocol::format_description> format;
    // Where the log stands behind all of this, if events that belong to no transaction came last (a
    // file was rotated).
    std::optional<protocol::binlog_position> outside;
    // Nothing but what tasks that write to the source have noted there.
    bool only_notes = false;
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;

    [[nodiscard]] bool ends_inside_transaction() const {
        return !transactions.empty() && !transactions.back().complete;
    }
};

} // namespace understudy::applier
