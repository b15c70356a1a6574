#include "applier/ddl/planner.hpp"

#include "applier/ddl/canonical_text.hpp"
#include "applier/ddl/mariadb_dialect.hpp"
#include "applier/ddl/redaction.hpp"
#include "applier/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier::ddl {

namespace {

constexpr const char* words_before_tables[] = {"FROM",         "JOIN",    "INTO",         "UPDATE",
                                               "TABLE",        "INSERT",  "REPLACE",      "IGNORE",
                                               "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"};

// What objects.skip calls it; empty: it cannot be left out.
std::string_view skipped_as(statement_plan::kind kind) {
    using enum statement_plan::kind;
    switch (kind) {
    case truncate_table: return "truncate";
    case drop_table: return "drop-table";
    case drop_database: return "drop-database";
    case create_index: return "create-index";
    case drop_index: return "drop-index";
    case view: return "view";
    case routine: return "routine";
    case trigger: return "trigger";
    case event: return "event";
    case create_table:
    case create_table_with_rows:
    case alter_table:
    case rename_table:
    case create_database:
    case alter_database:
    case other_ddl:
    case dml:
    case account:
    case maintenance:
    case other: return "";
    }
    return "";
}

} // namespace

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
    const bool takes_name =
        plan && plan->what == statement_plan::action::execute && is_about_tables(plan->is) &&
        std::ranges::any_of(source_names_,
                            [this](const auto& name) { return takes_name_of_another(name); });
    if (takes_name)
        return refuse("another table of the source is renamed to the very name that this one would "
                      "have on the target");
    if (plan && plan->what == statement_plan::action::execute && !plan->only_notes &&
        selection_->skips(skipped_as(plan->is)))
        return skip(plan->is, "objects.skip says so");
    // Of rows that were changed as text it is known whether they can be taken back.
    if (plan && plan->what == statement_plan::action::execute && statement_->error_code != 0 &&
        !is_done_in_part_ && plan->is != kind::dml)
        return refuse(fmt::format("the source broke off with error {}, and what it had done until "
                                  "then is not in its log",
                                  statement_->error_code));
    if (plan && plan->what == statement_plan::action::execute) {
        if (auto fits = check_shapes(*plan); !fits) return std::unexpected(std::move(fits.error()));
    }
    if (plan && plan->what != statement_plan::action::skip) {
        if (auto fits = check_merged(*plan); !fits) return std::unexpected(std::move(fits.error()));
    }
    if (plan && plan->what == statement_plan::action::execute && !plan->text.empty()) {
        if (alters_merged(*plan))
            plan->merged_statement = canonical_text(plan->text, statement_->sql_mode,
                                                    statement_->source_version, charset_);
    }
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
    verb_ = at_.index();
    if (at_.take("ALTER")) return alter();
    if (at_.take("DROP")) return drop();
    if (at_.take("TRUNCATE")) return truncate_table();
    if (at_.take("RENAME")) {
        if (at_.take("USER")) return accounts(account_statement::rename);
        return rename_tables();
    }
    if (at_.take_all({"SET", "STATEMENT"})) return with_settings();
    if (at_.take("GRANT")) return accounts(account_statement::grant);
    if (at_.take("REVOKE")) return accounts(account_statement::revoke);
    if (at_.take("SET")) return accounts(account_statement::set);
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

// MariaDB's SET STATEMENT variable = value FOR statement: logged as it is.
protocol::result<statement_plan> planner::with_settings() {
    while (!at_.at_end() && !at_.sees("FOR")) {
        if (!at_.take_parentheses()) at_.advance();
    }
    at_.take("FOR");
    auto plan = plan_kind();
    if (plan && plan->what == statement_plan::action::execute)
        return refuse("it brings settings of its own (SET STATEMENT … FOR)");
    return plan;
}

// MariaDB's CREATE, ALTER and DROP SEQUENCE. The numbers they gave out come as rows of a table.
protocol::result<statement_plan> planner::sequence() {
    at_.take("IF");
    at_.take("NOT");
    at_.take("EXISTS");
    do {
        const auto name = at_.take_name();
        if (!name) return no_name();
        if (rewriter_.selects(rewriter_.resolve(*name)))
            return refuse("MySQL has no sequences; exclude them under [objects]");
    } while (at_.take_symbol(','));
    return skip(kind::other_ddl, "the sequence is not selected");
}

// A general tablespace or a spatial reference system. Tables and columns name them, but they belong
// to no database: who takes part of the instance may have others of that name on the target.
protocol::result<statement_plan> planner::instance_object() const {
    const bool exists_there =
        !statement_->target_is_mariadb && !is_mariadb_version(statement_->source_version);
    if (exists_there && selection_->selects_all_databases()) return execute(kind::other_ddl, "");
    return skip(kind::other, "the object belongs to the instance, not to a database");
}

protocol::result<statement_plan> planner::create() {
    take_definer_and_options();
    if (at_.take("TEMPORARY"))
        return skip(kind::create_table, "temporary tables live in their session on the source");
    if (at_.take("TABLE")) return create_table();
    if (at_.take("SEQUENCE")) return sequence();
    if (at_.take_any({"UNIQUE", "FULLTEXT", "SPATIAL"})) {
        if (at_.sees("REFERENCE")) return instance_object();
    }
    if (at_.take("INDEX")) return index_statement(kind::create_index);
    if (at_.take_any({"DATABASE", "SCHEMA"})) return database_statement(kind::create_database);
    if (at_.take("JSON")) {
        at_.take("RELATIONAL");
        at_.take("DUALITY");
    }
    if (at_.take("VIEW")) return view(kind_of_view::creates);
    at_.take("AGGREGATE");
    if (at_.take_any({"PROCEDURE", "FUNCTION", "LIBRARY"})) return routine();
    if (at_.take("TRIGGER")) return trigger();
    if (at_.take("EVENT")) return event(false);
    if (at_.take("USER")) return accounts(account_statement::create_user);
    if (at_.take("ROLE")) return accounts(account_statement::create_role);
    if (at_.take("TABLESPACE")) return instance_object();
    if (at_.take_any({"SERVER", "UNDO", "LOGFILE", "RESOURCE"}))
        return skip(kind::other, "the object belongs to the instance, not to a database");
    return refuse("the kind of CREATE statement is not known");
}

protocol::result<statement_plan> planner::alter() {
    take_definer_and_options();
    at_.take_any({"ONLINE", "OFFLINE"});
    at_.take("IGNORE");
    if (at_.take("TABLE")) return alter_table();
    if (at_.take("SEQUENCE")) return sequence();
    if (at_.take_any({"DATABASE", "SCHEMA"})) return database_statement(kind::alter_database);
    if (at_.take("JSON")) {
        at_.take("RELATIONAL");
        at_.take("DUALITY");
    }
    if (at_.take("VIEW")) return view(kind_of_view::alters);
    if (at_.take_any({"PROCEDURE", "FUNCTION", "LIBRARY"})) return routine();
    if (at_.take("EVENT")) return event(true);
    if (at_.take("USER")) return accounts(account_statement::alter_user);
    if (at_.take("TABLESPACE")) return instance_object();
    if (at_.take_any({"SERVER", "UNDO", "LOGFILE", "RESOURCE", "INSTANCE"}))
        return skip(kind::other, "the object belongs to the instance, not to a database");
    return refuse("the kind of ALTER statement is not known");
}

protocol::result<statement_plan> planner::drop() {
    if (at_.take("TEMPORARY"))
        return skip(kind::drop_table, "temporary tables live in their session on the source");
    if (at_.take_any({"TABLE", "TABLES"})) return drop_tables(kind::drop_table);
    if (at_.take("SEQUENCE")) return sequence();
    if (at_.take("VIEW")) return view(kind_of_view::drops);
    if (at_.take("INDEX")) return index_statement(kind::drop_index);
    if (at_.take_any({"DATABASE", "SCHEMA"})) return database_statement(kind::drop_database);
    if (at_.take_any({"PROCEDURE", "FUNCTION", "LIBRARY"})) return drop_routine();
    if (at_.take("TRIGGER")) return drop_trigger();
    if (at_.take("EVENT")) return drop_event();
    if (at_.take_any({"USER", "ROLE"})) return accounts(account_statement::drop);
    if (at_.take_any({"TABLESPACE", "SPATIAL"})) return instance_object();
    if (at_.take_any({"SERVER", "UNDO", "LOGFILE", "RESOURCE", "PREPARE"}))
        return skip(kind::other, "the object belongs to the instance, not to a database");
    return refuse("the kind of DROP statement is not known");
}

// A change of rows logged as text is executed as it is, so every name in it must mean on the target
// what it means on the source. Its tables cannot be told for certain from the text alone; the log
// says which databases it changes (unless they are more than 16).
protocol::result<statement_plan> planner::data_change() {
    const std::string home(statement_->database);
    const auto qualifies = [](const token_cursor& at) { return at.sees_symbol('.', 1); };
    bool may_touch = false;
    if (const auto* const updated = statement_->updated_databases) {
        for (const std::string& database : *updated)
            may_touch = may_touch || selection_->touches_database(database);
    } else {
        may_touch = selection_->touches_database(home);
        for (token_cursor at(list_.tokens); !at.at_end(); at.advance())
            may_touch =
                may_touch || (qualifies(at) && selection_->touches_database(at.peek().text));
    }
    if (!may_touch) return skip(kind::dml, "it changes no selected table");

    constexpr std::string_view advice = ", and it was logged as text. Set binlog_format=ROW on the "
                                        "source, for its running sessions "
                                        "too";
    const auto whole = [&](const std::string& database) {
        return selection_->selects_database(database) &&
               !selection_->shapes_anything_in(database) &&
               !selection_->renames_anything_in(database) &&
               !selection_->merges_anything_in(database) &&
               selection_->map_database(database) == database;
    };
    std::vector<std::string> databases;
    if (statement_->updated_databases) databases = *statement_->updated_databases;
    if (!home.empty()) databases.push_back(home);
    bool names_a_table = false; // the word before says that a table follows
    for (token_cursor at(list_.tokens); !at.at_end(); at.advance()) {
        if (qualifies(at) && (names_a_table || selection_->touches_database(at.peek().text)))
            databases.push_back(at.peek().text);
        names_a_table = std::ranges::any_of(words_before_tables,
                                            [&](const char* word) { return at.sees(word); });
    }
    for (const std::string& database : databases) {
        if (!whole(database))
            return refuse(fmt::format("it uses the database {}, which is not selected as a whole "
                                      "under its own name, with all rows and columns{}",
                                      state::quote_identifier(database), advice));
    }
    for (token_cursor at(list_.tokens); !home.empty() && !at.at_end(); at.advance()) {
        const auto& word = at.peek();
        const bool is_name = word.what == token::kind::word || word.what == token::kind::identifier;
        if (is_name && !selection_->selects(home, word.text))
            return refuse(fmt::format("it may use {}, which is not selected{}", word.text, advice));
    }
    return execute(kind::dml, home);
}

void planner::take_definer_and_options() {
    for (;;) {
        if (at_.take_all({"OR", "REPLACE"})) continue;
        if (at_.take("ALGORITHM")) {
            at_.take_symbol('=');
            at_.advance();
        } else if (at_.take("DEFINER")) {
            at_.take_symbol('=');
            if (!take_definer()) return;
        } else if (at_.take_all({"SQL", "SECURITY"})) {
            at_.advance();
        } else {
            return;
        }
    }
}

// The target would take the task's account for the one that alters the event.
void planner::name_invoker() {
    if (!statement_->invoker) return;
    const auto& invoker = *statement_->invoker;
    auto name = selection_->definers().on_target(invoker).value_or(invoker.to_string());
    if (current_user_) {
        rewriter_.replace(current_user_->first, current_user_->second, std::move(name));
    } else if (!has_definer_) {
        const auto behind_verb = list_.tokens[verb_].end;
        rewriter_.replace(behind_verb, behind_verb, " DEFINER=" + name);
    }
}

bool planner::take_definer() {
    const auto first = at_.index();
    if (!at_.take_account()) return false;
    const token& begin = list_.tokens[first];
    const token& last = list_.tokens[at_.index() - 1];
    has_definer_ = true;
    if (equal_keyword(begin.text, "CURRENT_USER")) current_user_ = {begin.begin, last.end};
    if (selection_->definers().keeps_all() || equal_keyword(begin.text, "CURRENT_USER"))
        return true;
    // As written: quotes of any kind, which the account's own reading knows.
    const auto text = statement_->text.substr(begin.begin, last.end - begin.begin);
    const auto readable = charset_.name_to_utf8(text);
    if (!readable) return false;
    const auto account = state::account_name::parse(*readable);
    if (!account) return false;
    if (auto other = selection_->definers().on_target(*account))
        rewriter_.replace(begin.begin, last.end, std::move(*other));
    return true;
}

statement_plan planner::skip(kind what, std::string reason) const {
    statement_plan plan;
    plan.is = what;
    plan.reason = std::move(reason);
    return plan;
}

// What is left of the tables that were touched only the source knows.
statement_plan planner::reload(kind what, std::string_view reason) const {
    statement_plan plan;
    plan.what = statement_plan::action::reload;
    plan.is = what;
    for (const state::object_name& name : source_names_) {
        if (rewriter_.selects(name)) plan.source_names.push_back(name);
    }
    plan.reason = reason;
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
    plan.uses = uses_;
    plan.models = models_;
    plan.followed = followed_;
    plan.forgotten = forgotten_;
    plan.other_homes = other_homes(what);
    return plan;
}

std::vector<statement_plan::other_home> planner::other_homes(kind what) const {
    const bool may_put = creates_table(what) || what == kind::alter_table ||
                         what == kind::rename_table || what == kind::view;
    std::vector<statement_plan::other_home> homes;
    for (std::size_t i = 0; may_put && i < source_names_.size(); ++i) {
        statement_plan::other_home one{target_names_[i].database,
                                       selection_->map_database(source_names_[i].database)};
        // A table that is followed comes into a database that the task may know nothing of.
        const bool is_followed = std::ranges::find(followed_, source_names_[i]) != followed_.end();
        if (is_followed && i > 0) one.beside = target_names_[i - 1].database;
        if (one.database != one.beside && std::ranges::find(homes, one) == homes.end())
            homes.push_back(std::move(one));
    }
    return homes;
}

std::unexpected<protocol::error> planner::refuse(std::string_view reason) const {
    constexpr std::size_t shown = 2000;
    const auto text = shown_text(*statement_, shown);
    return protocol::fail(
        errc::unsupported_statement,
        fmt::format(
            "the statement `{}` (default database '{}') is not applied: {}. Do by hand on the "
            "target what it means there and then leave it out, or give a replacement",
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
