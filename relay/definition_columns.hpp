#pragma once

#include "protocol/value/column_definition.hpp"
#include "relay/table_definition.hpp"

#include <vector>

namespace understudy::relay {

// Fills in what a TABLE_MAP left unknown of its columns (protocol::define_columns) with what is
// remembered of the table: names, signs, character sets, labels and the primary key. What the map
// says stays. Only after find_contradiction() found none: one column for each.
void complete_columns(std::vector<protocol::column_definition>& columns,
                      const table_definition& known);

} // namespace understudy::relay
