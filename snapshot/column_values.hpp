#pragma once

#include "snapshot/source_table.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace understudy::snapshot {

// How the value of one column is read from the source, written to the target and named in a
// condition, so that it is the same bytes on both sides. Pure. The source session has no
// character_set_results (values come in the column's own character set) and time_zone '+00:00'; the
// target session has SET NAMES binary, so that character strings are stored byte for byte.

// What to select: `f` * 1e0 makes a DOUBLE of a FLOAT (whose own text has six digits) and keeps
// -0; ENUM, SET and BIT become unsigned integers.
[[nodiscard]] std::string select_expression(const column& one);

// Appends the literal of an INSERT. `value` is the text the select expression gave.
void append_value(std::string& out, const column& one,
                  const std::optional<std::string_view>& value);

// Appends a field of LOAD DATA … CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\'.
// Only for columns that loads() accepts: the others would be converted from text by other rules.
[[nodiscard]] bool loads(const column& one);
void append_field(std::string& out, const column& one,
                  const std::optional<std::string_view>& value);

// A literal for comparing with the column of an order key on the source: the column's own collation
// decides, as it does for the order of its index.
[[nodiscard]] std::string key_literal(const column& one, std::string_view value);

} // namespace understudy::snapshot
