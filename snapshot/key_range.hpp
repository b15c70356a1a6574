#pragma once

#include "snapshot/source_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy::snapshot {

// Part of a table in key order: behind `after`, up to and including `upper`. Values are SQL
// literals (key_literal). Both may have fewer values than the key has columns: rows that begin with
// them are then not behind it any more (`after`), or still before it (`upper`). Persisted in
// copy_progress as text, a value a line.
struct key_range {
    std::vector<std::string> after; // empty: from the start
    std::vector<std::string> upper; // empty: to the end
};

[[nodiscard]] std::string to_lines(const std::vector<std::string>& values);
[[nodiscard]] std::vector<std::string> from_lines(const std::string& text);

// "`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` > 2))". Row constructors would say the same, but
// servers before 5.7 read the whole index for them. Empty if the range is the whole table.
[[nodiscard]] std::string condition_of(const source_table& table, const key_range& range);

// SELECT of all base columns (invisible ones too, generated ones not), in table order.
[[nodiscard]] std::string select_all(const source_table& table);
// The next `row_count` rows of the range in key order. The table must have an order.
[[nodiscard]] std::string select_chunk(const source_table& table, const key_range& range,
                                       std::uint64_t row_count);

} // namespace understudy::snapshot
