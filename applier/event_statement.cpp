#include "applier/event_statement.hpp"

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/token_cursor.hpp"

#include <tuple>

namespace understudy::applier {

namespace {

using ddl::token_cursor;

struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// EVENT [IF [NOT] EXISTS] name … [ENABLE | DISABLE [ON x]] [COMMENT '…'] [DO body]: the clause to
// replace, or the empty place where it belongs. An empty range at the very beginning: nothing is
// to be changed.
std::optional<range> find_clause(token_cursor in) {
    constexpr range as_it_is{};
    const bool alters = in.sees("ALTER");
    const auto where_it_belongs = [&] {
        return alters ? as_it_is : range{in.peek().begin, in.peek().begin};
    };
    while (!in.at_end() && !in.sees("EVENT"))
        in.advance();
    if (!in.take("EVENT")) return std::nullopt;
    if (in.take("IF")) {
        in.take("NOT");
        in.take("EXISTS");
    }
    std::ignore = in.take_name();
    for (; !in.at_end(); in.advance()) {
        if (in.take_all({"RENAME", "TO"})) std::ignore = in.take_name();
        if (in.sees("COMMENT") || in.sees("DO")) return where_it_belongs();
        if (in.sees("ENABLE")) return range{in.peek().begin, in.peek().end};
        if (in.sees("DISABLE")) {
            if (!in.sees("ON", 1)) return as_it_is;
            return range{in.peek().begin, in.peek(2).end};
        }
        if (in.sees_symbol(';')) break;
    }
    return where_it_belongs();
}

} // namespace

bool says_replica(const target_facts& target) {
    constexpr std::uint32_t first_with_replica = 80200;
    return target.version_number >= first_with_replica && !target.is_mariadb;
}

std::optional<std::string> disable_event(std::string_view text, std::uint64_t sql_mode,
                                         std::uint32_t source_version,
                                         const ddl::statement_charset& charset,
                                         std::string_view replica_word) {
    const ddl::token_list list = ddl::tokenize(text, sql_mode, source_version, charset);
    if (!list.complete) return std::nullopt;
    const auto clause = find_clause(token_cursor(list.tokens));
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
