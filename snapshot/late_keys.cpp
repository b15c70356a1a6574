#include "snapshot/late_keys.hpp"

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/token_cursor.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace understudy::snapshot {

using applier::ddl::token;
using applier::ddl::token_cursor;

namespace {

// What the server printed is code in all its executable comments. It quotes as under sql_mode ''.
constexpr std::uint32_t any_version = std::numeric_limits<std::uint32_t>::max();

// A column, a key or a constraint of the definition: bytes of the text and its tokens.
struct item {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::vector<token> tokens; // with kind::end behind them
};

struct item_list {
    std::vector<item> items;
    std::size_t closing = 0; // the parenthesis behind them
};

token end_token(std::size_t at) {
    token end;
    end.begin = end.end = at;
    return end;
}

// Reads up to the parenthesis that closes the list, or to the end of the tokens.
item_list read_items(token_cursor& at, std::size_t begin) {
    item_list list;
    item current{.begin = begin, .end = begin, .tokens = {}};
    int depth = 0;
    const auto finish = [&](std::size_t end) {
        current.end = end;
        current.tokens.push_back(end_token(end));
        list.items.push_back(std::move(current));
    };
    for (; !at.at_end(); at.advance()) {
        const token& one = at.peek();
        if (at.sees_symbol('(')) ++depth;
        if (at.sees_symbol(')') && depth-- == 0) break;
        if (at.sees_symbol(',') && depth == 0) {
            finish(one.begin);
            current = {.begin = one.end, .end = one.end, .tokens = {}};
            continue;
        }
        current.tokens.push_back(one);
    }
    finish(at.peek().begin);
    list.closing = at.peek().begin;
    return list;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_plain_key(const item& one) {
    return token_cursor(one.tokens).sees("KEY");
}

bool is_known(const item& one) {
    const token_cursor at(one.tokens);
    return one.tokens.front().what == token::kind::identifier || at.sees("PRIMARY") ||
           at.sees("UNIQUE") || at.sees("KEY") || at.sees("CONSTRAINT");
}

// The name of the column of that definition, if its values count up by themselves.
std::optional<std::string> counting_column(const item& one) {
    if (one.tokens.front().what != token::kind::identifier) return std::nullopt;
    for (token_cursor at(one.tokens); !at.at_end(); at.advance()) {
        if (at.sees("AUTO_INCREMENT")) return one.tokens.front().text;
    }
    return std::nullopt;
}

bool names_column(const item& key, const std::string& column) {
    return std::ranges::any_of(key.tokens, [&](const token& one) {
        return one.what == token::kind::identifier && one.text == column;
    });
}

late_key make_key(const item& one, std::string_view text) {
    return {one.tokens.at(1).text,
            std::string(trimmed(text.substr(one.begin, one.end - one.begin)))};
}

} // namespace

split_definition split_keys(std::string_view text) {
    split_definition whole{std::string(text), {}};
    const auto list = applier::ddl::tokenize(text, 0, any_version);
    token_cursor at(list.tokens);
    if (!list.complete || !at.take("CREATE")) return whole;
    at.take("TEMPORARY");
    if (!at.take("TABLE") || !at.take_name() || !at.take_symbol('(')) return whole;
    const std::size_t first = at.peek().begin;
    const item_list found = read_items(at, first);
    if (at.at_end()) return whole;

    // FULLTEXT, SPATIAL and what servers may invent: in which order keys come would change.
    if (!std::ranges::all_of(found.items, is_known)) return whole;
    std::optional<std::string> counting;
    for (const item& one : found.items) {
        if (auto column = counting_column(one)) counting = std::move(column);
    }
    split_definition split{std::string(text.substr(0, first)), {}};
    // Keys keep their order: what comes late was behind all that is there from the beginning.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < found.items.size(); ++i) {
        if (counting && is_plain_key(found.items[i]) && names_column(found.items[i], *counting))
            kept = i;
    }
    for (std::size_t i = 0; i < found.items.size(); ++i) {
        const item& one = found.items[i];
        if (is_plain_key(one) && i > kept) {
            split.late.push_back(make_key(one, text));
            continue;
        }
        if (i > 0) split.table += ",\n  ";
        split.table += trimmed(text.substr(one.begin, one.end - one.begin));
    }
    if (split.late.empty()) return whole;
    split.table += '\n';
    split.table += text.substr(found.closing);
    return split;
}

std::string to_clauses(const std::vector<late_key>& keys) {
    std::string clauses;
    for (const late_key& one : keys) {
        if (!clauses.empty()) clauses += ",\n";
        clauses += one.clause;
    }
    return clauses;
}

std::vector<late_key> from_clauses(std::string_view clauses) {
    const auto list = applier::ddl::tokenize(clauses, 0, any_version);
    token_cursor at(list.tokens);
    std::vector<late_key> keys;
    for (const item& one : read_items(at, 0).items) {
        if (is_plain_key(one)) keys.push_back(make_key(one, clauses));
    }
    return keys;
}

} // namespace understudy::snapshot
