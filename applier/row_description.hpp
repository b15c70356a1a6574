#pragma once

#include "applier/table_plan.hpp"
#include "protocol/binlog/rows_event.hpp"

#include <string>

namespace understudy::applier {

// The key of a row, or all of it where there is no key, for a person to read: "`id` = 17".
[[nodiscard]] std::string describe_key(const table_plan& table, const protocol::row_image& image);

// The same as an SQL condition for a look-up on the target; empty when the key has a value of a
// type for which no exact literal is made. Only for explanations, rows are never written by it.
[[nodiscard]] std::string key_condition(const table_plan& table, const protocol::row_image& image);

// INSERT, UPDATE or DELETE.
[[nodiscard]] std::string_view verb_of(protocol::rows_kind kind);

} // namespace understudy::applier
