#include "applier/ddl/planner.hpp"

#include "applier/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier::ddl {

planner::planner(const logged_statement& statement, const state::object_selection& selection)
    : statement_(&statement), selection_(&selection),
      charset_(statement_charset::of_collation(statement.character_set_client)),
      list_(tokenize(statement.text, statement.sql_mode, statement.source_version, charset_)),
      at_(list_.tokens), rewriter_(statement, selection, charset_) {}

protocol::result<statement_plan> planner::run() {
    auto plan = plan_kind();
    if (plan && plan->what == statement_plan::action::execute && !rewriter_.writable())
        return refuse("a name of the target cannot be written in the character set that the "
                      "statement was sent in");
    // What stands behind the end could name something that is selected.
    const bool names_matter = plan && plan->is != kind::account && plan->is != kind::maintenance;
    if (names_matter && !list_.complete)
        return refuse("it is not closed, or has names in a character set that is not known");
    return plan;
}

protocol::result<statement_plan> planner::plan_kind() {
    // Comments that stand alone (executable ones of a newer version) reach the log too and do
    // nothing.
    while (at_.take_symbol(';') || at_.take_symbol('(')) {
    }
    if (at_.at_end()) {
        if (!list_.complete) return refuse("a quote or a comment is not closed");
        return skip(kind::other, "an empty statement");
    }
    if (at_.take("CREATE")) return create();
    if (at_.take("ALTER")) return alter();
    if (at_.take("DROP")) return drop();
    if (at_.take("TRUNCATE")) return truncate_table();
    if (at_.take("RENAME")) {
        if (at_.sees("USER")) return skip(kind::account, "accounts are not replicated");
        return rename_tables();
    }
    if (at_.take_any({"GRANT", "REVOKE", "SET"}))
        return skip(kind::account, "accounts are not replicated");
    if (at_.take_any({"ANALYZE", "OPTIMIZE", "REPAIR", "CHECK", "FLUSH", "CACHE"}))
        return skip(kind::maintenance,
                    "maintenance statements change no data and are not repeated on the target");
    if (at_.take_any({"SAVEPOINT", "RELEASE"}) || at_.take_all({"ROLLBACK", "TO"}) ||
        at_.take_all({"ROLLBACK", "WORK", "TO"}))
        return skip(kind::other, "what a savepoint took back is not in the log");
    if (at_.take_any({"INSTALL", "UNINSTALL"}))
        return skip(kind::other, "plugins and components belong to the instance");
    if (at_.take_any(
            {"INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "WITH", "CALL", "DO", "SELECT"}))
        return data_change();
    return refuse("the kind of statement is not known");
}

protocol::result<statement_plan> planner::create() {
    take_definer_and_options();
    if (at_.take("TEMPORARY"))
        return skip(kind::create_table, "temporary tables live in their session on the source");
    if (at_.take("TABLE")) return create_table();
    if (at_.take_any({"UNIQUE", "FULLTEXT", "SPATIAL"})) {
        if (at_.sees("REFERENCE"))
            return skip(kind::other, "spatial reference systems belong to the instance");
    }
    if (at_.take("INDEX")) return index_statement(kind::create_index);
    if (at_.take_any({"DATABASE", "SCHEMA"})) return database_statement(kind::create_database);
    if (at_.take("JSON")) {
        at_.take("RELATIONAL");
        at_.take("DUALITY");
    }
    if (at_.take("VIEW")) return view(false);
    at_.take("AGGREGATE");
    if (at_.take_any({"PROCEDURE", "FUNCTION", "LIBRARY"})) return routine();
    if (at_.take("TRIGGER")) return trigger();
    if (at_.take("EVENT")) return event(false);
    if (at_.take_any({"USER", "ROLE"})) return skip(kind::account, "accounts are not replicated");
    if (at_.take_any({"SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE"}))
        return skip(kind::other, "the object belongs to the instance, not to a database");
    return refuse("the kind of CREATE statement is not known");
}

protocol::result<statement_plan> planner::alter() {
    take_definer_and_options();
    at_.take_any({"ONLINE", "OFFLINE"});
    at_.take("IGNORE");
    if (at_.take("TABLE")) return alter_table();
    if (at_.take_any({"DATABASE", "SCHEMA"})) return database_statement(kind::alter_database);
    if (at_.take("JSON")) {
        at_.take("RELATIONAL");
        at_.take("DUALITY");
    }
    if (at_.take("VIEW")) return view(false);
    if (at_.take_any({"PROCEDURE", "FUNCTION", "LIBRARY"})) return routine();
    if (at_.take("EVENT")) return event(true);
    if (at_.take_any({"USER", "ROLE"})) return skip(kind::account, "accounts are not replicated");
    if (at_.take_any({"SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "INSTANCE"}))
        return skip(kind::other, "the object belongs to the instance, not to a database");
    return refuse("the kind of ALTER statement is not known");
}

protocol::result<statement_plan> planner::drop() {
    if (at_.take("TEMPORARY"))
        return skip(kind::drop_table, "temporary tables live in their session on the source");
    if (at_.take_any({"TABLE", "TABLES"})) return drop_tables(kind::drop_table);
    if (at_.take("VIEW")) return view(true);
    if (at_.take("INDEX")) return index_statement(kind::drop_index);
    if (at_.take_any({"DATABASE", "SCHEMA"})) return database_statement(kind::drop_database);
    if (at_.take_any({"PROCEDURE", "FUNCTION", "LIBRARY"})) return drop_routine();
    if (at_.take("TRIGGER")) return drop_trigger();
    if (at_.take("EVENT")) return drop_event();
    if (at_.take_any({"USER", "ROLE"})) return skip(kind::account, "accounts are not replicated");
    if (at_.take_any({"SERVER", "TABLESPACE", "UNDO", "LOGFILE", "RESOURCE", "SPATIAL", "PREPARE"}))
        return skip(kind::other, "the object belongs to the instance, not to a database");
    return refuse("the kind of DROP statement is not known");
}

// A change of rows logged as text. Its tables cannot be told for certain, so every word that could
// name a database counts.
protocol::result<statement_plan> planner::data_change() {
    bool may_touch = selection_->touches_database(statement_->database);
    for (token_cursor at(list_.tokens); !at.at_end(); at.advance()) {
        if (at.sees_symbol('.', 1) && selection_->touches_database(at.peek().text))
            may_touch = true;
    }
    if (may_touch)
        return refuse("it changes rows and was logged as a statement (binlog_format was not ROW in "
                      "its session)");
    return skip(kind::dml, "it changes no selected table");
}

void planner::take_definer_and_options() {
    for (;;) {
        if (at_.take_all({"OR", "REPLACE"})) continue;
        if (at_.take("ALGORITHM")) {
            at_.take_symbol('=');
            at_.advance();
        } else if (at_.take("DEFINER")) {
            at_.take_symbol('=');
            if (!at_.take_account()) return;
        } else if (at_.take_all({"SQL", "SECURITY"})) {
            at_.advance();
        } else {
            return;
        }
    }
}

statement_plan planner::skip(kind what, std::string reason) const {
    statement_plan plan;
    plan.is = what;
    plan.reason = std::move(reason);
    return plan;
}

statement_plan planner::execute(kind what, std::string database) const {
    statement_plan plan;
    plan.what = statement_plan::action::execute;
    plan.is = what;
    plan.text = rewriter_.text();
    plan.character_set_client = statement_->character_set_client;
    plan.database = std::move(database);
    plan.source_names = source_names_;
    plan.target_names = target_names_;
    return plan;
}

std::unexpected<protocol::error> planner::refuse(std::string_view reason) const {
    constexpr std::size_t shown = 2000;
    auto text = std::string(statement_->text.substr(0, shown));
    if (statement_->text.size() > shown) text += "…";
    return protocol::fail(
        errc::unsupported_statement,
        fmt::format(
            "the statement `{}` (default database '{}') is not applied: {}. Do by hand on the "
            "target what it means there, then go on behind it",
            text, statement_->database, reason));
}

bool planner::takes_name_of_another(const state::object_name& source) const {
    return selection_->takes_name_of_another(source.database, source.object);
}

void planner::touch(const state::object_name& source) {
    source_names_.push_back(source);
    target_names_.push_back(selection_->map(source.database, source.object));
}

} // namespace understudy::applier::ddl
