#pragma once

#include "protocol/binlog/query_event.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier {

// What is to be done with one logged statement (a QUERY event that is not a transaction boundary),
// given what the task selects and renames. Pure: text in, decision out. The lexer honours the
// logged sql_mode (ANSI_QUOTES, NO_BACKSLASH_ESCAPES), comments and executable comments.
struct statement_plan {
    enum class action : std::uint8_t {
        execute, // run `text` with default database `database`, through the DDL journal
        skip,    // touches nothing selected, or is never replicated (ANALYZE, temporary tables…);
                 // `reason` says which
        reload,  // `source_names` are no longer what they were, and have to be copied anew
    };
    enum class kind : std::uint8_t {
        create_table,
        create_table_with_rows, // CREATE TABLE … START TRANSACTION: rows follow in the same group
        alter_table,
        drop_table,
        rename_table,
        truncate_table,
        create_index,
        drop_index,
        create_database,
        alter_database,
        drop_database,
        view,
        routine,
        trigger,
        event,
        other_ddl,
        dml,
        account,
        maintenance,
        other,
    };
    action what = action::skip;
    kind is = kind::other;
    std::string text;                             // rewritten for the target's names
    std::string shown;                            // the same without secrets, if it may have some
    std::uint16_t character_set_client = 45;      // the text is written in: a collation's number
    std::string database;                         // default database on the target; empty: none
    std::vector<state::object_name> source_names; // tables and views it changes, as on the source
    std::vector<state::object_name> target_names; // the same on the target (execute only)
    // Selected tables and views that a view is made of, or that privileges are granted on.
    std::vector<state::object_name> uses;
    std::vector<state::account_name> accounts; // that it changes; the target's have the same names
    // Databases of the target that a rename puts a table or view into, each with the one that all
    // else of the source's database is in: they may not be there yet.
    struct other_home {
        std::string database;
        std::string beside;
        bool operator==(const other_home&) const = default;
    };
    std::vector<other_home> other_homes;
    // A CREATE/ALTER EVENT: it must not switch the event on at the target (disable_event).
    bool disable_event = false;
    // A DROP TRIGGER, which does not say the trigger's table: `source_names` has the trigger.
    bool drops_trigger = false;
    // The same where names of databases are changed by table: in which of these databases of the
    // target the trigger is has to be asked there (`text` is for the first). Empty: as in `text`.
    std::vector<std::string> trigger_databases;
    // Of a statement about a table beside the one that a tool changes, which is to be changed by
    // one ALTER (object_selection::is_model).
    struct model_step {
        enum class step : std::uint8_t { made, altered, gone, put_in_place };
        step what = step::made;
        state::object_name model; // on the source
        std::string clauses{};    // of an ALTER TABLE, in UTF-8
        bool is_exact = false;    // ddl::alter_clauses
    };
    std::vector<model_step> models;
    // Noted like a model where the triggers of pt-online-schema-change are left out: they were on
    // the table.
    [[nodiscard]] static state::object_name sign_of_tool(const state::object_name& table) {
        return {table.database, "_" + table.object + "_pt"};
    }
    // `models` is of one that is put into the place of `source_names`: the text is what was noted
    // of it.
    bool is_cut_over = false;
    // Nothing is executed: `models`, which the target does not have, are noted with the position.
    // `source_names` has the table that they are models of.
    bool only_notes = false;
    // Names that are followed from here on, or no longer (objects.on_rename): what is selected
    // changes with it.
    std::vector<state::object_name> followed;
    std::vector<state::object_name> forgotten;
    // Of a statement that alters a table of objects.merge: by what it is compared with those that
    // its other parts got (ddl::canonical_text).
    std::string merged_statement;
    std::string reason;

    // For errors, logs and tables that others may read.
    [[nodiscard]] const std::string& shown_text() const { return shown.empty() ? text : shown; }
};

// A statement about tables, which it names.
[[nodiscard]] constexpr bool is_about_tables(statement_plan::kind kind) {
    using enum statement_plan::kind;
    switch (kind) {
    case create_table:
    case create_table_with_rows:
    case alter_table:
    case drop_table:
    case rename_table:
    case truncate_table:
    case create_index:
    case drop_index: return true;
    default: return false;
    }
}

[[nodiscard]] constexpr bool creates_table(statement_plan::kind kind) {
    using enum statement_plan::kind;
    return kind == create_table || kind == create_table_with_rows;
}

// Changes the definition of a table that stays the one it is.
[[nodiscard]] constexpr bool alters_table(statement_plan::kind kind) {
    using enum statement_plan::kind;
    return kind == alter_table || kind == create_index || kind == drop_index;
}

// Views, what runs at the target, and accounts with what they may do: the initial copy makes them
// behind its rows.
[[nodiscard]] constexpr bool is_program(statement_plan::kind kind) {
    using enum statement_plan::kind;
    return kind == view || kind == routine || kind == trigger || kind == event || kind == account;
}

[[nodiscard]] inline bool changes_selection(const statement_plan& plan) {
    return !plan.followed.empty() || !plan.forgotten.empty();
}

struct logged_statement {
    std::string_view text;
    std::string_view database; // default database when it was logged
    std::uint64_t sql_mode = 0;
    std::uint32_t source_version = 0; // for /*!50000 … */
    bool target_is_mariadb = false;
    std::uint16_t character_set_client = 45; // of the text: a collation's number; utf8mb4
    // The databases whose tables it changes, where that was logged.
    const std::vector<std::string>* updated_databases = nullptr;
    // Character sets that meant another collation than usual in MariaDB's session; "*": any.
    std::vector<std::string> recollated_charsets{};
    // Who executed it, where that was logged: whoever alters an event becomes its definer.
    std::optional<state::account_name> invoker{};
    // What the source told its client behind it; 0: nothing. Of DROP TABLE a, b, where b was not
    // there, older servers have dropped a.
    std::uint16_t error_code = 0;
    // A definition that the initial copy read: it brings a table into the shape of objects.tables,
    // and gives an account its roles, itself.
    bool of_initial_copy = false;

    // Views over the event, which must live as long.
    [[nodiscard]] static logged_statement of(const protocol::query_event& query,
                                             std::uint32_t source_version);
};

// errc::unsupported_statement when it touches (or could touch) selected objects in a way not
// understood: the error holds the statement and the reason.
[[nodiscard]] protocol::result<statement_plan>
plan_statement(const logged_statement& statement, const state::object_selection& selection);

} // namespace understudy::applier
