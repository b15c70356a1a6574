// How the source is: what it replicates itself, how busy it is, what it is in the middle of.

#include "precheck/question_line.hpp"
#include "precheck/source_probe.hpp"
#include "protocol/session/source_facts.hpp"

namespace understudy::precheck {

namespace {

using boost::asio::awaitable;

[[nodiscard]] awaitable<std::optional<std::uint64_t>> ask_status(question_line& ask,
                                                                 std::string name) {
    const auto answer = co_await ask.ask("SHOW GLOBAL STATUS LIKE '" + name + "'");
    if (!answer || answer->rows.empty()) co_return std::nullopt;
    co_return to_number(text_at(answer->rows, 0, 1));
}

// MariaDB shows the status of a replica only to those who may manage it. A row for each channel.
[[nodiscard]] awaitable<void> ask_if_replica(question_line& ask, source_seen& seen) {
    if (seen.server.is_mariadb) {
        seen.is_replica = co_await ask_status(ask, "Slaves_running") > 0U;
        co_return;
    }
    constexpr std::uint32_t renamed_in = 80022;
    const bool renamed = seen.server.version_number >= renamed_in;
    const auto answer = co_await ask.ask(renamed ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");
    if (!answer) co_return;
    seen.is_replica = !answer->rows.empty();
    const auto lag = answer->column(renamed ? "Seconds_Behind_Source" : "Seconds_Behind_Master");
    const auto applies = answer->column(renamed ? "Replica_SQL_Running" : "Slave_SQL_Running");
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        if (text_at(answer->rows, row, applies) == "No") seen.replica_applies = false;
        const auto seconds = to_number(text_at(answer->rows, row, lag));
        if (seconds) seen.replica_lag = std::max(*seconds, seen.replica_lag.value_or(0));
    }
}

// A session keeps what it began with, or has set, when the global setting is mended. MariaDB and
// MySQL 5.6 show the settings of a session to itself alone.
[[nodiscard]] awaitable<void> ask_sessions(question_line& ask, source_seen& seen) {
    constexpr std::uint32_t shown_since = 50700;
    if (seen.server.is_mariadb || seen.server.version_number < shown_since) co_return;
    if (!seen.server.granted ||
        !seen.server.granted->on_table("SELECT", "performance_schema", "variables_by_thread"))
        co_return;
    const auto answer = co_await ask.ask(
        "SELECT VARIABLE_NAME, VARIABLE_VALUE, COUNT(*) FROM "
        "performance_schema.variables_by_thread WHERE (VARIABLE_NAME = 'binlog_format' AND "
        "VARIABLE_VALUE <> 'ROW') OR (VARIABLE_NAME = 'binlog_row_image' AND VARIABLE_VALUE <> "
        "'FULL') OR (VARIABLE_NAME = 'sql_log_bin' AND VARIABLE_VALUE = 'OFF') GROUP BY "
        "VARIABLE_NAME, VARIABLE_VALUE");
    if (!answer) co_return;
    seen.odd_sessions.emplace();
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        const std::string setting =
            text_at(answer->rows, row, 0) + " = " + text_at(answer->rows, row, 1);
        (*seen.odd_sessions)[setting] = to_number(text_at(answer->rows, row, 2)).value_or(0);
    }
}

// Before 5.7 they are in the log, and to be seen, only when they are committed.
[[nodiscard]] awaitable<void> ask_prepared(question_line& ask, source_seen& seen) {
    constexpr std::uint32_t privilege_since = 80000;
    constexpr std::uint32_t logged_since = 50700;
    const std::uint32_t version = seen.server.version_number;
    if (version < logged_since) co_return;
    const bool needs_privilege = !seen.server.is_mariadb && version >= privilege_since;
    if (needs_privilege &&
        (!seen.server.granted || !seen.server.granted->on_server("XA_RECOVER_ADMIN")))
        co_return;
    const auto answer = co_await ask.ask("XA RECOVER");
    if (answer) seen.prepared_transactions = answer->rows.size();
}

[[nodiscard]] awaitable<void> ask_transactions(question_line& ask, source_seen& seen) {
    if (!seen.server.granted || !seen.server.granted->on_server("PROCESS")) co_return;
    const auto answer =
        co_await ask.ask("SELECT MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())) FROM "
                         "information_schema.innodb_trx");
    if (answer) seen.oldest_transaction = to_number(text_at(answer->rows, 0, 0));
}

[[nodiscard]] awaitable<void> ask_collations(question_line& ask,
                                             const state::object_selection& selection,
                                             std::string database, source_seen& seen) {
    const auto answer =
        co_await ask.ask("SELECT TABLE_NAME, COLLATION_NAME, MIN(COLUMN_NAME) FROM "
                         "information_schema.COLUMNS WHERE TABLE_SCHEMA = " +
                         sql_string(database) +
                         " AND COLLATION_NAME IS NOT NULL GROUP BY TABLE_NAME, COLLATION_NAME");
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        const state::object_name table{database, text_at(answer->rows, row, 0)};
        if (!selection.selects(table.database, table.object)) continue;
        // The first column of each is enough to find it.
        seen.collations.try_emplace(comparable_collation(text_at(answer->rows, row, 1)),
                                    table.to_string() + "." + text_at(answer->rows, row, 2));
    }
}

} // namespace

awaitable<void> look_at_health(question_line& ask, const state::object_selection& selection,
                               source_seen& seen) {
    co_await ask_if_replica(ask, seen);
    co_await ask_sessions(ask, seen);
    co_await ask_prepared(ask, seen);
    seen.server.connections = co_await ask_status(ask, "Threads_connected");
    co_await ask_transactions(ask, seen);
    if (const auto clock = co_await ask.ask(std::string(protocol::clock_question)))
        seen.server.clock_offset = clock_offset(text_at(clock->rows, 0, 0));
    if (const auto end = co_await ask.ask(std::string(certificate_question)))
        seen.server.certificate_days = certificate_days(text_at(end->rows, 0, 1));
    for (const std::string& database : seen.databases)
        co_await ask_collations(ask, selection, database, seen);
}

} // namespace understudy::precheck
