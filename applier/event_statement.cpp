#include "applier/event_statement.hpp"

#include "applier/ddl/lexer.hpp"

#include <cctype>
#include <vector>

namespace understudy::applier {

namespace {

using ddl::token;

bool is_word(const token& one, std::string_view word) {
    if (one.what != token::kind::word || one.text.size() != word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (std::toupper(static_cast<unsigned char>(one.text[i])) != word[i]) return false;
    }
    return true;
}

class cursor {
public:
    explicit cursor(const std::vector<token>& tokens) : tokens_(tokens) {}

    [[nodiscard]] const token& at() const { return tokens_[index_]; }
    [[nodiscard]] bool at_end() const { return at().what == token::kind::end; }
    void next() {
        if (!at_end()) ++index_;
    }
    bool take(std::string_view word) {
        if (!is_word(at(), word)) return false;
        next();
        return true;
    }
    void skip_name() {
        next();
        while (at().what == token::kind::symbol && at().text == ".") {
            next();
            next();
        }
    }

private:
    const std::vector<token>& tokens_;
    std::size_t index_ = 0;
};

struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// EVENT [IF [NOT] EXISTS] name … [ENABLE | DISABLE [ON x]] [COMMENT '…'] [DO body]: the clause to
// replace, or the empty place where it belongs. An empty range at the very beginning: nothing is
// to be changed.
std::optional<range> find_clause(cursor in) {
    constexpr range as_it_is{};
    const bool alters = is_word(in.at(), "ALTER");
    while (!in.at_end() && !is_word(in.at(), "EVENT"))
        in.next();
    if (!in.take("EVENT")) return std::nullopt;
    if (in.take("IF")) {
        in.take("NOT");
        in.take("EXISTS");
    }
    in.skip_name();
    for (; !in.at_end(); in.next()) {
        if (in.take("RENAME")) {
            in.take("TO");
            in.skip_name();
        }
        if (is_word(in.at(), "COMMENT") || is_word(in.at(), "DO"))
            return alters ? as_it_is : range{in.at().begin, in.at().begin};
        if (is_word(in.at(), "ENABLE")) return range{in.at().begin, in.at().end};
        if (is_word(in.at(), "DISABLE")) {
            range clause{in.at().begin, in.at().end};
            in.next();
            if (!in.take("ON")) return as_it_is;
            clause.end = in.at().end;
            return clause;
        }
        if (in.at().what == token::kind::symbol && in.at().text == ";") break;
    }
    return alters ? as_it_is : range{in.at().begin, in.at().begin};
}

} // namespace

std::optional<std::string> disable_event(std::string_view text, std::uint64_t sql_mode,
                                         std::uint32_t source_version,
                                         const ddl::statement_charset& charset,
                                         std::string_view replica_word) {
    const ddl::token_list list = ddl::tokenize(text, sql_mode, source_version, charset);
    if (!list.complete) return std::nullopt;
    const auto clause = find_clause(cursor(list.tokens));
    if (!clause) return std::nullopt;
    if (clause->end == 0) return std::string(text);
    std::string out(text.substr(0, clause->begin));
    out += " DISABLE ON ";
    out += replica_word;
    out += ' ';
    out += text.substr(clause->end);
    return out;
}

} // namespace understudy::applier
