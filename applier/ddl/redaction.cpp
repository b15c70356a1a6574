#include "applier/ddl/redaction.hpp"

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "applier/statement_plan.hpp"

#include <algorithm>
#include <initializer_list>

namespace understudy::applier::ddl {

namespace {

constexpr std::string_view secret = "<secret>";

// Executable comments are read whatever their version: what one server passes over another reads.
constexpr std::uint32_t any_version = UINT32_MAX;

bool begins_with_secrets(token_cursor at) {
    while (at.take_symbol(';') || at.take_symbol('(')) {
    }
    if (at.take_all({"SET", "STATEMENT"})) {
        while (!at.at_end() && !at.take("FOR"))
            at.advance();
    }
    if (at.sees("GRANT") || at.take_all({"SET", "PASSWORD"})) return true;
    if (!at.take_any({"CREATE", "ALTER"})) return false;
    at.take_all({"OR", "REPLACE"});
    return at.sees("USER") || at.sees("SERVER");
}

bool has_secrets(const token_list& list) {
    token_cursor at(list.tokens);
    if (begins_with_secrets(at)) return true;
    for (; !at.at_end(); at.advance()) {
        if (!at.sees("IDENTIFIED")) continue;
        for (const std::string_view word : {"BY", "WITH", "VIA", "AS"}) {
            if (at.sees(word, 1)) return true;
        }
    }
    return false;
}

bool is_word(const token& one, std::initializer_list<std::string_view> words) {
    return one.what == token::kind::word && std::ranges::any_of(words, [&](std::string_view word) {
               return equal_keyword(one.text, word);
           });
}

// Of an account, or of a plugin.
bool is_name(const std::vector<token>& tokens, std::size_t at) {
    const auto is_at_sign = [](const token& one) {
        return one.what == token::kind::symbol && one.text == "@";
    };
    if (at == 0 || is_word(tokens[at - 1], {"BY", "USING", "PASSWORD"})) return false;
    return is_at_sign(tokens[at + 1]) || is_at_sign(tokens[at - 1]) ||
           is_word(tokens[at - 1], {"WITH", "VIA"});
}

bool may_be_secret(const std::vector<token>& tokens, std::size_t at) {
    const token& one = tokens[at];
    if (one.what == token::kind::string) return !is_name(tokens, at);
    // A hash in hexadecimal digits; x'…' is a string by now.
    return one.what == token::kind::word &&
           (one.text.starts_with("0x") || one.text.starts_with("0X"));
}

} // namespace

std::string redacted(std::string_view text, std::uint64_t sql_mode,
                     const statement_charset& charset) {
    const auto list = tokenize(text, sql_mode, any_version, charset);
    if (!has_secrets(list)) return std::string(text);
    std::string shown;
    bool has_one = false;
    std::size_t at = 0;
    // A comment may have what was commented out.
    for (std::size_t i = 0; i + 1 < list.tokens.size(); ++i) {
        const token& one = list.tokens[i];
        if (one.begin > at && !shown.empty()) shown += ' ';
        const bool is_quoted_hex = one.what == token::kind::string && i > 0 &&
                                   list.tokens[i - 1].end == one.begin && shown.ends_with('x');
        if (is_quoted_hex) shown.pop_back();
        const bool is_secret = may_be_secret(list.tokens, i);
        has_one = has_one || is_secret;
        shown += is_secret ? secret : text.substr(one.begin, one.end - one.begin);
        at = one.end;
    }
    if (list.complete && !has_one) return std::string(text);
    if (!list.complete) shown += " …";
    return shown;
}

std::string shown_text(const logged_statement& statement, std::size_t bytes_max) {
    auto text = redacted(statement.text, statement.sql_mode,
                         statement_charset::of_collation(statement.character_set_client));
    if (text.size() <= bytes_max) return text;
    text.resize(bytes_max);
    return text + "…";
}

} // namespace understudy::applier::ddl
