#include "snapshot/definition_text.hpp"

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>
#include <vector>

namespace understudy::snapshot {

using applier::ddl::token;
using applier::ddl::token_cursor;
using protocol::fail;
using protocol::result;

namespace {

struct edit {
    std::size_t begin;
    std::size_t end;
    std::string text;
};

std::string with_edits(std::string_view text, const std::vector<edit>& edits) {
    std::string out;
    std::size_t at = 0;
    for (const edit& one : edits) {
        out.append(text.substr(at, one.begin - at));
        out.append(one.text);
        at = one.end;
    }
    out.append(text.substr(at));
    return out;
}

// What the server printed is code in all its executable comments. It quotes as under sql_mode ''.
constexpr std::uint32_t any_version = std::numeric_limits<std::uint32_t>::max();

} // namespace

std::string with_collations(std::string_view text,
                            const std::map<std::string, std::string>& defaults) {
    const auto list = applier::ddl::tokenize(text, 0, any_version);
    std::vector<edit> edits;
    // The columns are in the first parentheses. What is in further ones is of expressions: CAST (…
    // CHARSET …) takes no collation.
    int depth = 0;
    for (token_cursor at(list.tokens); !at.at_end(); at.advance()) {
        if (at.sees_symbol('(')) ++depth;
        if (at.sees_symbol(')')) --depth;
        if (depth > 1) continue;
        std::size_t ahead = 0;
        if (at.sees("CHARACTER") && at.sees("SET", 1)) ahead = 2;
        if (at.sees("CHARSET")) ahead = 1;
        if (ahead == 0) continue;
        const bool equals = at.sees_symbol('=', ahead);
        if (equals) ++ahead;
        const token& charset = at.peek(ahead);
        const auto found = defaults.find(charset.text);
        if (found == defaults.end() || at.sees("COLLATE", ahead + 1)) continue;
        edits.push_back({charset.end, charset.end,
                         fmt::format(" COLLATE{}{}", equals ? "=" : " ", found->second)});
    }
    return with_edits(text, edits);
}

result<std::string> view_for_target(std::string_view text,
                                    const std::set<state::object_name>& objects,
                                    const state::object_selection& selection) {
    const auto list = applier::ddl::tokenize(text, 0, any_version);
    if (!list.complete)
        return fail(errc::unsupported_object,
                    "its text has a quote or a comment that is not closed");
    std::set<std::string> renamed_databases;
    for (const auto& one : objects) {
        if (selection.map_database(one.database) != one.database)
            renamed_databases.insert(one.database);
    }
    std::vector<edit> edits;
    for (token_cursor at(list.tokens); !at.at_end(); at.advance()) {
        if (at.peek().what != token::kind::identifier) continue;
        // A name in full is `a`.`b` or `a`.`b`.`c`, all in back-ticks.
        const std::size_t begin = at.peek().begin;
        std::vector<std::string> parts{at.peek().text};
        std::size_t second_end = at.peek().end;
        while (at.sees_symbol('.', 1) && at.peek(2).what == token::kind::identifier) {
            at.advance();
            at.advance();
            parts.push_back(at.peek().text);
            if (parts.size() == 2) second_end = at.peek().end;
        }
        if (parts.size() == 1) {
            if (renamed_databases.contains(parts[0]))
                return fail(
                    errc::unsupported_object,
                    fmt::format("it uses the name of the renamed database {} for something else",
                                state::quote_identifier(parts[0])));
            continue;
        }
        const state::object_name source{parts[0], parts[1]};
        state::object_name target = source;
        if (objects.contains(source)) {
            target = selection.map(source.database, source.object);
        } else if (at.sees_symbol('(', 1) && selection.touches_database(source.database)) {
            target.database = selection.map_database(source.database); // a stored function
        }
        if (target != source) edits.push_back({begin, second_end, target.to_string()});
    }
    return with_edits(text, edits);
}

result<std::string> disabled_event(std::string_view text, bool says_replica) {
    const auto list = applier::ddl::tokenize(text, 0, any_version);
    const std::string state = says_replica ? "DISABLE ON REPLICA" : "DISABLE ON SLAVE";
    for (token_cursor at(list.tokens); !at.at_end() && !at.sees("DO"); at.advance()) {
        const bool disabled = at.sees("DISABLE");
        if (!disabled && !at.sees("ENABLE")) continue;
        const bool on_replica = disabled && at.sees("ON", 1);
        if (disabled && !on_replica) return std::string(text);
        return with_edits(text, {{at.peek().begin, at.peek(on_replica ? 2 : 0).end, state}});
    }
    return fail(errc::unsupported_object, "its text does not say whether it is enabled");
}

} // namespace understudy::snapshot
