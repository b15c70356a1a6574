#include "applier/ddl/lexer.hpp"

#include <algorithm>

namespace understudy::applier::ddl {

namespace {

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Bytes from 0x80 on are parts of multi-byte letters: MySQL takes them all in unquoted identifiers.
bool is_word_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

class lexer {
public:
    lexer(std::string_view text, std::uint64_t sql_mode, std::uint32_t source_version,
          const statement_charset& charset)
        : text_(text), sql_mode_(sql_mode), source_version_(source_version), charset_(charset) {}

    token_list run() {
        while (list_.complete && skip_blanks_and_comments())
            next();
        list_.tokens.push_back({token::kind::end, at_, at_, {}});
        return std::move(list_);
    }

private:
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    [[nodiscard]] bool looking_at(std::string_view what) const {
        return text_.substr(at_).starts_with(what);
    }

    // False at the end of the text.
    bool skip_blanks_and_comments() {
        while (at_ < text_.size()) {
            if (is_blank(peek())) {
                ++at_;
            } else if (peek() == '#' ||
                       (looking_at("--") && (at_ + 2 >= text_.size() || is_blank(peek(2))))) {
                const auto line_end = text_.find('\n', at_);
                at_ = line_end == std::string_view::npos ? text_.size() : line_end + 1;
            } else if (looking_at("/*!") || looking_at("/*M!")) {
                if (!enter_executable_comment()) return false;
            } else if (looking_at("/*")) {
                if (!skip_comment()) return false;
            } else if (executable_depth_ > 0 && looking_at("*/")) {
                --executable_depth_;
                at_ += 2;
            } else {
                return true;
            }
        }
        return false;
    }

    bool enter_executable_comment() {
        const auto start = at_;
        const bool of_mariadb = looking_at("/*M!");
        at_ += of_mariadb ? 4U : 3U;
        std::uint32_t version = 0;
        std::size_t digits = 0;
        while (digits < 6 && is_digit(peek(digits))) {
            version = version * 10 + static_cast<std::uint32_t>(peek(digits) - '0');
            ++digits;
        }
        if (digits >= 5) {
            at_ += digits;
        } else {
            version = 0;
        }
        // MariaDB leaves out what was written for MySQL's later versions.
        constexpr std::uint32_t mysql_first = 50700;
        constexpr std::uint32_t mysql_last = 99999;
        const bool for_mysql =
            is_mariadb_ && !of_mariadb && version >= mysql_first && version <= mysql_last;
        if (version > source_version_ || for_mysql) {
            at_ = start;
            return skip_comment();
        }
        ++executable_depth_;
        return true;
    }

    bool skip_comment() {
        const auto close = text_.find("*/", at_ + 2);
        if (close == std::string_view::npos) {
            list_.complete = false;
            return false;
        }
        at_ = close + 2;
        return true;
    }

    void next() {
        const char c = peek();
        if (c == '`' || (c == '"' && (sql_mode_ & mode_ansi_quotes) != 0)) {
            quoted(token::kind::identifier, c, false);
        } else if (c == '\'' || c == '"') {
            quoted(token::kind::string, c, (sql_mode_ & mode_no_backslash_escapes) == 0);
        } else if (is_word_character(c)) {
            word();
        } else {
            list_.tokens.push_back({token::kind::symbol, at_, at_ + 1, std::string(1, c)});
            ++at_;
        }
    }

    void quoted(token::kind what, char quote, bool backslash_escapes) {
        token one{what, at_, at_, {}};
        for (++at_; at_ < text_.size(); ++at_) {
            const char c = peek();
            if (const auto length = charset_.length_at(text_, at_); length > 1) {
                if (what == token::kind::identifier) one.text += text_.substr(at_, length);
                at_ += length - 1;
                continue;
            }
            if (backslash_escapes && c == '\\') {
                ++at_;
                continue;
            }
            if (c == quote) {
                if (peek(1) != quote) {
                    one.end = ++at_;
                    add(std::move(one));
                    return;
                }
                ++at_;
            }
            if (what == token::kind::identifier) one.text += c;
        }
        at_ = one.begin;
        list_.complete = false;
    }

    void word() {
        const auto start = at_;
        bool digits_only = true;
        while (at_ < text_.size() && is_word_character(peek())) {
            digits_only = digits_only && is_digit(peek());
            at_ += charset_.length_at(text_, at_);
        }
        at_ = std::min(at_, text_.size());
        const auto what = digits_only ? token::kind::number : token::kind::word;
        add({what, start, at_, std::string(text_.substr(start, at_ - start))});
    }

    void add(token one) {
        auto name = charset_.name_to_utf8(one.text);
        if (!name) {
            at_ = one.begin;
            list_.complete = false;
            return;
        }
        one.text = std::move(*name);
        list_.tokens.push_back(std::move(one));
    }

    std::string_view text_;
    std::uint64_t sql_mode_;
    std::uint32_t source_version_;
    bool is_mariadb_ = source_version_ >= 100000 && source_version_ != UINT32_MAX;
    const statement_charset& charset_;
    std::size_t at_ = 0;
    unsigned executable_depth_ = 0;
    token_list list_;
};

} // namespace

token_list tokenize(std::string_view text, std::uint64_t sql_mode, std::uint32_t source_version,
                    const statement_charset& charset) {
    return lexer(text, sql_mode, source_version, charset).run();
}

} // namespace understudy::applier::ddl
