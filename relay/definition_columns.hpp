#pragma once

#include "protocol/value/column_definition.hpp"
#include "relay/table_definition.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace understudy::relay {

// Fills in what a TABLE_MAP left unknown of its columns (protocol::define_columns) with what is
// remembered of the table: names, signs, character sets, labels and the primary key. What the map
// says stays. Only after find_contradiction() found none: one column for each.
void complete_columns(std::vector<protocol::column_definition>& columns,
                      const table_definition& known);

// Any collation of the character set ("utf8", "utf8mb3", "latin1"): for reading text they are all
// the same. nullopt: no server that is known has it.
[[nodiscard]] std::optional<std::uint16_t> collation_of(std::string_view character_set);

} // namespace understudy::relay
