#pragma once

#include "state/object_selection.hpp"

#include <set>
#include <vector>

namespace understudy::snapshot {

// A foreign key of the source whose ON DELETE or ON UPDATE changes rows of the child.
struct cascading_key {
    state::object_name child;
    state::object_name parent;
};

// Tables whose rows change together although only one of them is in the source's binary log (the
// parent): a set is only right when all its tables are read at the same position. Each table of
// `alone` (tables without an order) is a set of its own unless a key connects it. Sorted.
[[nodiscard]] std::vector<std::set<state::object_name>>
connected_sets(const std::vector<cascading_key>& keys, const std::set<state::object_name>& alone);

} // namespace understudy::snapshot
