#include "snapshot/lost_characters.hpp"

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "applier/target_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

namespace understudy::snapshot {

using applier::ddl::token;
using applier::ddl::token_cursor;
using boost::asio::awaitable;
using protocol::result;

namespace {

constexpr std::uint32_t any_version = std::numeric_limits<std::uint32_t>::max();

// The definition of one column, from its name to its comma.
class column_reader {
public:
    column_reader(std::string_view text, token_cursor& at, std::vector<doubtful_literal>& found)
        : text_(text), at_(&at), found_(&found), column_(at.peek().text) {}

    void read() {
        at_->advance();
        const bool is_set = at_->sees("SET");
        if ((is_set || at_->sees("ENUM")) && at_->sees_symbol('(', 1)) read_labels(is_set);
        for (int depth = 0; !at_->at_end(); at_->advance()) {
            if (depth == 0 && (at_->sees_symbol(',') || at_->sees_symbol(')'))) return;
            if (at_->sees_symbol('(')) ++depth;
            if (at_->sees_symbol(')')) --depth;
            if (depth == 0 && at_->sees("DEFAULT")) look_at(at_->peek(1), 0, false);
        }
    }

private:
    void read_labels(bool is_set) {
        at_->advance();
        for (std::size_t label = 0; !at_->at_end() && !at_->sees_symbol(')'); at_->advance()) {
            if (at_->peek().what == token::kind::string) look_at(at_->peek(), ++label, is_set);
        }
        at_->advance();
    }
    void look_at(const token& literal, std::size_t label, bool is_set) {
        if (literal.what != token::kind::string) return;
        if (!text_.substr(literal.begin, literal.end - literal.begin).contains('?')) return;
        found_->push_back({column_, label, is_set, literal.begin, literal.end});
    }

    std::string_view text_;
    token_cursor* at_;
    std::vector<doubtful_literal>* found_;
    std::string column_;
};

bool may_lose_characters(std::string_view charset) {
    static constexpr std::array<std::string_view, 5> larger{"utf8mb4", "utf16", "utf16le", "utf32",
                                                            "gb18030"};
    return std::ranges::find(larger, charset) != larger.end();
}

// Their first byte in UTF-8 is 0xF0 or more, and no other byte of UTF-8 is.
bool has_lost_characters(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xF0; });
}

// NULL is of no row too, so the table need not have one.
std::string default_query(const state::object_name& table, const std::string& column) {
    return fmt::format("SELECT CONVERT(DEFAULT(t.{}) USING utf8mb4) FROM (SELECT 1) AS one LEFT "
                       "JOIN {} AS t ON 0",
                       column, table.to_string());
}

std::string label_query(const state::object_name& table, const doubtful_literal& one) {
    const std::string column = state::quote_identifier(one.column);
    if (one.is_of_set)
        return fmt::format("SELECT CONVERT({0} USING utf8mb4), BIT_COUNT({0} & {1}) FROM {2} WHERE "
                           "{0} & {3} LIMIT 1",
                           column, (1ULL << (one.label - 1)) - 1, table.to_string(),
                           1ULL << (one.label - 1));
    return fmt::format("SELECT CONVERT({0} USING utf8mb4) FROM {1} WHERE {0} = {2} LIMIT 1", column,
                       table.to_string(), one.label);
}

// Labels have no comma.
std::string part_of_set(std::string_view value, std::size_t index) {
    for (; index > 0; --index)
        value.remove_prefix(std::min(value.find(','), value.size() - 1) + 1);
    return std::string(value.substr(0, value.find(',')));
}

// nullopt: it cannot be known.
awaitable<result<std::optional<std::string>>> ask(protocol::net::connection& source,
                                                  const state::object_name& table,
                                                  const doubtful_literal& one) {
    const bool is_default = one.label == 0;
    auto answer =
        co_await source.query(is_default ? default_query(table, state::quote_identifier(one.column))
                                         : label_query(table, one));
    if (!answer)
        co_return protocol::wrap(std::move(answer.error()),
                                 fmt::format("reading what column {} of {} is defined with",
                                             state::quote_identifier(one.column),
                                             table.to_string()));
    if (answer->rows.empty() || !answer->rows[0][0]) co_return std::nullopt;
    const auto& row = answer->rows[0];
    if (!one.is_of_set || is_default) co_return *row[0];
    co_return part_of_set(*row[0], applier::to_number(row[1]));
}

std::string doubt_about(const doubtful_literal& one) {
    const std::string what = one.label == 0 ? "the default" : fmt::format("label {}", one.label);
    return fmt::format("{} of column {} has a \"?\" in SHOW CREATE TABLE, which may stand for a "
                       "character that the source cannot show there, such as an emoji, and no row "
                       "has it. The target's has the \"?\": if it is not one, mend it there (ALTER "
                       "TABLE … MODIFY)",
                       what, state::quote_identifier(one.column));
}

} // namespace

std::vector<doubtful_literal> doubtful_literals(std::string_view text) {
    std::vector<doubtful_literal> found;
    const auto list = applier::ddl::tokenize(text, 0, any_version);
    token_cursor at(list.tokens);
    while (!at.at_end() && !at.sees_symbol('('))
        at.advance();
    // The first name of each part that begins with one is a column's; keys begin with a word.
    while (!at.at_end() && !at.sees_symbol(')')) {
        at.advance();
        if (at.peek().what != token::kind::identifier) break;
        column_reader(text, at, found).read();
    }
    return found;
}

awaitable<result<whole_definition>> with_lost_characters(protocol::net::connection& source,
                                                         source_table table, std::string text) {
    whole_definition whole;
    std::size_t done = 0;
    for (const doubtful_literal& one : doubtful_literals(text)) {
        const auto column = std::ranges::find(table.columns, one.column, &column::name);
        if (column == table.columns.end() || !may_lose_characters(column->charset)) continue;
        auto real = co_await ask(source, table.name, one);
        if (!real) co_return std::unexpected(std::move(real.error()));
        if (!*real && whole.doubt.empty()) whole.doubt = doubt_about(one);
        if (!*real || !has_lost_characters(**real)) continue;
        whole.text += text.substr(done, one.begin - done) + applier::quote_string(**real);
        done = one.end;
    }
    whole.text += text.substr(done);
    co_return whole;
}

} // namespace understudy::snapshot
