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

// MariaDB shows the status of a replica only to those who may manage it.
[[nodiscard]] awaitable<bool> ask_if_replica(question_line& ask, const source_seen& seen) {
    if (seen.server.is_mariadb) co_return co_await ask_status(ask, "Slaves_running") > 0U;
    constexpr std::uint32_t renamed_in = 80022;
    const auto answer = co_await ask.ask(
        seen.server.version_number >= renamed_in ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS");
    co_return answer && !answer->rows.empty();
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
    seen.is_replica = co_await ask_if_replica(ask, seen);
    seen.server.connections = co_await ask_status(ask, "Threads_connected");
    co_await ask_transactions(ask, seen);
    if (const auto clock = co_await ask.ask(std::string(protocol::clock_question)))
        seen.server.clock_offset = clock_offset(text_at(clock->rows, 0, 0));
    for (const std::string& database : seen.databases)
        co_await ask_collations(ask, selection, database, seen);
}

} // namespace understudy::precheck
