#include "state/condition/where_lexer.hpp"

#include "protocol/errc.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace understudy::state {

namespace {

using protocol::result;
using kind = where_token::kind;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_character(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

std::optional<unsigned> hex_digit(char c) {
    if (is_digit(c)) return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return std::nullopt;
}

class lexer {
public:
    explicit lexer(std::string_view text) : text_(text) {}

    result<std::vector<where_token>> run() {
        for (;;) {
            while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0)
                ++at_;
            where_token token;
            token.at = at_;
            if (at_ < text_.size()) {
                if (auto done = take(token); !done) return std::unexpected(done.error());
            }
            tokens_.push_back(std::move(token));
            if (tokens_.back().what == kind::end) return std::move(tokens_);
        }
    }

private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    [[nodiscard]] std::unexpected<protocol::error> bad(const std::string& what) const {
        return protocol::fail(protocol::errc::malformed, "the condition has " + what +
                                                             " at character " +
                                                             std::to_string(at_ + 1));
    }

    result<void> take(where_token& token) {
        const char c = peek();
        if (c == '\'' || c == '"' || c == '`') return take_quoted(token, c);
        if ((c == 'x' || c == 'X') && peek(1) == '\'') {
            ++at_;
            return take_hex(token);
        }
        if (c == '0' && peek(1) == 'x') return take_hex_number(token);
        if (c == '@' && is_digit(peek(1))) {
            ++at_;
            token.what = kind::column_number;
            while (is_digit(peek()))
                token.text += text_[at_++];
            return {};
        }
        if (is_digit(c) || ((c == '.' || c == '-' || c == '+') && is_digit(peek(1))) ||
            ((c == '-' || c == '+') && peek(1) == '.' && is_digit(peek(2)))) {
            take_number(token);
            return {};
        }
        if (is_name_character(c)) {
            token.what = kind::word;
            while (at_ < text_.size() && is_name_character(peek()))
                token.text += text_[at_++];
            return {};
        }
        return take_symbol(token);
    }

    result<void> take_quoted(where_token& token, char quote) {
        token.what = quote == '`' ? kind::quoted_name : kind::string;
        ++at_;
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == quote) {
                if (peek() != quote) return {};
                ++at_; // doubled
            } else if (c == '\\' && quote != '`' && at_ < text_.size()) {
                token.text += unescaped(text_[at_++]);
                continue;
            }
            token.text += c;
        }
        at_ = token.at;
        return bad(std::string("no end of what begins with ") + quote);
    }

    // As in SQL: \% and \_ keep the backslash, for LIKE.
    static std::string unescaped(char c) {
        switch (c) {
        case 'n': return "\n";
        case 't': return "\t";
        case 'r': return "\r";
        case '0': return std::string(1, '\0');
        case '%':
        case '_': return std::string("\\") + c;
        default: return std::string(1, c);
        }
    }

    result<void> append_hex(where_token& token, std::string_view digits) {
        if (digits.empty() || digits.size() % 2 != 0) return bad("an odd number of hex digits");
        for (std::size_t i = 0; i < digits.size(); i += 2) {
            const auto high = hex_digit(digits[i]);
            const auto low = hex_digit(digits[i + 1]);
            if (!high || !low) return bad("a hex literal with another character in it");
            token.text += static_cast<char>(*high << 4U | *low);
        }
        token.what = kind::hex;
        return {};
    }
    result<void> take_hex(where_token& token) {
        const auto end = text_.find('\'', at_ + 1);
        if (end == std::string_view::npos) return bad("no end of a hex literal");
        const auto digits = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        token.what = kind::hex;
        return digits.empty() ? result<void>{} : append_hex(token, digits);
    }
    result<void> take_hex_number(where_token& token) {
        at_ += 2;
        const auto begin = at_;
        while (hex_digit(peek()))
            ++at_;
        return append_hex(token, text_.substr(begin, at_ - begin));
    }

    void take_number(where_token& token) {
        token.what = kind::number;
        if (!is_digit(peek())) token.text += text_[at_++];
        const auto take_digits = [&] {
            while (is_digit(peek()))
                token.text += text_[at_++];
        };
        take_digits();
        if (peek() == '.' && token.text.find('.') == std::string::npos) {
            token.text += text_[at_++];
            take_digits();
        }
        const bool is_signed = peek(1) == '-' || peek(1) == '+';
        if ((peek() == 'e' || peek() == 'E') && is_digit(peek(is_signed ? 2 : 1))) {
            token.text += text_[at_++];
            if (is_signed) token.text += text_[at_++];
            take_digits();
        }
    }

    result<void> take_symbol(where_token& token) {
        static constexpr std::array<std::string_view, 12> symbols = {
            "<>", "<=", ">=", "!=", "==", "=", "<", ">", "(", ")", ",", "."};
        for (const auto symbol : symbols) {
            if (!text_.substr(at_).starts_with(symbol)) continue;
            token.what = kind::symbol;
            token.text = symbol;
            at_ += symbol.size();
            return {};
        }
        return bad(std::string("a character that means nothing: ") + peek());
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<where_token> tokens_;
};

} // namespace

bool where_token::is_word(std::string_view upper) const {
    return what == kind::word && std::ranges::equal(text, upper, [](char a, char b) {
               return std::toupper(static_cast<unsigned char>(a)) == b;
           });
}

result<std::vector<where_token>> tokenize_where(std::string_view text) {
    return lexer(text).run();
}

} // namespace understudy::state
