#include "snapshot/foreign_keys.hpp"

#include <algorithm>

namespace understudy::snapshot {

std::vector<std::set<state::object_name>>
connected_sets(const std::vector<cascading_key>& keys, const std::set<state::object_name>& alone) {
    std::vector<std::set<state::object_name>> sets;
    for (const state::object_name& table : alone)
        sets.push_back({table});
    for (const cascading_key& key : keys) {
        std::set<state::object_name> joined{key.child, key.parent};
        for (const auto& set : sets) {
            if (set.contains(key.child) || set.contains(key.parent))
                joined.insert(set.begin(), set.end());
        }
        std::erase_if(sets, [&](const auto& set) { return joined.contains(*set.begin()); });
        sets.push_back(std::move(joined));
    }
    std::ranges::sort(sets);
    return sets;
}

} // namespace understudy::snapshot
