#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <optional>
#include <string>

// A table without rows that shows what an online schema change is to make of another one, and how
// the two are compared on the target. Called by the statement executor; blocking.
namespace understudy::applier::model_table {

// SHOW CREATE TABLE without what a model has otherwise by nature; nullopt: there is no such table.
[[nodiscard]] protocol::result<std::optional<std::string>>
definition(target_session& target, const state::object_name& table);

// What of `model` the rows of `table` would not get by an ALTER TABLE, for certain, as they got it
// from a tool; nullopt: nothing.
[[nodiscard]] protocol::result<std::optional<std::string>>
doubt_about(target_session& target, const state::object_name& table,
            const state::object_name& model);

} // namespace understudy::applier::model_table
