#include "precheck/target_probe.hpp"

#include "precheck/target_questions.hpp"
#include "protocol/session/source_facts.hpp"

namespace understudy::precheck {

namespace {

using applier::quote_string;

void ask_settings(target_questions& questions, target_seen& seen) {
    const auto answer = questions.ask(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'max_allowed_packet', "
        "'lower_case_table_names', 'partial_revokes', 'log_bin_trust_function_creators', "
        "'max_connections', 'max_user_connections', 'event_scheduler', 'local_infile')");
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

[[nodiscard]] std::optional<std::uint64_t> ask_status(target_questions& questions,
                                                      const std::string& name) {
    const auto answer = questions.ask("SHOW GLOBAL STATUS LIKE '" + name + "'");
    if (!answer || answer->rows.empty()) return std::nullopt;
    return to_number(text(answer->rows.front(), 1));
}

[[nodiscard]] std::optional<std::uint64_t> ask_history(target_questions& questions,
                                                       const target_seen& seen) {
    if (!seen.server.granted || !seen.server.granted->on_server("PROCESS")) return std::nullopt;
    const auto answer = questions.ask("SELECT COUNT FROM information_schema.INNODB_METRICS WHERE "
                                      "NAME = 'trx_rseg_history_len'");
    if (!answer || answer->rows.empty()) return std::nullopt;
    return to_number(text(answer->rows.front(), 0));
}

void ask_health(target_questions& questions, const source_seen& source, target_seen& seen) {
    seen.server.connections = ask_status(questions, "Threads_connected");
    seen.threads_running = ask_status(questions, "Threads_running");
    seen.history_length = ask_history(questions, seen);
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

void ask_accounts(target_questions& questions, const source_seen& source, target_seen& seen) {
    if (source.accounts.empty()) return;
    const auto answer = questions.ask("SELECT User, Host FROM mysql.user");
    if (!answer) return;
    std::set<state::account_name> there;
    for (const auto& row : answer->rows)
        there.insert({text(row, 0), text(row, 1)});
    for (const state::account_name& one : source.accounts) {
        if (there.contains(one)) seen.accounts.push_back(one);
    }
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
    look_at_target_objects(questions, spec, source, seen);
    ask_engines(questions, seen);
    ask_health(questions, source, seen);
    ask_accounts(questions, source, seen);
    if (!seen.server.is_mariadb) ask_system_users(questions, seen);
    return seen;
}

} // namespace understudy::precheck
