#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

// The rows of a binary log as `mysqlbinlog -v --base64-output=decode-rows` (or mariadb-binlog -v)
// prints them, to be compared with `understudy relay show --json`.
namespace understudy::test {

struct shown_row {
    std::string kind; // insert, update, delete
    std::string table;
    std::vector<std::string> values; // as printed: of the image before, then of the one after
};

[[nodiscard]] std::vector<shown_row> rows_by_mysqlbinlog(const std::string& text);
// `relay show --json --kind insert,update,delete`; values as JSON.
struct shown_change {
    std::string kind;
    std::string table;
    std::vector<boost::json::value> values;
};
[[nodiscard]] std::vector<shown_change> changes_by_us(const std::string& json_lines);

// Whether both mean one value. mysqlbinlog prints strings in quotes with some bytes as \x..,
// negative numbers with their unsigned form, TIMESTAMP as seconds, ENUM and SET as numbers, doubles
// with six digits, and updates of a part of a JSON document as a function.
[[nodiscard]] bool are_same(const boost::json::value& ours, const std::string& theirs);

// Where the two lists differ first; empty: nowhere.
[[nodiscard]] std::string difference(const std::vector<shown_change>& ours,
                                     const std::vector<shown_row>& theirs);

} // namespace understudy::test
