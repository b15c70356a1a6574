#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace understudy::protocol {

// A value for a person to read, in error messages and listings; long ones are shortened and say how
// long they are. Never used to write anything to a target. `value` is as row_image cuts it (length
// prefix included). is_unsigned_hint is for integers of sources that do not log signedness; what
// the table map says goes first. Text is shown as it is if it is valid UTF-8 and as x'…' otherwise;
// ENUM as its index, SET as its bits, JSON, GEOMETRY and VECTOR as their size; TIMESTAMP in UTC. A
// value that does not fit its type is shown as x'…' too.
[[nodiscard]] std::string describe_value(const table_map_column& column,
                                         std::span<const std::byte> value, bool is_unsigned_hint);

// "(1, 'abc', NULL)". Columns that are not in the image are shown as a dash, changes
// of a JSON document by their size.
[[nodiscard]] std::string describe_row(const table_map& map, const row_image& image);

} // namespace understudy::protocol
