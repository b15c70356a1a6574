#pragma once

#include "protocol/result.hpp"
#include "state/name_glob.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <set>
#include <vector>

namespace understudy::applier {

// What the task wants to happen with a row that is not on the target as the source had it: by table
// of the source. Pure; made once per run.
class conflict_policy {
public:
    using action = state::task_spec::conflict_action;

    // Patterns were checked when the task file was read. `kept`: tables with rows that are not the
    // source's, which are overwritten where the task says nothing about them.
    explicit conflict_policy(const state::task_spec& task, std::set<state::object_name> kept = {});

    [[nodiscard]] action of(const state::object_name& table) const;

private:
    struct rule {
        state::object_pattern pattern;
        action what = action::stop;
    };
    std::vector<rule> rules_;
    action otherwise_;
    std::set<state::object_name> kept_;
};

} // namespace understudy::applier
