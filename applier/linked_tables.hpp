#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <set>
#include <utility>
#include <vector>

namespace understudy::applier {

// Foreign keys between tables of the source: child and parent.
using table_links = std::vector<std::pair<state::object_name, state::object_name>>;

// These tables with all that the keys link with them, over any number of steps and in both
// directions: between linked tables the order of changes matters, and a cascade writes to tables
// that no event names. Pure.
[[nodiscard]] std::set<state::object_name> linked_by(const table_links& links,
                                                     std::set<state::object_name> tables);

// The keys of the target between tables of the task. Blocking.
[[nodiscard]] protocol::result<table_links> read_links(target_session& target,
                                                       const state::object_selection& selection);

} // namespace understudy::applier
