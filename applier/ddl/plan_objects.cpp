#include "applier/ddl/planner.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::applier::ddl {

protocol::result<statement_plan> planner::database_statement(kind what) {
    const bool guarded = at_.take_all({"IF", "NOT", "EXISTS"}) || at_.take_all({"IF", "EXISTS"});
    std::optional<name_reference> name;
    // ALTER DATABASE may leave the name out; then an option (CHARACTER SET, COLLATE, …) follows at
    // once.
    const bool unnamed = what == kind::alter_database &&
                         (at_.sees("CHARACTER") || at_.sees("CHARSET") || at_.sees("COLLATE") ||
                          at_.sees("DEFAULT") || at_.sees("ENCRYPTION") || at_.sees("READ"));
    if (!unnamed) {
        name = at_.take_name();
        if (!name) return no_name();
    }
    const std::string database =
        selection_->as_stored(name ? name->name : std::string(statement_->database));
    if (!selection_->touches_database(database)) return skip(what, "the database is not selected");
    const bool whole = selection_->selects_database(database);
    const auto mapped = selection_->map_database(database);

    const bool is_shared = selection_->takes_tables_of_others(database);
    if (what == kind::drop_database) {
        if (!whole)
            return refuse("it drops the selected tables of a database that is selected in part");
        const auto homes = selection_->target_databases(database);
        if (!homes || homes->size() > 1)
            return refuse("tables of the dropped database are in another one on the target");
        if (is_shared)
            return refuse(fmt::format("the target's {} has tables of other databases of the "
                                      "source, which would be dropped with it",
                                      state::quote_identifier(mapped)));
        if (selection_->merges_anything_in(database))
            return refuse("rows of its tables are merged with those of others on the target "
                          "(objects.merge)");
    }
    source_names_.push_back({database, ""});
    target_names_.push_back({mapped, ""});
    if (name) {
        // Of a database that is selected in part the target may have its own already, and one that
        // others' tables are in was made for these.
        if (what == kind::create_database && (!whole || is_shared) && !guarded)
            rewriter_.replace(name->begin, name->begin, "IF NOT EXISTS ");
        if (mapped != name->name)
            rewriter_.replace(name->begin, name->end, state::quote_identifier(mapped));
    }
    return execute(what, name ? "" : mapped);
}

// The session's default database. The target need not have one that the task does not touch.
std::string planner::default_on_target() const {
    if (!selection_->touches_database(statement_->database)) return {};
    return selection_->map_database(statement_->database);
}

protocol::result<statement_plan> planner::view(kind_of_view how) {
    if (how == kind_of_view::drops) return drop_tables(kind::view);
    // The target lacks views that were invalid when the copy was made; this one is not any more.
    if (how == kind_of_view::alters)
        rewriter_.replace(list_.tokens[verb_].begin, list_.tokens[verb_].end, "CREATE OR REPLACE");
    at_.take_all({"IF", "NOT", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto view = rewriter_.resolve(*name);
    if (!rewriter_.selects(view)) return skip(kind::view, "the view is not selected");
    touch(view);
    note_used_tables();
    const auto home = default_on_target();
    if (auto done = rewrite_body("view", statement_->database, home); !done)
        return std::unexpected(done.error());
    rewriter_.replace(*name, view, home);
    return execute(kind::view, home);
}

protocol::result<statement_plan> planner::routine() {
    at_.take_all({"IF", "NOT", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    // Of a stored function there are parentheses before RETURNS.
    if (at_.sees("RETURNS") && at_.sees("SONAME", 2))
        return skip(kind::other, "loadable functions belong to the instance");
    const auto routine = rewriter_.resolve_program(*name);
    if (!selection_->selects_database(routine.database))
        return skip(kind::routine, "routines follow databases that are selected as a whole");
    source_names_.push_back(routine);
    target_names_.push_back({selection_->map_database(routine.database), routine.object});
    // The names of a routine are looked for where the routine is.
    if (auto done = rewrite_body("routine", routine.database, target_names_[0].database); !done)
        return std::unexpected(done.error());
    const auto home = default_on_target();
    if (name->database.value_or(home) != target_names_[0].database)
        rewriter_.replace(name->begin, name->end, target_names_[0].to_string());
    return execute(kind::routine, home);
}

protocol::result<statement_plan> planner::drop_routine() {
    at_.take_all({"IF", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto routine = rewriter_.resolve_program(*name);
    if (!selection_->selects_database(routine.database))
        return skip(kind::routine, "routines follow databases that are selected as a whole");
    source_names_.push_back(routine);
    target_names_.push_back({selection_->map_database(routine.database), routine.object});
    // Named in full: IF EXISTS also takes a database that there is not.
    rewriter_.replace(name->begin, name->end, target_names_[0].to_string());
    return execute(kind::routine, "");
}

protocol::result<statement_plan> planner::trigger() {
    at_.take_all({"IF", "NOT", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    while (!at_.at_end() && !at_.take("ON"))
        at_.advance();
    const auto table_name = at_.take_name();
    if (!table_name) return no_name();
    const auto table = rewriter_.resolve(*table_name);
    if (!rewriter_.selects(table))
        return skip(kind::trigger, "the trigger's table is not selected");
    if (signs_model(table, name->name)) return only_note(kind::trigger);
    touch(table);
    const auto home = default_on_target();
    // A trigger lives in the database of its table.
    const state::object_name target{target_names_[0].database, name->name};
    if (auto done = rewrite_body("trigger", table.database, target.database); !done)
        return std::unexpected(done.error());
    if (name->database.value_or(home) != target.database)
        rewriter_.replace(name->begin, name->end, target.to_string());
    rewriter_.replace(*table_name, table, home);
    return execute(kind::trigger, home);
}

// DROP TRIGGER does not name its table. The target has the trigger only if its table is selected,
// hence IF EXISTS.
protocol::result<statement_plan> planner::drop_trigger() {
    const bool guarded = at_.take_all({"IF", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto trigger = rewriter_.resolve_program(*name);
    if (!selection_->touches_database(trigger.database))
        return skip(kind::trigger, "the database is not selected");
    auto databases = selection_->target_databases(trigger.database);
    if (!databases) return refuse("the trigger's table may be in any database on the target");
    const state::object_name target{selection_->map_database(trigger.database), trigger.object};
    // Triggers of a tool on a merged table are not made there.
    const bool may_be_left_out =
        trigger.object.starts_with("pt_osc_") && selection_->merges_anything_in(trigger.database);
    const bool is_there = selection_->selects_all_in(trigger.database) && !may_be_left_out;
    source_names_.push_back(trigger);
    target_names_.push_back(target);
    rewriter_.replace(name->begin, name->end,
                      (guarded || is_there ? "" : "IF EXISTS ") + target.to_string());
    auto plan = execute(kind::trigger, "");
    plan.drops_trigger = true;
    if (databases->size() > 1) plan.trigger_databases = *std::move(databases);
    return plan;
}

protocol::result<statement_plan> planner::event(bool alters) {
    at_.take_all({"IF", "NOT", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto event = rewriter_.resolve_program(*name);
    if (!selection_->selects_database(event.database))
        return skip(kind::event, "events follow databases that are selected as a whole");
    const auto mapped = [this](const state::object_name& one) {
        return state::object_name{selection_->map_database(one.database), one.object};
    };
    source_names_.push_back(event);
    target_names_.push_back(mapped(event));
    for (auto at = at_; alters && !at.at_end() && !at.sees("DO"); at.advance()) {
        auto renaming = at;
        if (!renaming.take_all({"RENAME", "TO"})) continue;
        const auto new_name = renaming.take_name();
        if (!new_name) return no_name();
        const auto renamed = rewriter_.resolve_program(*new_name);
        if (!selection_->selects_database(renamed.database))
            return refuse("it moves an event out of what the task selects");
        rewriter_.replace(new_name->begin, new_name->end, mapped(renamed).to_string());
        source_names_.insert(source_names_.begin(), renamed);
        target_names_.insert(target_names_.begin(), mapped(renamed));
        break;
    }
    if (alters) name_invoker();
    if (auto done = rewrite_body("event", event.database, mapped(event).database); !done)
        return std::unexpected(done.error());
    const auto home = default_on_target();
    if (name->database.value_or(home) != mapped(event).database)
        rewriter_.replace(name->begin, name->end, mapped(event).to_string());
    auto plan = execute(kind::event, home);
    plan.disable_event = true;
    return plan;
}

protocol::result<statement_plan> planner::drop_event() {
    at_.take_all({"IF", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto event = rewriter_.resolve_program(*name);
    if (!selection_->selects_database(event.database))
        return skip(kind::event, "events follow databases that are selected as a whole");
    source_names_.push_back(event);
    target_names_.push_back({selection_->map_database(event.database), event.object});
    rewriter_.replace(name->begin, name->end, target_names_[0].to_string());
    return execute(kind::event, "");
}

} // namespace understudy::applier::ddl
