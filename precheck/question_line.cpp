#include "precheck/question_line.hpp"

#include "protocol/errc.hpp"

#include <algorithm>

namespace understudy::precheck {

std::string text_at(const table_of_text& rows, std::size_t row, std::size_t column) {
    if (row >= rows.size() || column >= rows[row].size()) return {};
    return rows[row][column].value_or("");
}

std::string sql_string(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += c;
        quoted += c;
    }
    return quoted + "'";
}

std::size_t question_line::answer::column(std::string_view name) const {
    const std::string wanted = lower_case(std::string(name));
    const auto found = std::ranges::find(columns, wanted, lower_case);
    return static_cast<std::size_t>(found - columns.begin());
}

boost::asio::awaitable<std::optional<question_line::answer>> question_line::ask(std::string sql) {
    if (lost_) co_return std::nullopt;
    auto result = co_await source_.query(sql);
    if (!result) {
        lost_ = result.error().code != make_error_code(protocol::errc::server_error);
        last_error_ = result.error().server.number;
        refused_.push_back(
            {std::move(sql), result.error().what, is_denied(result.error().server.number)});
        co_return std::nullopt;
    }
    answer found;
    for (const auto& column : result->columns)
        found.columns.push_back(column.name);
    found.rows = std::move(result->rows);
    co_return found;
}

boost::asio::awaitable<std::optional<question_line::answer>>
question_line::ask_of_table(std::string sql) {
    constexpr std::uint16_t unknown_database = 1049;
    constexpr std::uint16_t no_such_table = 1146;
    auto found = co_await ask(std::move(sql));
    const bool is_gone =
        !found && !lost_ && (last_error_ == unknown_database || last_error_ == no_such_table);
    if (is_gone) refused_.pop_back();
    co_return found;
}

boost::asio::awaitable<std::optional<question_line::answer>>
question_line::ask_of_account(std::string sql) {
    constexpr std::uint16_t no_such_grant = 1141; // ER_NONEXISTING_GRANT: of no such account
    auto found = co_await ask(std::move(sql));
    const bool is_gone = !found && !lost_ && last_error_ == no_such_grant;
    if (is_gone) refused_.pop_back();
    co_return found;
}

} // namespace understudy::precheck
