#pragma once

#include "protocol/result.hpp"
#include "snapshot/source_table.hpp"

#include <optional>
#include <string>
#include <vector>

namespace understudy::snapshot {

// The columns of tables as information_schema shows them, the same way for source and target. Pure.

using dictionary_rows = std::vector<std::vector<std::optional<std::string>>>;

// condition: on TABLE_SCHEMA and TABLE_NAME. The first column of the answer is the table's name.
[[nodiscard]] std::string columns_query(const std::string& condition);

// errc::unsupported_object for a type this room does not know.
[[nodiscard]] protocol::result<std::vector<column>> parse_columns(const state::object_name& table,
                                                                  const dictionary_rows& rows);

} // namespace understudy::snapshot
