// What definitions of the source have that not every target knows.

#include "precheck/question_line.hpp"
#include "precheck/source_probe.hpp"

namespace understudy::precheck {

namespace {

using boost::asio::awaitable;
using kind = feature_fact::kind;

// The first version that has all of it; what older ones have, every target has.
constexpr std::uint32_t features_since = 80016;

// sql: (table, part) of what is of that kind.
[[nodiscard]] awaitable<void> ask_parts(question_line& ask, kind what, std::string database,
                                        const state::object_selection& selection, std::string sql,
                                        source_seen& seen) {
    const auto answer = co_await ask.ask(sql + " ORDER BY 1, 2");
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        state::object_name table{database, text_at(answer->rows, row, 0)};
        if (selection.selects(table.database, table.object))
            seen.features.push_back({what, std::move(table), text_at(answer->rows, row, 1)});
    }
}

[[nodiscard]] awaitable<void> ask_features(question_line& ask, std::string database,
                                           const state::object_selection& selection,
                                           source_seen& seen) {
    const std::string here = sql_string(database);
    const std::string columns =
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = " +
        here + " AND ";
    co_await ask_parts(ask, kind::vector, database, selection, columns + "DATA_TYPE = 'vector'",
                       seen);
    co_await ask_parts(ask, kind::srid, database, selection, columns + "SRS_ID IS NOT NULL", seen);
    co_await ask_parts(ask, kind::invisible, database, selection,
                       columns + "EXTRA LIKE '%INVISIBLE%'", seen);
    co_await ask_parts(ask, kind::expression, database, selection,
                       "SELECT DISTINCT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS "
                       "WHERE TABLE_SCHEMA = " +
                           here + " AND EXPRESSION IS NOT NULL",
                       seen);
    co_await ask_parts(ask, kind::not_enforced, database, selection,
                       "SELECT TABLE_NAME, CONSTRAINT_NAME FROM "
                       "information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = " +
                           here + " AND ENFORCED = 'NO'",
                       seen);
}

[[nodiscard]] awaitable<void> ask_views(question_line& ask, std::string database,
                                        const state::object_selection& selection,
                                        source_seen& seen) {
    const auto answer = co_await ask.ask(
        "SELECT VIEW_NAME, TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEW_TABLE_USAGE "
        "WHERE VIEW_SCHEMA = " +
        sql_string(database));
    if (!answer) co_return;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        state::object_name view{database, text_at(answer->rows, row, 0)};
        if (!selection.selects(view.database, view.object)) continue;
        seen.view_tables.emplace_back(
            std::move(view),
            state::object_name{text_at(answer->rows, row, 1), text_at(answer->rows, row, 2)});
    }
}

} // namespace

awaitable<void> look_at_features(question_line& ask, const state::object_selection& selection,
                                 source_seen& seen) {
    if (seen.server.is_mariadb || seen.server.version_number < features_since) co_return;
    for (const std::string& database : seen.databases) {
        co_await ask_features(ask, database, selection, seen);
        co_await ask_views(ask, database, selection, seen);
    }
}

} // namespace understudy::precheck
