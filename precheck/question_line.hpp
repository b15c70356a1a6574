#pragma once

#include "precheck/facts.hpp"
#include "protocol/net/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy::precheck {

using table_of_text = std::vector<std::vector<std::optional<std::string>>>;

// The text of a field; NULL as nothing.
[[nodiscard]] std::string text_at(const table_of_text& rows, std::size_t row, std::size_t column);
// 'text' for a statement in any sql_mode that lets backslashes be (the session sets one).
[[nodiscard]] std::string sql_string(std::string_view text);

// Puts questions to the source one after the other and keeps a note of those that were refused.
// After a lost connection it asks no more. Lives on the connection's executor.
class question_line {
public:
    question_line(protocol::net::connection& source, std::vector<unanswered>& refused)
        : source_(source), refused_(refused) {}

    struct answer {
        std::vector<std::string> columns;
        table_of_text rows;
        // Of this name, in any case; behind the last where there is none.
        [[nodiscard]] std::size_t column(std::string_view name) const;
    };
    [[nodiscard]] boost::asio::awaitable<std::optional<answer>> ask(std::string sql);
    // About a table that may have been dropped or renamed since it was listed: then there is
    // nothing to be said of it.
    [[nodiscard]] boost::asio::awaitable<std::optional<answer>> ask_of_table(std::string sql);
    // The same of an account.
    [[nodiscard]] boost::asio::awaitable<std::optional<answer>> ask_of_account(std::string sql);

private:
    protocol::net::connection& source_;
    std::vector<unanswered>& refused_;
    bool lost_ = false;
    std::uint16_t last_error_ = 0;
};

} // namespace understudy::precheck
