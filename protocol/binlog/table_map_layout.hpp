#pragma once

#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace understudy::protocol {

// One column of a TABLE_MAP with its type as it is logged, so that a map of other columns can be
// made without reading and writing each type's metadata. Owns its bytes.
struct map_column {
    column_definition what; // names, signs, collations and labels: the optional metadata
    std::byte logged_type{};
    std::vector<std::byte> logged_metadata;
};

// The columns of a decoded map.
[[nodiscard]] result<std::vector<map_column>> split_columns(const table_map& map);

// The part of a TABLE_MAP behind its names (table_map::after_names) for these columns. Optional
// metadata are written as far as they are known of all columns that have them; the primary key if
// `key`, whose column numbers are those of `columns`, is not empty.
struct map_key_part {
    std::uint32_t column = 0;
    std::uint32_t prefix = 0; // characters; 0: the whole column
};
[[nodiscard]] std::vector<std::byte> join_columns(std::span<const map_column> columns,
                                                  std::span<const map_key_part> key);

} // namespace understudy::protocol
