#include "precheck/source_probe.hpp"

#include "precheck/question_line.hpp"

#include <algorithm>
#include <tuple>

namespace understudy::precheck {

namespace {

[[nodiscard]] std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        if (comma != 0) parts.emplace_back(list.substr(0, comma));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return parts;
}

// Limits that the server sets for its clients would cut answers short. Executable comments: a
// server sets what it has.
constexpr const char* session_setup =
    "SET SESSION sql_mode = '', sql_select_limit = 18446744073709551615, sql_big_selects = 1"
    " /*!50708 , max_execution_time = 0 */ /*M!100300 , max_statement_time = 0 */";

[[nodiscard]] boost::asio::awaitable<void> ask_settings(question_line& ask, source_seen& seen) {
    // One statement that every version answers: a server leaves out what it does not have.
    const auto answer = co_await ask.ask(
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_id', 'server_uuid', 'log_bin', "
        "'binlog_format', 'binlog_row_image', 'binlog_row_value_options', "
        "'binlog_row_metadata', "
        "'gtid_mode', 'gtid_strict_mode', 'max_allowed_packet', "
        "'binlog_row_event_max_size', 'lower_case_table_names', 'partial_revokes', "
        "'innodb_native_foreign_keys', 'binlog_expire_logs_seconds', 'expire_logs_days', "
        "'log_replica_updates', 'log_slave_updates', 'binlog_checksum', 'time_zone', "
        "'max_connections', 'max_user_connections', 'binlog_expire_logs_auto_purge', "
        "'replica_skip_errors', 'slave_skip_errors', 'rpl_semi_sync_source_enabled', "
        "'rpl_semi_sync_master_enabled', 'rpl_semi_sync_source_timeout', "
        "'rpl_semi_sync_master_timeout')");
    if (!answer) co_return;
    variables& settings = seen.server.settings;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        settings[text_at(answer->rows, row, 0)] = text_at(answer->rows, row, 1);
    }
    seen.server.server_uuid = variable(settings, "server_uuid");
    seen.server_id = static_cast<std::uint32_t>(number(settings, "server_id"));
    seen.gtid_mode_on =
        variable(settings, seen.server.is_mariadb ? "gtid_strict_mode" : "gtid_mode") == "ON";
}

// Not through SHOW VARIABLES, which cuts long values.
[[nodiscard]] boost::asio::awaitable<void> ask_mariadb_position(question_line& ask,
                                                                source_seen& seen) {
    const std::string sql = "SELECT @@GLOBAL.gtid_binlog_pos";
    const auto answer = co_await ask.ask(sql);
    if (!answer) co_return;
    auto position = protocol::gtid_set::parse(text_at(answer->rows, 0, 0));
    if (position) {
        seen.executed = *std::move(position);
    } else {
        seen.server.questions.push_back({sql, position.error().what, false});
    }
}

[[nodiscard]] boost::asio::awaitable<void> ask_gtids(question_line& ask, source_seen& seen) {
    if (seen.server.is_mariadb) co_return co_await ask_mariadb_position(ask, seen);
    if (!seen.server.settings.contains("gtid_mode")) co_return;
    const std::string sql = "SELECT @@GLOBAL.gtid_executed, @@GLOBAL.gtid_purged";
    const auto answer = co_await ask.ask(sql);
    if (!answer) co_return;
    auto executed = protocol::gtid_set::parse(text_at(answer->rows, 0, 0));
    auto purged = protocol::gtid_set::parse(text_at(answer->rows, 0, 1));
    if (!executed || !purged) {
        seen.server.questions.push_back({sql, (executed ? purged : executed).error().what, false});
        co_return;
    }
    seen.executed = *std::move(executed);
    seen.purged = *std::move(purged);
}

[[nodiscard]] boost::asio::awaitable<void> ask_grants(question_line& ask, source_seen& seen) {
    const auto account = co_await ask.ask("SELECT CURRENT_USER()");
    if (account) seen.server.account = text_at(account->rows, 0, 0);
    const auto answer = co_await ask.ask("SHOW GRANTS");
    if (!answer) co_return;
    std::vector<std::string> lines;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        lines.push_back(text_at(answer->rows, row, 0));
    }
    auto granted = grants::parse(lines, !is_on(seen.server.settings, "partial_revokes"));
    if (granted) {
        seen.server.granted = *std::move(granted);
    } else {
        seen.server.questions.push_back({"SHOW GRANTS", granted.error().what, false});
    }
}

[[nodiscard]] boost::asio::awaitable<void> ask_log(question_line& ask, source_seen& seen) {
    if (!is_on(seen.server.settings, "log_bin")) co_return;
    if (const auto files = co_await ask.ask("SHOW BINARY LOGS")) {
        seen.log_files.emplace();
        for (std::size_t row = 0; row < files->rows.size(); ++row) {
            seen.log_files->push_back({text_at(files->rows, row, 0),
                                       to_number(text_at(files->rows, row, 1)).value_or(0)});
        }
    }
    constexpr std::uint32_t binary_log_status_since = 80200;
    const bool renamed =
        !seen.server.is_mariadb && seen.server.version_number >= binary_log_status_since;
    const auto status = co_await ask.ask(renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS");
    if (!status) co_return;
    seen.logged_databases = split(text_at(status->rows, 0, status->column("Binlog_Do_DB")));
    seen.unlogged_databases = split(text_at(status->rows, 0, status->column("Binlog_Ignore_DB")));
}

[[nodiscard]] boost::asio::awaitable<void> ask_replicas(question_line& ask, source_seen& seen) {
    // MariaDB shows its replicas only to those who may manage them, and knows them by id alone.
    if (seen.server.is_mariadb) co_return;
    constexpr std::uint32_t show_replicas_since = 80022;
    const bool renamed = seen.server.version_number >= show_replicas_since;
    const auto answer = co_await ask.ask(renamed ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS");
    if (!answer) co_return;
    const std::size_t uuid = answer->column(renamed ? "Replica_UUID" : "Slave_UUID");
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        seen.replicas.push_back(
            {static_cast<std::uint32_t>(to_number(text_at(answer->rows, row, 0)).value_or(0)),
             text_at(answer->rows, row, uuid), text_at(answer->rows, row, 1)});
    }
}

} // namespace

boost::asio::awaitable<source_seen> look_at_source(protocol::net::connection& source,
                                                   const state::task_spec& spec,
                                                   state::object_selection& selection) {
    source_seen seen;
    seen.server.version = source.server().version;
    seen.server.version_number = source.server().version_number;
    seen.server.is_mariadb = source.server().is_mariadb;
    seen.server.tls_version = source.server().tls_version;
    question_line ask(source, seen.server.questions);
    std::ignore = co_await ask.ask(session_setup);
    co_await ask_settings(ask, seen);
    selection.set_case_insensitive(number(seen.server.settings, "lower_case_table_names") != 0);
    co_await ask_grants(ask, seen);
    co_await ask_gtids(ask, seen);
    co_await ask_log(ask, seen);
    co_await ask_replicas(ask, seen);
    co_await look_at_objects(ask, spec, selection, seen);
    if (spec.initial.schema) co_await look_at_features(ask, selection, seen);
    co_await look_at_accounts(ask, spec, selection, seen);
    co_await look_at_health(ask, selection, seen);
    co_return seen;
}

} // namespace understudy::precheck
