#include "applier/ddl/mariadb_dialect.hpp"
#include "precheck/question_line.hpp"
#include "precheck/source_probe.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace understudy::precheck {

namespace {

using boost::asio::awaitable;

[[nodiscard]] awaitable<void>
ask_databases(question_line& ask, const state::object_selection& selection, source_seen& seen) {
    const auto answer = co_await ask.ask("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA");
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        std::string database = text_at(answer->rows, row, 0);
        if (selection.touches_database(database)) seen.databases.push_back(std::move(database));
    }
}

// Everything in one database, before the selection; also what tells if a pattern fits at all.
[[nodiscard]] awaitable<std::vector<table_fact>> ask_tables(question_line& ask,
                                                            std::string database) {
    std::vector<table_fact> tables;
    const std::string where = " WHERE TABLE_SCHEMA = " + sql_string(database);
    const auto answer = co_await ask.ask(
        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES" + where);
    if (!answer) co_return tables;
    const auto keys =
        co_await ask.ask("SELECT TABLE_NAME FROM information_schema.STATISTICS" + where +
                         " AND NON_UNIQUE = 0 GROUP BY TABLE_NAME, INDEX_NAME"
                         " HAVING SUM(NULLABLE = 'YES') = 0 AND SUM(COLUMN_NAME IS NULL) = 0");
    const std::string here = sql_string(database);
    const auto links = co_await ask.ask(
        "SELECT TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, CONSTRAINT_SCHEMA = " +
        here +
        ", DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL') FROM "
        "information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = " +
        here + " OR UNIQUE_CONSTRAINT_SCHEMA = " + here);
    if (!keys || !links) co_return tables;
    std::set<std::string> keyed;
    for (std::size_t row = 0; row < keys->rows.size(); ++row) {
        keyed.insert(text_at(keys->rows, row, 0));
    }
    std::set<std::string> cascades;
    std::map<std::string, std::vector<state::object_name>> parents;
    for (std::size_t row = 0; row < links->rows.size(); ++row) {
        const std::string child = text_at(links->rows, row, 0);
        const std::string parent = text_at(links->rows, row, 2);
        if (text_at(links->rows, row, 3) == "1")
            parents[child].push_back({text_at(links->rows, row, 1), parent});
        if (text_at(links->rows, row, 4) == "1") cascades.insert({child, parent});
    }
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        table_fact table;
        table.name = {database, text_at(answer->rows, row, 0)};
        const std::string type = text_at(answer->rows, row, 1);
        table.is_view = type.contains("VIEW");
        if (type == "SEQUENCE") table.not_in_mysql = "a sequence";
        if (type == "SYSTEM VERSIONED") table.not_in_mysql = "system versioning";
        table.engine = text_at(answer->rows, row, 2);
        table.has_key = keyed.contains(table.name.object);
        table.cascades = cascades.contains(table.name.object);
        table.parents = std::move(parents[table.name.object]);
        tables.push_back(std::move(table));
    }
    co_return tables;
}

// Columns that a MariaDB before 10.1, or one with mysql56_temporal_format = OFF, has made: their
// values have another form in the log, and it does not say of what precision they are.
[[nodiscard]] awaitable<std::set<std::string>> ask_old_times(question_line& ask,
                                                             std::string database) {
    std::set<std::string> tables;
    const auto answer =
        co_await ask.ask("SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS"
                         " WHERE TABLE_SCHEMA = " +
                         sql_string(database) + " AND COLUMN_TYPE LIKE '%/* mariadb-5.3 */%'");
    if (!answer) co_return tables;
    for (std::size_t row = 0; row < answer->rows.size(); ++row)
        tables.insert(text_at(answer->rows, row, 0));
    co_return tables;
}

// Names of CHECK constraints that several tables of the database have: in MySQL only one can.
[[nodiscard]] awaitable<std::map<std::string, std::string>>
ask_shared_checks(question_line& ask, std::string database) {
    std::map<std::string, std::string> name_of_table;
    const std::string where = " WHERE CONSTRAINT_SCHEMA = " + sql_string(database) +
                              " AND LEVEL = 'Table' AND CONSTRAINT_NAME NOT REGEXP "
                              "'^CONSTRAINT_[0-9]+$'";
    const auto answer = co_await ask.ask(
        "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.CHECK_CONSTRAINTS" + where +
        " AND CONSTRAINT_NAME IN (SELECT CONSTRAINT_NAME FROM "
        "information_schema.CHECK_CONSTRAINTS" +
        where + " GROUP BY CONSTRAINT_NAME HAVING COUNT(*) > 1)");
    if (!answer) co_return name_of_table;
    for (std::size_t row = 0; row < answer->rows.size(); ++row)
        name_of_table[text_at(answer->rows, row, 0)] = text_at(answer->rows, row, 1);
    co_return name_of_table;
}

// The copy translates definitions in the same way (applier/ddl/mariadb_dialect.hpp).
[[nodiscard]] awaitable<void> compare_dialects(question_line& ask, std::uint32_t version,
                                               table_fact& table) {
    if (table.is_view || !table.not_in_mysql.empty()) co_return;
    const auto answer = co_await ask.ask_of_table("SHOW CREATE TABLE " + table.name.to_string());
    if (!answer) co_return;
    const std::string text = text_at(answer->rows, 0, 1);
    auto translated = applier::ddl::mariadb_dialect(text, 0, version).for_mysql();
    if (!translated) table.not_in_mysql = std::move(translated.error().what);
}

// One kind of object with a definer; `table` is what the object belongs to, for triggers.
[[nodiscard]] awaitable<void> ask_definers(question_line& ask, std::string kind, std::string sql,
                                           const state::object_selection& selection,
                                           source_seen& seen) {
    const auto answer = co_await ask.ask(std::move(sql));
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        const state::object_name name{text_at(answer->rows, row, 0), text_at(answer->rows, row, 1)};
        const std::string table = text_at(answer->rows, row, 2);
        const bool selected = table.empty() ? selection.selects_database(name.database)
                                            : selection.selects(name.database, table);
        if (selected) seen.definers.push_back({kind, name, text_at(answer->rows, row, 3)});
    }
}

[[nodiscard]] awaitable<void> ask_all_definers(question_line& ask, std::string database,
                                               const state::object_selection& selection,
                                               source_seen& seen) {
    const std::string name = sql_string(database);
    co_await ask_definers(ask, "view",
                          "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_NAME, DEFINER"
                          " FROM information_schema.VIEWS WHERE TABLE_SCHEMA = " +
                              name,
                          selection, seen);
    co_await ask_definers(ask, "trigger",
                          "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, DEFINER"
                          " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = " +
                              name,
                          selection, seen);
    co_await ask_definers(ask, "event",
                          "SELECT EVENT_SCHEMA, EVENT_NAME, '', DEFINER"
                          " FROM information_schema.EVENTS WHERE EVENT_SCHEMA = " +
                              name,
                          selection, seen);
    for (const std::string type : {"PROCEDURE", "FUNCTION"}) {
        std::string sql = "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, '', DEFINER"
                          " FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = " +
                          name + " AND ROUTINE_TYPE = '" + type + "'";
        std::string kind = type == "PROCEDURE" ? "procedure" : "function";
        co_await ask_definers(ask, std::move(kind), std::move(sql), selection, seen);
    }
}

// An include pattern that fits nothing is often a slip of the pen.
void note_unmatched(const state::task_spec& spec, const state::object_selection& selection,
                    source_seen& seen) {
    for (const std::string& text : spec.objects.include) {
        state::task_spec alone = spec;
        alone.objects.include = {text};
        alone.objects.rename.clear();
        auto only = state::object_selection::make(alone);
        if (!only) continue; // refused with the task file already
        only->set_case_insensitive(selection.is_case_insensitive());
        const bool fits =
            std::ranges::any_of(seen.tables,
                                [&](const table_fact& table) {
                                    return only->selects(table.name.database, table.name.object);
                                }) ||
            std::ranges::any_of(seen.databases, [&](const std::string& database) {
                return only->selects_database(database);
            });
        if (!fits) seen.unmatched.push_back(text);
    }
}

// Tasks that write to the source; only an account with rights on the meta database is shown them.
[[nodiscard]] awaitable<void> ask_residents(question_line& ask, std::string meta_database,
                                            source_seen& seen) {
    const auto there = co_await ask.ask(meta_tables_question(meta_database));
    if (!there || there->rows.size() < 2) co_return;
    const auto answer = co_await ask.ask(residents_question(meta_database, ""));
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        seen.server.tasks.push_back({text_at(answer->rows, row, 0), text_at(answer->rows, row, 1),
                                     text_at(answer->rows, row, 2)});
    }
    // An older version has none.
    const auto knows = co_await ask.ask(upstream_table_question(meta_database));
    if (!knows || knows->rows.empty()) co_return;
    const auto upstream = co_await ask.ask(upstream_question(meta_database));
    if (!upstream) co_return;
    for (std::size_t row = 0; row < upstream->rows.size(); ++row) {
        for (resident_task& task : seen.server.tasks) {
            if (task.name == text_at(upstream->rows, row, 0))
                task.upstream.insert(text_at(upstream->rows, row, 1));
        }
    }
}

} // namespace

boost::asio::awaitable<void> look_at_objects(question_line& ask, const state::task_spec& spec,
                                             const state::object_selection& selection,
                                             source_seen& seen) {
    co_await ask_databases(ask, selection, seen);
    for (const std::string& database : seen.databases) {
        std::vector<table_fact> tables = co_await ask_tables(ask, database);
        std::set<std::string> old_times;
        std::map<std::string, std::string> shared_checks;
        if (seen.server.is_mariadb) {
            old_times = co_await ask_old_times(ask, database);
            shared_checks = co_await ask_shared_checks(ask, database);
        }
        for (table_fact& table : tables) {
            if (!selection.makes(database, table.name.object)) continue;
            table.on_target = selection.map(database, table.name.object);
            if (seen.server.is_mariadb) {
                if (old_times.contains(table.name.object))
                    table.not_in_mysql = "times in the format of MariaDB 5.3 (ALTER TABLE … FORCE "
                                         "makes them new)";
                if (const auto check = shared_checks.find(table.name.object);
                    check != shared_checks.end())
                    table.not_in_mysql = "the CHECK constraint " +
                                         state::quote_identifier(check->second) +
                                         ", whose name another table has too";
                co_await compare_dialects(ask, seen.server.version_number, table);
            }
            seen.tables.push_back(std::move(table));
        }
        if (spec.initial.schema) co_await ask_all_definers(ask, database, selection, seen);
    }
    note_unmatched(spec, selection, seen);
    co_await ask_residents(ask, spec.apply.meta_database, seen);
    co_await look_at_shapes(ask, selection, seen);
    if (compares_columns(spec)) co_await look_at_columns(ask, spec, seen);
}

} // namespace understudy::precheck
