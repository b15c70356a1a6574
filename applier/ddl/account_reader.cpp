#include "applier/ddl/account_reader.hpp"

#include <algorithm>
#include <utility>

namespace understudy::applier::ddl {

namespace {

std::string lower_ascii(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

// sql/sql_lex.cc, get_text()
char unescaped(char c) {
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'b': return '\b';
    case '0': return '\0';
    case 'Z': return '\032';
    default: return c;
    }
}

} // namespace

std::optional<std::string> account_reader::text_of(const token& one) const {
    if (one.what != token::kind::string) return one.text;
    const auto body = statement_->text.substr(one.begin + 1, one.end - one.begin - 2);
    const char quote = statement_->text[one.begin];
    const bool escapes = (statement_->sql_mode & mode_no_backslash_escapes) == 0;
    std::string bytes;
    for (std::size_t at = 0; at < body.size(); ++at) {
        const char c = body[at];
        const auto length = charset_->length_at(body, at);
        if (length > 1) {
            bytes += body.substr(at, length);
            at += length - 1;
        } else if (escapes && c == '\\' && at + 1 < body.size()) {
            ++at;
            // Kept for LIKE.
            if (body[at] == '%' || body[at] == '_') bytes += c;
            bytes += unescaped(body[at]);
        } else {
            bytes += c;
            if (c == quote) ++at;
        }
    }
    return charset_->name_to_utf8(bytes);
}

std::optional<account_reference> account_reader::take(token_cursor& at) const {
    account_reference found;
    found.begin = at.peek().begin;
    if (at.sees("CURRENT_USER")) {
        found.end = at.peek().end;
        at.advance();
        if (at.sees_symbol('(') && at.sees_symbol(')', 1)) {
            at.advance();
            found.end = at.peek().end;
            at.advance();
        }
        if (!statement_->invoker) return std::nullopt;
        found.is_current_user = true;
        found.name = *statement_->invoker;
        return found;
    }
    const auto is_part = [](const token& one) {
        return one.what == token::kind::word || one.what == token::kind::identifier ||
               one.what == token::kind::string;
    };
    // USER() is no name.
    if (!is_part(at.peek()) || (at.peek().what == token::kind::word && at.sees_symbol('(', 1)))
        return std::nullopt;
    auto user = text_of(at.peek());
    if (!user) return std::nullopt;
    found.name.user = *std::move(user);
    found.end = at.peek().end;
    at.advance();
    if (!at.take_symbol('@')) return found;
    if (!is_part(at.peek()) && at.peek().what != token::kind::number) return std::nullopt;
    const bool is_bare =
        at.peek().what == token::kind::word || at.peek().what == token::kind::number;
    auto host = text_of(at.peek());
    if (!host) return std::nullopt;
    found.end = at.peek().end;
    at.advance();
    // An unquoted host may hold dots and dashes: root@db-1.example
    while (is_bare && (at.sees_symbol('.') || at.sees_symbol('-')) &&
           at.peek(1).begin == at.peek().end && at.peek().begin == found.end) {
        *host += at.peek().text + at.peek(1).text;
        at.advance();
        found.end = at.peek().end;
        at.advance();
    }
    found.name.host = lower_ascii(*std::move(host));
    // As of "app@''".
    if (found.name.host.empty()) found.name.host = "%";
    return found;
}

} // namespace understudy::applier::ddl
