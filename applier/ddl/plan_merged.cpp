// Statements about tables of the target that have the rows of several tables (objects.merge).

#include "applier/ddl/planner.hpp"
#include "state/shadow_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier::ddl {

bool planner::alters_merged(const statement_plan& plan) const {
    return alters_table(plan.is) && !plan.source_names.empty() &&
           selection_->is_merged(plan.source_names.front());
}

// In full, so that it reads the same whichever of them it was.
void planner::rewrite_altered(const name_reference& name, const state::object_name& table) {
    if (selection_->is_merged(table))
        rewriter_.replace(name.begin, name.end, target_names_.front().to_string());
    else
        rewriter_.replace(name, table, target_names_.front().database);
}

// The target's table is not this one's alone: what takes rows or names from it would take those of
// others, and what makes values up would make them up for rows that had theirs before.
protocol::result<void> planner::check_merged(const statement_plan& plan) const {
    if (!is_about_tables(plan.is)) return {};
    const auto merged = std::ranges::find_if(
        plan.source_names, [this](const auto& name) { return selection_->is_merged(name); });
    if (merged == plan.source_names.end()) return {};
    const auto target = selection_->map(merged->database, merged->object).to_string();
    const std::string others =
        fmt::format("the rows of {} are in {}, among those of other tables (objects.merge)",
                    merged->to_string(), target);
    const bool copies = plan.what == statement_plan::action::reload;
    if (!copies && creates_table(plan.is)) return {};
    if (plan.only_notes) return {};
    const auto is_shadow = [&](const auto& name) {
        return state::shadow_table::parse(name.object).has_value();
    };
    if (plan.is == kind::rename_table && std::ranges::any_of(plan.source_names, is_shadow))
        return refuse(others + ". With objects.online_schema_changes = \"alter\" and "
                               "objects.merged_ddl = \"once\" what such a tool makes of all of "
                               "these tables becomes one ALTER TABLE");
    if (copies || !alters_table(plan.is) || plan.source_names.size() > 1) return refuse(others);
    if (makes_up_values_)
        return refuse(others + ", and each got the values that it makes up for them (the time, "
                               "numbers) when it was altered itself");
    if (selection_->alters_merged_once()) return {};
    return refuse(others + ". With objects.merged_ddl = \"once\" a statement that all of these "
                           "tables get is executed once");
}

} // namespace understudy::applier::ddl
