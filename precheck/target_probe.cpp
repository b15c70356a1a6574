#include "precheck/target_probe.hpp"

#include "protocol/session/source_facts.hpp"

#include <algorithm>
#include <set>

namespace understudy::precheck {

namespace {

using applier::quote_string;

// As question_line, for the blocking side.
class target_questions {
public:
    target_questions(applier::target_session& target, std::vector<unanswered>& refused)
        : target_(target), refused_(refused) {}

    [[nodiscard]] std::optional<applier::query_rows> ask(const std::string& sql) {
        if (target_.broken()) return std::nullopt;
        auto answer = target_.query(sql);
        if (answer) return *std::move(answer);
        const bool denied = is_denied(answer.error().server.number);
        refused_.push_back({sql, answer.error().what, denied});
        return std::nullopt;
    }

private:
    applier::target_session& target_;
    std::vector<unanswered>& refused_;
};

[[nodiscard]] std::string text(const std::vector<std::optional<std::string>>& row,
                               std::size_t column) {
    return column < row.size() ? row[column].value_or("") : std::string();
}

void ask_settings(target_questions& questions, target_seen& seen) {
    const auto answer = questions.ask(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'max_allowed_packet', "
        "'lower_case_table_names', 'partial_revokes', 'log_bin_trust_function_creators', "
        "'max_connections', 'max_user_connections')");
    if (!answer) return;
    for (const auto& row : answer->rows)
        seen.server.settings[text(row, 0)] = text(row, 1);
    if (const auto tls = questions.ask("SHOW SESSION STATUS LIKE 'Ssl_version'")) {
        if (!tls->rows.empty()) seen.server.tls_version = text(tls->rows.front(), 1);
    }
    if (const auto end = questions.ask(std::string(certificate_question));
        end && !end->rows.empty())
        seen.server.certificate_days = certificate_days(text(end->rows.front(), 1));
}

void ask_grants(target_questions& questions, target_seen& seen) {
    if (const auto account = questions.ask("SELECT CURRENT_USER()")) {
        if (!account->rows.empty()) seen.server.account = text(account->rows.front(), 0);
    }
    const auto answer = questions.ask("SHOW GRANTS");
    if (!answer) return;
    std::vector<std::string> lines;
    for (const auto& row : answer->rows)
        lines.push_back(text(row, 0));
    auto granted = grants::parse(lines, !is_on(seen.server.settings, "partial_revokes"));
    if (granted) {
        seen.server.granted = *std::move(granted);
    } else {
        seen.server.questions.push_back({"SHOW GRANTS", granted.error().what, false});
    }
}

void ask_existing(target_questions& questions, const source_seen& source, target_seen& seen) {
    const bool without_case = number(seen.server.settings, "lower_case_table_names") != 0;
    const auto as_compared = [&](const state::object_name& name) {
        if (!without_case) return name;
        return state::object_name{lower_case(name.database), lower_case(name.object)};
    };
    std::set<state::object_name> wanted;
    std::set<std::string> databases;
    for (const table_fact& table : source.tables) {
        wanted.insert(as_compared(table.on_target));
        databases.insert(table.on_target.database);
    }
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

void ask_columns(target_questions& questions, const source_seen& source, target_seen& seen) {
    for (const table_fact& table : source.tables) {
        if (table.is_view) continue;
        const auto answer = questions.ask(columns_question(table.on_target));
        if (!answer || answer->rows.empty()) continue;
        auto& columns = seen.columns[table.on_target];
        for (const auto& row : answer->rows)
            columns.push_back({text(row, 0), comparable_type(text(row, 1))});
    }
}

void ask_health(target_questions& questions, const source_seen& source, target_seen& seen) {
    if (const auto open = questions.ask("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
        open && !open->rows.empty())
        seen.server.connections = to_number(text(open->rows.front(), 1));
    if (const auto clock = questions.ask(std::string(protocol::clock_question)))
        seen.server.clock_offset = clock_offset(text(clock->rows.front(), 0));
    if (const auto all =
            questions.ask("SELECT COLLATION_NAME FROM information_schema.COLLATIONS")) {
        for (const auto& row : all->rows)
            seen.collations.insert(comparable_collation(text(row, 0)));
    }
    const auto zone = questions.ask("SELECT CONVERT_TZ('2000-01-01', '+00:00', " +
                                    quote_string(variable(source.server.settings, "time_zone")) +
                                    ") IS NOT NULL");
    seen.knows_time_zones = zone && text(zone->rows.front(), 0) == "1";
}

void ask_engines(target_questions& questions, target_seen& seen) {
    const auto answer = questions.ask("SELECT ENGINE FROM information_schema.ENGINES"
                                      " WHERE SUPPORT IN ('YES', 'DEFAULT')");
    if (!answer) return;
    for (const auto& row : answer->rows)
        seen.engines.push_back(lower_case(text(row, 0)));
}

// Only for the few accounts that may read the mysql schema; others stay in the dark.
void ask_system_users(target_questions& questions, target_seen& seen) {
    if (!seen.server.granted ||
        !seen.server.granted->on_table("SELECT", "mysql", "global_grants")) {
        return;
    }
    const auto answer = questions.ask("SELECT CONCAT(USER, '@', HOST) FROM mysql.global_grants"
                                      " WHERE PRIV = 'SYSTEM_USER'");
    if (!answer) return;
    seen.system_users.emplace();
    for (const auto& row : answer->rows)
        seen.system_users->push_back(text(row, 0));
}

} // namespace

target_seen look_at_target(applier::target_session& target, const state::task_spec& spec,
                           const source_seen& source) {
    target_seen seen;
    const applier::target_facts& facts = target.facts();
    seen.server.version = facts.version;
    seen.server.version_number = facts.version_number;
    seen.server.is_mariadb = facts.is_mariadb;
    seen.server.server_uuid = facts.server_uuid;
    seen.read_only = facts.read_only;
    target_questions questions(target, seen.server.questions);
    ask_settings(questions, seen);
    ask_grants(questions, seen);
    ask_existing(questions, source, seen);
    if (spec.adopts()) ask_columns(questions, source, seen);
    ask_engines(questions, seen);
    ask_health(questions, source, seen);
    if (!seen.server.is_mariadb) ask_system_users(questions, seen);
    return seen;
}

} // namespace understudy::precheck
