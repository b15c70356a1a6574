#include "applier/ddl/later_words.hpp"

#include "applier/ddl/mariadb_dialect.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "state/object_selection.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace understudy::applier::ddl {

namespace {

// Where a server for which the word is not reserved can mean nothing but a name by it.
enum class use : std::uint8_t {
    word,          // nowhere for certain
    name,          // everywhere
    unless_called, // where no "(" follows: a function of the server goes by it
    where_named,   // behind "(", ",", COLUMN and the like: elsewhere it is part of a clause
    row,           // but for FOR EACH ROW, and ROW (…)
    cube,          // but for WITH CUBE
    empty,         // but for … ON EMPTY, which is not followed by what it would be compared with
};

struct later_word {
    std::string_view text;
    std::uint32_t since; // reserved in MySQL from this version on
    use in_mysql = use::name;
    use in_mariadb = use::name;
};

// https://dev.mysql.com/doc/refman/9.7/en/keywords.html; what MySQL 5.6 and MariaDB 10.11 take as a
// column's name was tried. What became reserved before 8.0.11 was so in every server that is one.
constexpr std::uint32_t in_57 = 50700;
constexpr std::uint32_t in_80 = 80000;
constexpr std::uint32_t in_84 = 80400;
constexpr std::uint32_t in_90 = 90000;
constexpr std::array later_words{
    later_word{"CUBE", in_80, use::cube, use::cube},
    later_word{"CUME_DIST", in_80, use::name, use::unless_called},
    later_word{"DATABASE", 0, use::word, use::where_named},
    later_word{"DENSE_RANK", in_80, use::name, use::unless_called},
    later_word{"EMPTY", in_80, use::name, use::empty},
    later_word{"EXCEPT", in_80, use::name, use::word},
    later_word{"EXTERNAL", in_90},
    later_word{"FIRST_VALUE", in_80, use::name, use::unless_called},
    later_word{"FUNCTION", in_80, use::where_named, use::where_named},
    later_word{"GENERATED", in_57, use::name, use::where_named},
    later_word{"GET", 0, use::word, use::where_named},
    later_word{"GROUPING", in_80},
    later_word{"GROUPS", in_80},
    later_word{"INTERSECT", 80031, use::name, use::word},
    later_word{"IO_AFTER_GTIDS", 0, use::word},
    later_word{"IO_BEFORE_GTIDS", 0, use::word},
    later_word{"JSON_TABLE", in_80, use::name, use::unless_called},
    later_word{"LAG", in_80, use::name, use::unless_called},
    later_word{"LAST_VALUE", in_80, use::name, use::unless_called},
    later_word{"LATERAL", 80014},
    later_word{"LEAD", in_80, use::name, use::unless_called},
    later_word{"LIBRARY", in_90},
    later_word{"MANUAL", in_84},
    later_word{"NTH_VALUE", in_80, use::name, use::unless_called},
    later_word{"NTILE", in_80, use::name, use::unless_called},
    later_word{"OF", in_80, use::name, use::where_named},
    later_word{"OPTIMIZER_COSTS", in_57},
    later_word{"OPTION", 0, use::word, use::where_named},
    later_word{"OVER", in_80, use::name, use::word},
    later_word{"PARALLEL", in_84},
    later_word{"PERCENT_RANK", in_80, use::name, use::unless_called},
    later_word{"QUALIFY", in_84},
    later_word{"RANK", in_80, use::name, use::unless_called},
    later_word{"RECURSIVE", in_80, use::name, use::word},
    later_word{"ROW", in_80, use::row, use::where_named},
    later_word{"ROWS", in_80, use::name, use::word},
    later_word{"ROW_NUMBER", in_80, use::name, use::word},
    later_word{"SCHEMA", 0, use::word, use::where_named},
    later_word{"STORED", in_57, use::name, use::where_named},
    later_word{"SYSTEM", in_80}, // with VERSIONING it is refused
    later_word{"TABLESAMPLE", in_84},
    later_word{"VIRTUAL", in_57, use::name, use::where_named},
    later_word{"WINDOW", in_80, use::name, use::where_named},
};

use use_of(std::string_view word, std::uint32_t source_version) {
    const auto found = std::ranges::find_if(
        later_words, [&](const later_word& one) { return equal_keyword(word, one.text); });
    if (found == later_words.end()) return use::word;
    if (is_mariadb_version(source_version)) return found->in_mariadb;
    return source_version < found->since ? found->in_mysql : use::word;
}

// A name comes next, whatever may follow it.
bool announces_name(const token_cursor& before) {
    return before.sees("COLUMN") || before.sees("KEY") || before.sees("INDEX") ||
           before.sees("TABLE") || before.sees("VIEW") || before.sees("INTO") ||
           before.sees("REFERENCES") || before.sees("CONSTRAINT");
}

bool is_name(use how, const token_cursor& at, const token_cursor& before) {
    // A variable, or a name by where it stands.
    if (before.sees_symbol('@') || before.sees_symbol('.')) return false;
    switch (how) {
    case use::word: return false;
    case use::name: return true;
    case use::unless_called: return announces_name(before) || !at.sees_symbol('(', 1);
    case use::where_named:
        return announces_name(before) ||
               (!at.sees_symbol('(', 1) && (before.sees_symbol('(') || before.sees_symbol(',')));
    case use::row:
        return announces_name(before) || (!before.sees("EACH") && !at.sees_symbol('(', 1));
    case use::cube: return !before.sees("WITH");
    case use::empty:
        return !before.sees("ON") || at.sees_symbol('=', 1) || at.sees_symbol('<', 1) ||
               at.sees_symbol('>', 1) || at.sees_symbol('!', 1);
    }
    return false;
}

} // namespace

std::vector<text_edit> quoted_later_words(const std::vector<token>& tokens,
                                          std::uint32_t source_version) {
    std::vector<text_edit> edits;
    for (std::size_t i = 1; i < tokens.size(); ++i) {
        const token& one = tokens[i];
        if (one.what != token::kind::word) continue;
        const use how = use_of(one.text, source_version);
        if (is_name(how, token_cursor(tokens, i), token_cursor(tokens, i - 1)))
            edits.push_back({one.begin, one.end, state::quote_identifier(one.text)});
    }
    return edits;
}

} // namespace understudy::applier::ddl
