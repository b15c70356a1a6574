// Statements about the tables that gh-ost and pt-online-schema-change make beside the one they
// change, where that is to be changed by one ALTER: the target has such a table without rows, as a
// model, until it would be put in place.

#include "applier/ddl/planner.hpp"

#include <algorithm>

namespace understudy::applier::ddl {

using step = statement_plan::model_step::step;

void planner::note_model(const state::object_name& table, step what) {
    if (selection_->is_model(table)) models_.push_back({.what = what, .model = table});
}

void planner::note_altered(const state::object_name& table, const alter_clauses& clauses,
                           std::string_view text) {
    if (!selection_->is_model(table) || clauses.sets_only_counter) return;
    auto readable = charset_.name_to_utf8(text);
    models_.push_back({.what = step::altered,
                       .model = table,
                       .clauses = readable.value_or(""),
                       .is_exact = clauses.is_exact && readable.has_value()});
}

// RENAME TABLE t TO _t_del, _t_gho TO t: of these alone the change is known. What else brings a
// model into place, or a table out of it, leaves rows that only the source has.
std::optional<protocol::result<statement_plan>>
planner::put_in_place(kind what, const std::vector<rename_pair>& pairs) {
    const auto model_of = [this](const state::object_name& name) {
        return selection_->model_of(name);
    };
    const auto concerns_model = [this](const rename_pair& pair) {
        return selection_->is_model(pair.first) || selection_->is_model(pair.second);
    };
    if (std::ranges::none_of(pairs, concerns_model)) return std::nullopt;
    std::vector<state::object_name> tables;
    for (const auto& [from, to] : pairs) {
        for (const state::object_name& name : {from, to}) {
            const auto table = model_of(name).value_or(name);
            const bool is_known = std::ranges::find(tables, table) != tables.end();
            if (!is_known && rewriter_.selects(table)) tables.push_back(table);
        }
    }
    const auto& [first_from, first_to] = pairs.front();
    const bool is_swap = what == kind::rename_table && pairs.size() == 2 &&
                         model_of(first_to) == first_from && pairs[1].second == first_from &&
                         model_of(pairs[1].first) == first_from;
    for (const state::object_name& table : tables)
        touch(table);
    if (!is_swap)
        return reload(what, "it renames a table that a tool has made beside another one, and its "
                            "rows were left out (objects.online_schema_changes)");
    note_model(pairs[1].first, step::put_in_place);
    auto plan = execute(kind::alter_table, target_names_.front().database);
    plan.text.clear();
    plan.is_cut_over = true;
    return plan;
}

} // namespace understudy::applier::ddl
