#include "precheck/waivers.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace understudy::precheck {

namespace {

constexpr std::array<std::string_view, 20> waivable{
    "source.answers",
    "source.engines",
    "source.hidden_databases",
    "source.log_filters",
    "source.partial_json",
    "source.privileges",
    "source.row_format",
    "target.adopted_definitions",
    "target.answers",
    "target.collations",
    "target.definitions",
    "target.merged_definitions",
    "target.engines",
    "target.features",
    "target.max_allowed_packet",
    "target.other_tasks",
    "target.privileges",
    "target.ring",
    "target.system_user",
    "target.trust_function_creators",
};

item refuse(const std::string& id, bool known) {
    return {"task.waived",
            severity::blocking,
            outcome::failed,
            "waived items",
            id + (known ? " cannot be waived" : " is not the id of an item that was looked at"),
            known ? "without it replication cannot work, or would not be exact"
                  : "a waiver that means nothing hides a mistake",
            "Take it out of precheck.waive."};
}

} // namespace

bool may_be_waived(std::string_view id) {
    return std::ranges::find(waivable, id) != waivable.end();
}

void apply_waivers(report& value, const std::vector<std::string>& ids) {
    // What could not be looked at has no items.
    const bool complete = value.source.reached && value.target.reached;
    std::vector<item> refused;
    for (const std::string& id : ids) {
        const bool allowed = may_be_waived(id);
        bool known = false;
        for (item& one : value.items) {
            if (one.id != id) continue;
            known = true;
            if (!allowed || one.state == outcome::passed || one.level != severity::blocking)
                continue;
            one.level = severity::warning;
            one.waived = true;
        }
        // Some items are looked at in some tasks only.
        if (!allowed && (known || complete)) refused.push_back(refuse(id, known));
    }
    std::ranges::move(refused, std::back_inserter(value.items));
}

} // namespace understudy::precheck
