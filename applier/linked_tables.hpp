#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <set>

namespace understudy::applier {

// These tables of the source with all that foreign keys of the target link with them, over any
// number of steps and in both directions: between linked tables the order of changes matters, and a
// cascade writes to tables that no event names. Blocking.
[[nodiscard]] protocol::result<std::set<state::object_name>>
linked_tables(target_session& target, const state::object_selection& selection,
              std::set<state::object_name> tables);

} // namespace understudy::applier
