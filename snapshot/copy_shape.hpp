#pragma once

#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/source_catalog.hpp"
#include "snapshot/source_table.hpp"
#include "state/object_selection.hpp"
#include "state/table_shape.hpp"

#include <string>
#include <vector>

namespace understudy::snapshot {

// Tables that objects.tables gives other rows or columns on the target. Pure.

// Every selected table can take its shape; before anything is written. errc::unsupported_object
// names the table and what is wrong.
[[nodiscard]] protocol::result<void> check_shapes(const source_catalog& catalog,
                                                  const state::object_selection& selection);

// The table with the columns that it has on the target.
[[nodiscard]] source_table shaped(const source_table& table, const state::table_shape* shape);

// The ALTER TABLE that makes those columns of the source's, in a table without rows; empty where
// nothing changes.
[[nodiscard]] std::string reshape_sql(const source_table& table, const state::object_name& target,
                                      const state::table_shape* shape);
[[nodiscard]] std::vector<std::string> column_names(const source_table& table);

// What has to stay the same from the first chunk of a table to the last: its columns and what the
// task makes of its rows.
[[nodiscard]] std::string definition_of(const copy_context& context, const source_table& table);

} // namespace understudy::snapshot
