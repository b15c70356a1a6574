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

// A model that the target does not have. What is said about it belongs to its table.
bool planner::takes_note_of(const state::object_name& table) {
    if (!selection_->is_merged_model(table)) return false;
    touch(*selection_->model_of(table));
    return true;
}

protocol::result<statement_plan> planner::only_note(kind what) const {
    auto plan = execute(what, "");
    plan.text.clear();
    plan.other_homes.clear();
    plan.only_notes = true;
    return plan;
}

// One that is like another table, or that may have been there, is not known for what it is.
// (pt-online-schema-change writes the definition of its own table out.)
protocol::result<statement_plan> planner::note_made(const state::object_name& model,
                                                    bool if_not_exists) {
    auto like = at_;
    like.take_symbol('(');
    bool is_other = if_not_exists;
    if (like.take("LIKE")) {
        const auto of = like.take_name();
        if (!of) return no_name();
        is_other = is_other || rewriter_.resolve(*of) != *selection_->model_of(model);
    }
    note_model(model, is_other ? step::gone : step::made);
    return only_note(kind::create_table);
}

void planner::note_gone(const state::object_name& model) {
    note_model(model, step::gone);
    if (model.object.ends_with("_new"))
        models_.push_back({.what = step::gone,
                           .model = statement_plan::sign_of_tool(*selection_->model_of(model))});
}

protocol::result<statement_plan> planner::only_note_gone(kind what) {
    for (const auto& one : models_) {
        const auto table = selection_->model_of(one.model);
        if (table && std::ranges::find(source_names_, *table) == source_names_.end()) touch(*table);
    }
    return only_note(what);
}

// pt-online-schema-change's triggers write into the model. That they were there tells that it is
// the tool's.
bool planner::signs_model(const state::object_name& table, std::string_view trigger) {
    const state::object_name model{table.database, "_" + table.object + "_new"};
    if (!trigger.starts_with("pt_osc_") || !selection_->is_merged_model(model)) return false;
    touch(table);
    models_.push_back({.what = step::made, .model = statement_plan::sign_of_tool(table)});
    return true;
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
    if (tables.empty()) return skip(what, "none of its tables is selected");
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
    if (selection_->is_merged_model(pairs[1].first)) note_gone(pairs[1].first);
    auto plan = execute(kind::alter_table, target_names_.front().database);
    plan.text.clear();
    plan.is_cut_over = true;
    return plan;
}

} // namespace understudy::applier::ddl
