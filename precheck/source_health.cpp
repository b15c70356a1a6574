// How the source is: what it replicates itself, how busy it is, what it is in the middle of.

#include "precheck/question_line.hpp"
#include "precheck/source_probe.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

namespace understudy::precheck {

namespace {

using boost::asio::awaitable;

[[nodiscard]] std::optional<std::uint64_t> to_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end == text.data()) return std::nullopt;
    return value;
}

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

// `_orders_gho` of gh-ost, `_orders_new` of pt-online-schema-change.
[[nodiscard]] bool is_of_schema_change(std::string_view name) {
    constexpr std::array<std::string_view, 4> endings{"_gho", "_ghc", "_new", "_del"};
    return name.starts_with('_') &&
           std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

[[nodiscard]] awaitable<void> ask_foreign_keys(question_line& ask,
                                               const state::object_selection& selection,
                                               std::string database, source_seen& seen) {
    const auto answer =
        co_await ask.ask("SELECT TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME FROM "
                         "information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = " +
                         sql_string(database));
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        const state::object_name child{database, text_at(answer->rows, row, 0)};
        const state::object_name parent{text_at(answer->rows, row, 1),
                                        text_at(answer->rows, row, 2)};
        if (!selection.selects(child.database, child.object) ||
            selection.selects(parent.database, parent.object))
            continue;
        seen.parents_left_out.push_back(child.to_string() + " refers to " + parent.to_string());
    }
}

[[nodiscard]] awaitable<void> ask_collations(question_line& ask, std::string database,
                                             source_seen& seen) {
    const auto answer =
        co_await ask.ask("SELECT TABLE_NAME, COLLATION_NAME, MIN(COLUMN_NAME) FROM "
                         "information_schema.COLUMNS WHERE TABLE_SCHEMA = " +
                         sql_string(database) +
                         " AND COLLATION_NAME IS NOT NULL GROUP BY TABLE_NAME, COLLATION_NAME");
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        const state::object_name table{database, text_at(answer->rows, row, 0)};
        const bool selected = std::ranges::any_of(
            seen.tables, [&](const table_fact& one) { return one.name == table; });
        if (!selected) continue;
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
    if (const auto clock = co_await ask.ask(std::string(clock_question)))
        seen.server.clock_offset = clock_offset(text_at(clock->rows, 0, 0));
    for (const std::string& database : seen.databases) {
        co_await ask_foreign_keys(ask, selection, database, seen);
        co_await ask_collations(ask, database, seen);
    }
    for (const table_fact& table : seen.tables) {
        if (is_of_schema_change(table.name.object))
            seen.schema_changes.push_back(table.name.to_string());
    }
}

} // namespace understudy::precheck
