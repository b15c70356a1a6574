#include "precheck/target_questions.hpp"

#include "applier/target_table_loader.hpp"

#include <set>

namespace understudy::precheck {

using applier::quote_string;

std::optional<applier::query_rows> target_questions::ask(const std::string& sql) {
    if (target_.broken()) return std::nullopt;
    auto answer = target_.query(sql);
    if (answer) return *std::move(answer);
    const bool denied = is_denied(answer.error().server.number);
    refused_.push_back({sql, answer.error().what, denied});
    return std::nullopt;
}

std::string text(const std::vector<std::optional<std::string>>& row, std::size_t column) {
    return column < row.size() ? row[column].value_or("") : std::string();
}

namespace {

void ask_existing(target_questions& questions, const source_seen& source,
                  const std::set<std::string>& databases, target_seen& seen) {
    const bool without_case = number(seen.server.settings, "lower_case_table_names") != 0;
    const auto as_compared = [&](const state::object_name& name) {
        if (!without_case) return name;
        return state::object_name{lower_case(name.database), lower_case(name.object)};
    };
    std::set<state::object_name> wanted;
    for (const table_fact& table : source.tables)
        wanted.insert(as_compared(table.on_target));
    for (const std::string& database : databases) {
        const auto answer = questions.ask(
            "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES"
            " WHERE TABLE_SCHEMA = " +
            quote_string(database));
        if (!answer) continue;
        for (const auto& row : answer->rows) {
            state::object_name name{text(row, 0), text(row, 1)};
            if (!wanted.contains(as_compared(name))) continue;
            seen.existing.push_back(name);
            if (text(row, 2) != "BASE TABLE") continue;
            const auto any = questions.ask("SELECT 1 FROM " + name.to_string() + " LIMIT 1");
            if (any && !any->rows.empty()) seen.filled.push_back(std::move(name));
        }
    }
}

void ask_columns(target_questions& questions, const state::task_spec& spec,
                 const source_seen& source, target_seen& seen) {
    for (const table_fact& table : source.tables) {
        if (table.is_view) continue;
        const auto answer = questions.ask(columns_question(table.on_target));
        if (!answer || answer->rows.empty()) continue;
        auto& columns = seen.columns[table.on_target];
        for (const auto& row : answer->rows)
            columns.push_back({text(row, 0), comparable_type(text(row, 1))});
        if (!takes_common_columns(spec)) continue;
        const applier::table_questions ask(table.on_target);
        const auto described = questions.ask(ask.columns);
        const auto keys = questions.ask(ask.keys);
        if (!described || !keys) continue;
        seen.definitions[table.on_target] =
            applier::describe_answers(table.on_target, described->rows, keys->rows);
    }
}

[[nodiscard]] std::string in_list(const std::set<std::string>& names) {
    std::string list;
    for (const std::string& name : names)
        list += (list.empty() ? "(" : ", ") + quote_string(name);
    return list + ")";
}

// One question for all databases, as each of them walks through the server's dictionary.
void ask_triggers(target_questions& questions, const std::string& databases, target_seen& seen) {
    const auto answer = questions.ask("SELECT TRIGGER_SCHEMA, EVENT_OBJECT_TABLE, TRIGGER_NAME, "
                                      "ACTION_STATEMENT LIKE '%@understudy\\_applying%' FROM "
                                      "information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN " +
                                      databases);
    if (!answer) return;
    const std::set<state::object_name> there(seen.existing.begin(), seen.existing.end());
    for (const auto& row : answer->rows) {
        state::object_name table{text(row, 0), text(row, 1)};
        if (there.contains(table))
            seen.triggers.push_back({text(row, 2), std::move(table), text(row, 3) == "1"});
    }
}

void ask_children(target_questions& questions, const std::string& databases, target_seen& seen) {
    const auto answer = questions.ask(
        "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME "
        "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA IN " +
        databases);
    if (!answer) return;
    const std::set<state::object_name> there(seen.existing.begin(), seen.existing.end());
    for (const auto& row : answer->rows) {
        state::object_name parent{text(row, 2), text(row, 3)};
        if (there.contains(parent))
            seen.children.push_back({{text(row, 0), text(row, 1)}, std::move(parent)});
    }
}

void ask_events(target_questions& questions, const std::string& databases, target_seen& seen) {
    const auto answer = questions.ask("SELECT EVENT_SCHEMA, EVENT_NAME FROM "
                                      "information_schema.EVENTS WHERE STATUS = 'ENABLED' AND "
                                      "EVENT_SCHEMA IN " +
                                      databases);
    if (!answer) return;
    for (const auto& row : answer->rows)
        seen.events.push_back({text(row, 0), text(row, 1)});
}

void ask_residents(target_questions& questions, const state::task_spec& spec, target_seen& seen) {
    const auto there = questions.ask(meta_tables_question(spec.apply.meta_database));
    if (!there || there->rows.size() < 2) return;
    const auto answer = questions.ask(residents_question(spec.apply.meta_database, spec.name));
    if (!answer) return;
    for (const auto& row : answer->rows)
        seen.server.tasks.push_back({text(row, 0), text(row, 1), text(row, 2)});
}

} // namespace

void look_at_target_objects(target_questions& questions, const state::task_spec& spec,
                            const source_seen& source, target_seen& seen) {
    std::set<std::string> databases;
    for (const table_fact& table : source.tables)
        databases.insert(table.on_target.database);
    if (databases.empty()) return;
    ask_existing(questions, source, databases, seen);
    if (compares_columns(spec)) ask_columns(questions, spec, source, seen);
    ask_residents(questions, spec, seen);
    ask_events(questions, in_list(databases), seen);
    if (seen.existing.empty()) return;
    ask_triggers(questions, in_list(databases), seen);
    ask_children(questions, in_list(databases), seen);
}

} // namespace understudy::precheck
