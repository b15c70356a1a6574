#include "applier/ddl/mariadb_dialect.hpp"

#include "applier/ddl/later_words.hpp"
#include "applier/errc.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace understudy::applier::ddl {

using protocol::fail;
using kind = token::kind;

namespace {

bool is_name(const token& one) {
    return one.what == kind::word || one.what == kind::identifier;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return text;
}

bool sees_any(const token_cursor& at, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](auto word) { return at.sees(word); });
}

// Types whose DEFAULT MySQL takes as an expression only.
bool is_large_type(const token_cursor& at) {
    return sees_any(at, {"TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT", "TINYBLOB", "BLOB",
                         "MEDIUMBLOB", "LONGBLOB", "JSON", "LONG"});
}

// Collations that go by the same name and sort otherwise, or that MySQL does not have.
bool is_foreign_collation(std::string_view name) {
    return name.contains("uca1400") || name.contains("nopad") || name.contains("1400_as") ||
           name.ends_with("_croatian_ci") || name.ends_with("_myanmar_ci") ||
           name.contains("thai_520");
}

// CHECK constraints without a name get one of these in each table; in MySQL a name stands for one
// of the whole database.
bool is_given_check_name(std::string_view name) {
    constexpr std::string_view given = "CONSTRAINT_";
    return name.starts_with(given) && name.size() > given.size() &&
           name.find_first_not_of("0123456789", given.size()) == std::string_view::npos;
}

} // namespace

mariadb_dialect::mariadb_dialect(std::string_view text, std::uint64_t sql_mode,
                                 std::uint32_t source_version, const statement_charset& charset,
                                 std::vector<std::string> recollated_charsets)
    : text_(text), source_version_(source_version),
      list_(tokenize(text, sql_mode, source_version, charset)),
      recollated_charsets_(std::move(recollated_charsets)) {}

protocol::result<std::string> mariadb_dialect::for_mysql() {
    if (!list_.complete) return lacks("it is not closed, or has names that cannot be read");
    if (auto translated = translate(); !translated) {
        return std::unexpected(std::move(translated.error()));
    }
    for (text_edit& one : quoted_later_words(list_.tokens, source_version_))
        edits_.push_back(std::move(one));
    return with_edits();
}

std::unexpected<protocol::error> mariadb_dialect::lacks(const std::string& what) const {
    return fail(errc::unsupported_statement, what);
}

// Tokens stay as they are written, also inside comments that the source executes; of the text
// between them comments vanish.
std::string mariadb_dialect::with_edits() const {
    auto sorted = edits_;
    std::ranges::sort(sorted, {}, where);
    std::string out;
    std::size_t at = 0;
    auto next = sorted.begin();
    const auto gap = [&](std::size_t end) {
        const auto between = text_.substr(at, end - at);
        const bool blank = between.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
        out += blank ? std::string(between) : " ";
    };
    for (const token& one : list_.tokens) {
        if (one.begin < at) continue; // inside an edit
        for (; next != sorted.end() && next->begin <= one.begin; ++next) {
            if (next->begin < at) continue;
            gap(next->begin);
            out += next->text;
            at = next->end;
        }
        if (one.what == kind::end) break;
        if (one.begin < at) continue;
        gap(one.begin);
        out += text_.substr(one.begin, one.end - one.begin);
        at = one.end;
    }
    return out;
}

mariadb_dialect::done mariadb_dialect::translate() {
    token_cursor at(list_.tokens);
    while (at.take_symbol(';') || at.take_symbol('(')) {
    }
    const auto start = at;
    const bool creates = at.take("CREATE");
    if (creates && at.take_all({"OR", "REPLACE"})) {
        auto what = at;
        for (; !what.at_end(); what.advance()) {
            if (what.sees("VIEW")) return collations();
            if (sees_any(what, {"TABLE", "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "INDEX",
                                "DATABASE", "SCHEMA", "SEQUENCE", "PACKAGE"}))
                return lacks("MySQL has no CREATE OR REPLACE " + what.peek().text);
        }
        return {};
    }
    const bool alters = !creates && at.take("ALTER");
    if (alters) {
        if (at.sees("ONLINE")) {
            edits_.push_back({at.peek().begin, at.peek().end, ""});
            at.advance();
        }
        if (at.sees("IGNORE")) return lacks("MySQL has no ALTER IGNORE TABLE");
    }
    if (creates && at.take("TABLE")) return create_table(at);
    if (alters && at.take("TABLE")) return alter_table(at);
    at = start;
    if (at.take_any({"CREATE", "DROP"})) {
        at.take_any({"UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR"});
        if (at.take("INDEX")) return index_statement(at);
    }
    if (sees_any(start, {"RENAME", "TRUNCATE", "DROP"})) drop_waits();
    if (start.sees("RENAME")) {
        for (auto word = start; !word.at_end(); word.advance()) {
            if (word.sees("IF") && word.sees("EXISTS", 1))
                return lacks("MySQL has no RENAME … IF EXISTS");
        }
    }
    return collations();
}

// What is nowhere in a definition but as what it says.
mariadb_dialect::done mariadb_dialect::check_words() const {
    for (token_cursor at(list_.tokens); !at.at_end(); at.advance()) {
        if (at.sees("SYSTEM") && at.sees("VERSIONING", 1))
            return lacks("system versioning (WITH SYSTEM VERSIONING)");
        if (at.sees("WITHOUT") && at.sees("OVERLAPS", 1)) return lacks("WITHOUT OVERLAPS keys");
        if (at.sees("PERIOD") && at.sees("FOR", 1)) return lacks("periods (PERIOD FOR)");
        if (at.sees("BY") && at.sees("SYSTEM_TIME", 1)) return lacks("partitions by SYSTEM_TIME");
        if ((at.sees("NEXTVAL") && at.sees_symbol('(', 1)) ||
            (at.sees("NEXT") && at.sees("VALUE", 1) && at.sees("FOR", 2)))
            return lacks("a default from a sequence");
        if (at.sees("REF_SYSTEM_ID")) return lacks("REF_SYSTEM_ID of a geometry column");
    }
    return {};
}

std::size_t mariadb_dialect::clause_end(token_cursor at) const {
    while (!at.at_end() && !at.sees_symbol(',') && !at.sees_symbol(')')) {
        if (!at.take_parentheses()) at.advance();
    }
    return at.index();
}

mariadb_dialect::done mariadb_dialect::create_table(token_cursor at) {
    if (auto checked = check_words(); !checked) return checked;
    at.take_all({"IF", "NOT", "EXISTS"});
    static_cast<void>(at.take_name());
    if (at.sees_symbol('(') && !at.sees("LIKE", 1) && !at.sees("SELECT", 1)) {
        at.advance();
        while (!at.at_end() && !at.sees_symbol(')')) {
            const auto end = clause_end(at);
            if (auto read = element(at, end); !read) return read;
            at = token_cursor(list_.tokens, end);
            at.take_symbol(',');
        }
        at.take_symbol(')');
    }
    if (auto read = options(at, list_.tokens.size() - 1, false); !read) return read;
    return collations();
}

mariadb_dialect::done mariadb_dialect::alter_table(token_cursor at) {
    if (auto checked = check_words(); !checked) return checked;
    for (auto word = at; !word.at_end(); word.advance()) {
        if (word.sees("IF") && (word.sees("EXISTS", 1) || word.sees("NOT", 1)) &&
            !word.sees_symbol('(', 1))
            return lacks("MySQL has no IF EXISTS or IF NOT EXISTS in ALTER TABLE, and what the "
                         "source did is not in its log");
    }
    static_cast<void>(at.take_name());
    drop_waits();
    if (at.take("WAIT")) at.advance();
    at.take("NOWAIT");
    while (!at.at_end()) {
        const auto end = clause_end(at);
        if (auto read = alter_clause(at, end); !read) return read;
        at = token_cursor(list_.tokens, end);
        if (!at.take_symbol(',') && !at.at_end()) at.advance();
    }
    return collations();
}

// ALGORITHM, LOCK: how the source went about it; the target goes its own way.
void mariadb_dialect::as_the_target_does_it(const token_cursor& at) {
    const auto value = at.sees_symbol('=', 1) ? 2U : 1U;
    edits_.push_back({at.peek(value).begin, at.peek(value).end, "DEFAULT"});
}

mariadb_dialect::done mariadb_dialect::alter_clause(token_cursor at, std::size_t end) {
    if (sees_any(at, {"ALGORITHM", "LOCK"})) {
        as_the_target_does_it(at);
        return {};
    }
    if (at.take("ADD")) {
        if (sees_any(at, {"PARTITION"})) return {};
        at.take("COLUMN");
        if (!at.sees_symbol('(')) return element(at, end, entry::of_alter);
        at.advance();
        while (!at.at_end() && !at.sees_symbol(')')) {
            const auto inner = clause_end(at);
            if (auto read = element(at, inner); !read) return read;
            at = token_cursor(list_.tokens, inner);
            at.take_symbol(',');
        }
        return {};
    }
    if (at.take("MODIFY")) {
        at.take("COLUMN");
        return element(at, end, entry::of_alter);
    }
    if (at.take("CHANGE")) {
        at.take("COLUMN");
        at.advance(); // the old name
        return element(at, end, entry::of_alter);
    }
    if (at.take("ALTER")) {
        const bool index = at.take_any({"INDEX", "KEY"});
        if (!index) at.take("COLUMN");
        at.advance(); // the name
        if (index) {
            const bool negated = at.sees("NOT");
            if (at.sees("IGNORED", negated ? 1 : 0))
                edits_.push_back({at.peek().begin, at.peek(negated ? 1 : 0).end,
                                  negated ? "VISIBLE" : "INVISIBLE"});
        } else if (at.take_all({"SET", "DEFAULT"})) {
            default_value(at, false);
        }
        return {};
    }
    return options(at, end, true); // a clause cannot be empty
}

mariadb_dialect::done mariadb_dialect::index_statement(token_cursor at) {
    if (at.sees("IF")) return lacks("MySQL has no IF EXISTS or IF NOT EXISTS for indexes");
    drop_waits();
    for (; !at.at_end(); at.advance()) {
        if (at.take_parentheses() && at.at_end()) break;
        if (at.sees("IGNORED")) edits_.push_back({at.peek().begin, at.peek().end, "INVISIBLE"});
        if (sees_any(at, {"ALGORITHM", "LOCK"})) as_the_target_does_it(at);
        if (at.sees("NOWAIT")) edits_.push_back({at.peek().begin, at.peek().end, ""});
        if (at.sees("WAIT") && at.peek(1).what == kind::number)
            edits_.push_back({at.peek().begin, at.peek(1).end, ""});
    }
    return collations();
}

// One entry of a table's parentheses: a column, or a key or constraint.
mariadb_dialect::done mariadb_dialect::element(token_cursor at, std::size_t end, entry is) {
    const bool is_key = sees_any(at, {"PRIMARY", "UNIQUE", "KEY", "INDEX", "FULLTEXT", "SPATIAL",
                                      "CONSTRAINT", "FOREIGN", "CHECK"});
    if (at.sees("VECTOR") && (at.sees("KEY", 1) || at.sees("INDEX", 1)))
        return lacks("vector indexes");
    if (!is_key) return column(at, end, is);
    if (at.sees("CONSTRAINT") && at.sees("CHECK", 2) && is_given_check_name(at.peek(1).text))
        edits_.push_back({at.peek().begin, at.peek(1).end, ""});
    if (at.sees("FOREIGN") && is_name(at.peek(2)))
        edits_.push_back({at.peek().begin, at.peek().begin,
                          "CONSTRAINT " + state::quote_identifier(at.peek(2).text) + " "});
    while (at.index() < end) {
        if (at.take_parentheses()) continue;
        const bool negated = at.sees("NOT") && at.sees("IGNORED", 1);
        if (negated || at.sees("IGNORED")) {
            const auto& last = at.peek(negated ? 1 : 0);
            edits_.push_back({at.peek().begin, last.end, negated ? "VISIBLE" : "INVISIBLE"});
            at.advance();
        }
        at.advance();
    }
    return {};
}

// In MySQL the CHECK of a column must not ask for another one. True: it is read.
bool mariadb_dialect::check_of_others(token_cursor& at, std::string_view column, std::size_t end,
                                      entry is) {
    if (!at.sees("CHECK") || !at.sees_symbol('(', 1)) return false;
    const auto first = at.index();
    at.advance();
    if (!at.take_parentheses()) return false;
    const auto begin = list_.tokens[first].begin;
    const auto after = list_.tokens[at.index() - 1].end;
    bool asks_for_others = false;
    for (auto i = first + 1; i < at.index(); ++i) {
        const token_cursor word(list_.tokens, i);
        asks_for_others =
            asks_for_others || (is_name(word.peek()) && !word.sees_symbol('(', 1) &&
                                lower(word.peek().text) != lower(std::string(column)));
    }
    if (!asks_for_others) return true;
    std::vector<text_edit> words;
    for (const text_edit& one : quoted_later_words(list_.tokens, source_version_)) {
        if (one.begin >= begin && one.end <= after)
            words.push_back({one.begin - begin, one.end - begin, one.text});
    }
    const auto place = list_.tokens[end - 1].end;
    edits_.push_back({begin, after, ""});
    edits_.push_back({place, place,
                      (is == entry::of_alter ? ", ADD " : ", ") +
                          ddl::with_edits(text_.substr(begin, after - begin), std::move(words))});
    return true;
}

mariadb_dialect::done mariadb_dialect::column(token_cursor at, std::size_t end, entry is) {
    if (!is_name(at.peek())) return {};
    const std::string name = at.peek().text;
    at.advance();
    if (at.sees_symbol('.')) return {}; // no column: MySQL's parser will say what is wrong
    for (const std::string_view type : {"UUID", "INET4", "INET6", "XMLTYPE", "VECTOR"}) {
        if (at.sees(type))
            return lacks(
                fmt::format("the type {} of column {}", type, state::quote_identifier(name)));
    }
    if (at.sees("YEAR") && at.sees_symbol('(', 1) && at.peek(2).text == "2")
        edits_.push_back({at.peek(1).begin, at.peek(3).end, ""});
    const bool large = is_large_type(at);
    if (at.sees("JSON")) {
        bool checked = false;
        for (auto rest = at; rest.index() < end; rest.advance())
            checked = checked || rest.sees("CHECK");
        edits_.push_back(
            {at.peek().begin, at.peek().end,
             "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" +
                 (checked ? "" : " CHECK (json_valid(" + state::quote_identifier(name) + "))")});
    }
    at.advance();
    while (at.index() < end) {
        if (at.take_parentheses() || check_of_others(at, name, end, is)) continue;
        if (at.sees("COMPRESSED")) {
            const auto& last = at.sees_symbol('=', 1) ? at.peek(2) : at.peek();
            edits_.push_back({at.peek().begin, last.end, ""});
        } else if (at.sees("PERSISTENT")) {
            edits_.push_back({at.peek().begin, at.peek().end, "STORED"});
        } else if (at.sees("DEFAULT")) {
            auto value = at;
            value.advance();
            default_value(value, large);
        }
        at.advance();
    }
    return {};
}

void mariadb_dialect::default_value(token_cursor at, bool is_large) {
    const bool is_introducer = at.peek().what == kind::word && at.peek(1).what == kind::string;
    if (at.peek().what == kind::string || is_introducer) {
        if (!is_large) return;
        const auto& last = at.peek(is_introducer ? 1 : 0);
        edits_.push_back({at.peek().begin, at.peek().begin, "("});
        edits_.push_back({last.end, last.end, ")"});
        return;
    }
    if (at.peek().what != kind::word) return;
    // MySQL takes these as they are; all other functions only as expressions.
    if (sees_any(at, {"CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP", "NULL", "TRUE",
                      "FALSE"}))
        return;
    const bool is_call = at.sees_symbol('(', 1);
    if (!is_call && !sees_any(at, {"CURRENT_DATE", "CURRENT_TIME", "CURRENT_USER", "CURDATE"}))
        return;
    const auto begin = at.peek().begin;
    auto last_end = at.peek().end;
    at.advance();
    if (is_call) {
        if (!at.take_parentheses()) return;
        last_end = list_.tokens[at.index() - 1].end;
    }
    edits_.push_back({begin, begin, "("});
    edits_.push_back({last_end, last_end, ")"});
}

// Of a table, or of an ALTER TABLE clause.
mariadb_dialect::done mariadb_dialect::options(token_cursor at, std::size_t end, bool is_clause) {
    static constexpr std::array storage{"page_compressed",   "page_compression_level",
                                        "page_checksum",     "transactional",
                                        "encryption_key_id", "encrypted"};
    static constexpr std::array engines{"aria",    "s3",      "columnstore", "spider", "connect",
                                        "mroonga", "rocksdb", "oqgraph",     "sphinx", "sequence"};
    while (at.index() < end) {
        if (at.take_parentheses()) continue;
        const std::string word = is_name(at.peek()) ? lower(at.peek().text) : std::string();
        const bool equals = at.sees_symbol('=', 1);
        const auto& value = at.peek(equals ? 2 : 1);
        if (word == "engine" && std::ranges::find(engines, lower(value.text)) != engines.end())
            return lacks("the storage engine " + value.text);
        if (word == "sequence" && equals) return lacks("sequences");
        if (word == "encrypted" &&
            lower(std::string(text_.substr(value.begin, value.end - value.begin))).contains("yes"))
            return lacks("ENCRYPTED=YES: set how the target encrypts its tables, and ENCRYPTED=NO "
                         "on the source's, or leave the table out;");
        const bool is_storage = std::ranges::find(storage, word) != storage.end();
        if (is_storage) {
            edits_.push_back({at.peek().begin, value.end, is_clause ? "FORCE" : ""});
            at.advance();
            if (equals) at.advance();
        }
        at.advance();
    }
    return {};
}

mariadb_dialect::done mariadb_dialect::collations() {
    for (token_cursor at(list_.tokens); !at.at_end(); at.advance()) {
        if (auto checked = charset_alone(at); !checked) return checked;
        if (!at.sees("COLLATE")) continue;
        const token& one = at.peek(at.sees_symbol('=', 1) ? 2 : 1);
        const std::string name =
            lower(one.what == kind::string
                      ? std::string(text_.substr(one.begin + 1, one.end - one.begin - 2))
                      : one.text);
        constexpr std::string_view renamed = "_croatian_mysql561_ci";
        if (name.ends_with(renamed)) {
            edits_.push_back({one.begin, one.end,
                              name.substr(0, name.size() - renamed.size()) + "_croatian_ci"});
        } else if (is_foreign_collation(name)) {
            return lacks("the collation " + name);
        }
    }
    return {};
}

// A character set without a collation means what the session of the source made of it.
mariadb_dialect::done mariadb_dialect::charset_alone(token_cursor at) const {
    if (recollated_charsets_.empty()) return {};
    if (!at.take("CHARSET") && !at.take_all({"CHARACTER", "SET"})) return {};
    at.take_symbol('=');
    const std::string name = lower(at.peek().text);
    const bool other = std::ranges::any_of(
        recollated_charsets_, [&](const std::string& one) { return one == "*" || one == name; });
    if (!other || at.sees("COLLATE", 1)) return {};
    return lacks("the collation that " + name +
                 " alone meant in its session (character_set_collations)");
}

// Of the statement as a whole, right behind a table's name.
void mariadb_dialect::drop_waits() {
    for (token_cursor at(list_.tokens); !at.at_end(); at.advance()) {
        const bool behind_name = at.index() > 0 && is_name(list_.tokens[at.index() - 1]);
        if (!behind_name || list_.tokens[at.index() - 1].text == "COLUMN") continue;
        if (at.sees("WAIT") && at.peek(1).what == kind::number) {
            edits_.push_back({at.peek().begin, at.peek(1).end, ""});
            at.advance();
        } else if (at.sees("NOWAIT")) {
            edits_.push_back({at.peek().begin, at.peek().end, ""});
        }
    }
}

} // namespace understudy::applier::ddl
