#pragma once

#include "applier/target_table.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/value/column_definition.hpp"

#include <optional>
#include <span>
#include <string>

namespace understudy::applier {

// Whether row images of this map may be written into the table as they are. The target matches
// columns by position and reads values by its own definition, so the layouts must be the same. The
// answer names the first column that differs, with both definitions; nullopt: they fit. Pure.
[[nodiscard]] std::optional<std::string> find_difference(const protocol::table_map& source,
                                                         const target_table& target);

// "varchar (at most 80 bytes)", "decimal(10,2)"
[[nodiscard]] std::string describe_layout(protocol::column_type type, std::uint16_t metadata);

// The same for what the layout does not show: the character set of text, and the labels of ENUM and
// SET, as far as the source logs them (define_columns). Row images hold bytes and numbers, which
// another character set or another list reads as another value. Collations may differ.
[[nodiscard]] std::optional<std::string>
find_difference(std::span<const protocol::column_definition> source, const target_table& target);
// Of one column, as the end of a sentence: "is in the character set latin1 on the source and …".
[[nodiscard]] std::optional<std::string> find_difference(const protocol::column_definition& source,
                                                         const target_column& target);

} // namespace understudy::applier
