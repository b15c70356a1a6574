#include "applier/conflict_policy.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace understudy::applier {

conflict_policy::conflict_policy(const state::task_spec& task, std::set<state::object_name> kept)
    : otherwise_(task.apply.on_conflict), kept_(std::move(kept)) {
    const auto& lists = task.apply.conflicts;
    // The most careful first.
    const std::pair<const std::vector<std::string>&, action> all[] = {
        {lists.stop, action::stop},
        {lists.quarantine, action::quarantine},
        {lists.overwrite, action::overwrite},
        {lists.ignore, action::ignore}};
    for (const auto& [patterns, what] : all) {
        for (const std::string& text : patterns) {
            auto pattern = state::object_pattern::parse(text);
            UNDERSTUDY_ASSERT(pattern.has_value());
            rules_.push_back({*std::move(pattern), what});
        }
    }
}

conflict_policy::action conflict_policy::of(const state::object_name& table) const {
    const auto found = std::ranges::find_if(rules_, [&](const rule& one) {
        return one.pattern.matches(table.database, table.object, false);
    });
    if (found != rules_.end()) return found->what;
    const bool overwrites = otherwise_ == action::stop && kept_.contains(table);
    return overwrites ? action::overwrite : otherwise_;
}

} // namespace understudy::applier
