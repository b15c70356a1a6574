#pragma once

#include "protocol/value/value_writer.hpp"
#include "tests/support/live_server.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

// The rows in a server's binary logs, their values written by protocol/value.
namespace understudy::test {

struct logged_row {
    std::string table;
    bool is_update = false;
    // One per column; "-" for those that the image (of an UPDATE the one after) does not have.
    std::vector<std::string> text;
    std::vector<std::string> json;
    std::vector<std::string> sql;
    // Comparable bytes; nothing where they cannot be told.
    std::vector<std::optional<std::string>> key;
};

// Fills in what the TABLE_MAP of `table` leaves open.
using complete_definitions =
    std::function<void(const std::string& table, std::vector<protocol::column_definition>&)>;

// Of all tables of a database, in the order of the logs. Begins a new log, so that all is written.
// Throws std::runtime_error for anything that cannot be read.
[[nodiscard]] std::vector<logged_row> read_logged_rows(live_server& server,
                                                       const std::string& database,
                                                       const complete_definitions& complete);

// From information_schema: signedness, collation and labels where they are not known.
[[nodiscard]] complete_definitions definitions_of(sql_client& sql, const std::string& database);

} // namespace understudy::test
