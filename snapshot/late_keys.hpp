#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace understudy::snapshot {

// Secondary keys that are made once the rows are there: sorting all entries at once costs less than
// finding each row's place in a tree (bench/README.md). Unique keys stay, because REPLACE needs
// them to find rows that clash. Tables with FULLTEXT or SPATIAL keys, of which the server makes one
// at a time by copying the table, stay whole. Pure.

struct late_key {
    std::string name;
    std::string clause; // "KEY `name` (`column`)", as in CREATE TABLE
};

struct split_definition {
    std::string table; // the CREATE TABLE without them
    std::vector<late_key> late;
};

// text: what SHOW CREATE TABLE gives, names changed or not. The key that an AUTO_INCREMENT column
// must have stays. A text that is not understood stays whole.
[[nodiscard]] split_definition split_keys(std::string_view text);

// As kept in copy_progress, and back.
[[nodiscard]] std::string to_clauses(const std::vector<late_key>& keys);
[[nodiscard]] std::vector<late_key> from_clauses(std::string_view clauses);

} // namespace understudy::snapshot
