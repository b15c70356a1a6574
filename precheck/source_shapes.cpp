// Whether selected tables can take what objects.tables makes of their rows.

#include "applier/target_table_loader.hpp"
#include "precheck/question_line.hpp"
#include "precheck/source_probe.hpp"
#include "state/condition/row_value.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace understudy::precheck {

namespace {

using boost::asio::awaitable;
using state::same_column;
using state::table_shape;

struct seen_column {
    std::string name;
    std::string type; // lower case
    bool generated = false;
    bool in_unique_key = false;
};

[[nodiscard]] awaitable<std::optional<std::vector<seen_column>>>
ask_columns(question_line& ask, state::object_name table) {
    const std::string where = " WHERE TABLE_SCHEMA = " + sql_string(table.database) +
                              " AND TABLE_NAME = " + sql_string(table.object);
    const auto answer = co_await ask.ask(
        "SELECT COLUMN_NAME, LOWER(DATA_TYPE), EXTRA FROM information_schema.COLUMNS" + where +
        " ORDER BY ORDINAL_POSITION");
    const auto keys =
        co_await ask.ask("SELECT DISTINCT COLUMN_NAME FROM information_schema.STATISTICS" + where +
                         " AND NON_UNIQUE = 0 AND COLUMN_NAME IS NOT NULL");
    if (!answer || !keys) co_return std::nullopt;
    std::set<std::string> keyed;
    for (std::size_t row = 0; row < keys->rows.size(); ++row)
        keyed.insert(text_at(keys->rows, row, 0));
    std::vector<seen_column> columns;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
        seen_column one;
        one.name = text_at(answer->rows, row, 0);
        one.type = text_at(answer->rows, row, 1);
        const std::string extra = text_at(answer->rows, row, 2);
        // "DEFAULT_GENERATED" is an expression default of an ordinary column.
        one.generated = extra.contains("VIRTUAL") || extra.contains("STORED GENERATED") ||
                        extra.contains("PERSISTENT");
        one.in_unique_key = keyed.contains(one.name);
        columns.push_back(std::move(one));
    }
    co_return columns;
}

bool is_compared(std::string_view type) {
    static constexpr std::array<std::string_view, 11> others{
        "json",         "vector",         "geometry",          "point",
        "linestring",   "polygon",        "multipoint",        "multilinestring",
        "multipolygon", "geomcollection", "geometrycollection"};
    return std::ranges::find(others, type) == others.end();
}

[[nodiscard]] std::string misfit_of(const table_shape& shape,
                                    const std::vector<seen_column>& columns) {
    std::vector<std::string> names;
    for (const seen_column& column : columns)
        names.push_back(column.name);
    if (const auto misfit = shape.find_misfit(names)) return *misfit;
    for (const seen_column& column : columns) {
        const std::string name = state::quote_identifier(column.name);
        if (shape.drops(column.name) && column.in_unique_key)
            return name + " is part of a unique key and cannot be dropped";
        if (!shape.where()) continue;
        const bool asked = std::ranges::any_of(shape.where()->columns(), [&](const auto& wanted) {
            return same_column(wanted.name, column.name);
        });
        if (asked && column.generated)
            return "where asks for " + name + ", which the server computes";
        if (asked && !is_compared(column.type))
            return "where asks for " + name + ", and values of type " + column.type +
                   " are not compared";
    }
    return {};
}

} // namespace

awaitable<void> look_at_shapes(question_line& ask, const state::object_selection& selection,
                               source_seen& seen) {
    if (!selection.shapes_anything()) co_return;
    for (table_fact& table : seen.tables) {
        const auto* const shape = selection.shape(table.name.database, table.name.object);
        if (shape == nullptr || table.is_view) continue;
        const auto columns = co_await ask_columns(ask, table.name);
        if (columns) table.shape_misfit = misfit_of(*shape, *columns);
    }
}

awaitable<void> look_at_columns(question_line& ask, const state::task_spec& spec,
                                source_seen& seen) {
    for (table_fact& table : seen.tables) {
        if (table.is_view) continue;
        const auto answer = co_await ask.ask(columns_question(table.name));
        if (!answer) co_return;
        for (std::size_t row = 0; row < answer->rows.size(); ++row) {
            table.columns.push_back(
                {text_at(answer->rows, row, 0), comparable_type(text_at(answer->rows, row, 1))});
        }
        if (!takes_common_columns(spec)) continue;
        const applier::table_questions questions(table.name);
        const auto columns = co_await ask.ask(questions.columns);
        const auto keys = co_await ask.ask(questions.keys);
        if (!columns || !keys) co_return;
        table.definition = applier::describe_answers(table.name, columns->rows, keys->rows);
    }
}

} // namespace understudy::precheck
