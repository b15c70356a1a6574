#include "snapshot/key_range.hpp"

#include "protocol/assert.hpp"
#include "snapshot/column_values.hpp"
#include "snapshot/json_expression.hpp"

#include <fmt/format.h>

namespace understudy::snapshot {

namespace {

std::string name_of(const source_table& table, std::size_t key_column) {
    return state::quote_identifier(table.columns[table.order->columns[key_column]].name);
}

// Rows on one side of a bound, which are there in the sense of `side` ('>' or '<') and, where they
// begin with all of its values, of `last`.
std::string beyond(const source_table& table, const std::vector<std::string>& bound, char side,
                   std::string_view last, std::size_t at = 0) {
    const std::string name = name_of(table, at);
    if (at + 1 == bound.size()) return fmt::format("{} {} {}", name, last, bound[at]);
    return fmt::format("{0} {1}= {2} AND ({0} {1} {2} OR ({0} = {2} AND {3}))", name, side,
                       bound[at], beyond(table, bound, side, last, at + 1));
}

std::string column_list(const source_table& table) {
    std::string list;
    for (const column& one : table.columns) {
        if (one.generated) continue;
        if (!list.empty()) list += ", ";
        list += select_expression(one);
        if (!one.tells_json_types) continue;
        const std::string name = state::quote_identifier(one.name);
        list += ", " + element_types_of(name) + ", " + member_types_of(name);
    }
    return list;
}

} // namespace

std::string to_lines(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) {
        if (!text.empty()) text += '\n';
        text += value;
    }
    return text;
}

std::vector<std::string> from_lines(const std::string& text) {
    std::vector<std::string> values;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        values.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return values;
}

std::string condition_of(const source_table& table, const key_range& range) {
    std::string condition;
    UNDERSTUDY_ASSERT(range.after.size() <= table.order->columns.size());
    if (!range.after.empty()) condition = beyond(table, range.after, '>', ">");
    if (!range.upper.empty()) {
        if (!condition.empty()) condition += " AND ";
        condition += beyond(table, range.upper, '<', "<=");
    }
    return condition;
}

std::string select_all(const source_table& table) {
    return fmt::format("SELECT {} FROM {}", column_list(table), table.name.to_string());
}

std::string select_chunk(const source_table& table, const key_range& range,
                         std::uint64_t row_count) {
    UNDERSTUDY_ASSERT(table.order.has_value());
    std::string sql = fmt::format("{} FORCE INDEX ({})", select_all(table),
                                  state::quote_identifier(table.order->index));
    if (const std::string condition = condition_of(table, range); !condition.empty())
        sql += " WHERE " + condition;
    for (std::size_t i = 0; i < table.order->columns.size(); ++i)
        sql += (i == 0 ? " ORDER BY " : ", ") + name_of(table, i);
    return sql + fmt::format(" LIMIT {}", row_count);
}

} // namespace understudy::snapshot
