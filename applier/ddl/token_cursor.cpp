#include "applier/ddl/token_cursor.hpp"

#include <algorithm>

namespace understudy::applier::ddl {

namespace {

char upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool names_something(const token& one) {
    return one.what == token::kind::word || one.what == token::kind::identifier;
}

} // namespace

bool equal_keyword(std::string_view word, std::string_view keyword) {
    return std::ranges::equal(word, keyword, [](char a, char b) { return upper(a) == upper(b); });
}

bool token_cursor::sees(std::string_view keyword, std::size_t ahead) const {
    const auto& one = peek(ahead);
    return one.what == token::kind::word && equal_keyword(one.text, keyword);
}

bool token_cursor::sees_symbol(char symbol, std::size_t ahead) const {
    const auto& one = peek(ahead);
    return one.what == token::kind::symbol && one.text[0] == symbol;
}

bool token_cursor::take(std::string_view keyword) {
    if (!sees(keyword)) return false;
    advance();
    return true;
}

bool token_cursor::take_symbol(char symbol) {
    if (!sees_symbol(symbol)) return false;
    advance();
    return true;
}

bool token_cursor::take_all(std::initializer_list<std::string_view> keywords) {
    std::size_t ahead = 0;
    for (const auto keyword : keywords) {
        if (!sees(keyword, ahead++)) return false;
    }
    for (; ahead > 0; --ahead)
        advance();
    return true;
}

bool token_cursor::take_any(std::initializer_list<std::string_view> keywords) {
    return std::ranges::any_of(keywords,
                               [this](std::string_view keyword) { return take(keyword); });
}

std::optional<name_reference> token_cursor::take_name() {
    const auto begin = peek().begin;
    if (sees_symbol('.') && names_something(peek(1))) {
        advance();
        name_reference reference{std::nullopt, peek().text, begin, peek().end};
        advance();
        return reference;
    }
    if (!names_something(peek())) return std::nullopt;
    name_reference reference{std::nullopt, peek().text, begin, peek().end};
    advance();
    // After a dot even digits are a name ("db.2024").
    if (sees_symbol('.') && (names_something(peek(1)) || peek(1).what == token::kind::number)) {
        advance();
        reference.database = std::move(reference.name);
        reference.name = peek().text;
        reference.end = peek().end;
        advance();
    }
    return reference;
}

bool token_cursor::take_account() {
    if (take("CURRENT_USER")) {
        if (take_symbol('(')) return take_symbol(')');
        return true;
    }
    const auto is_part = [](const token& one) {
        return names_something(one) || one.what == token::kind::string;
    };
    if (!is_part(peek())) return false;
    advance();
    if (!take_symbol('@')) return true;
    if (!is_part(peek()) && peek().what != token::kind::number) return false;
    advance();
    // An unquoted host may hold dots and dashes: root@db-1.example
    while ((sees_symbol('.') || sees_symbol('-')) && peek(1).begin == peek().end) {
        advance();
        advance();
    }
    return true;
}

bool token_cursor::take_parentheses() {
    if (!sees_symbol('(')) return false;
    std::size_t depth = 0;
    while (!at_end()) {
        if (sees_symbol('(')) ++depth;
        if (sees_symbol(')') && --depth == 0) {
            advance();
            return true;
        }
        advance();
    }
    return false;
}

} // namespace understudy::applier::ddl
