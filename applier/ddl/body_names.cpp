#include "applier/ddl/body_names.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace understudy::applier::ddl {

namespace {

using words = std::initializer_list<std::string_view>;

bool is_one_of(const token& one, words list) {
    return one.what == token::kind::word && std::ranges::any_of(list, [&](std::string_view word) {
               return equal_keyword(one.text, word);
           });
}

bool names_something(const token& one) {
    return one.what == token::kind::word || one.what == token::kind::identifier;
}

// What can follow a table's name and is no alias.
bool follows_table(const token& one) {
    return is_one_of(
        one, {"WHERE",     "ON",        "USING",   "JOIN",   "INNER",        "LEFT",
              "RIGHT",     "CROSS",     "NATURAL", "FULL",   "OUTER",        "STRAIGHT_JOIN",
              "GROUP",     "ORDER",     "HAVING",  "LIMIT",  "UNION",        "EXCEPT",
              "INTERSECT", "MINUS",     "SET",     "FOR",    "LOCK",         "USE",
              "FORCE",     "IGNORE",    "INTO",    "WINDOW", "QUALIFY",      "VALUES",
              "VALUE",     "SELECT",    "WITH",    "DO",     "THEN",         "END",
              "ELSE",      "ELSEIF",    "READ",    "WRITE",  "LOW_PRIORITY", "TABLESAMPLE",
              "PROCEDURE", "PARTITION", "ADD",     "DROP",   "RENAME",       "ENGINE",
              "TO",        "LIKE",      "UNTIL"});
}

class body_reader {
public:
    explicit body_reader(token_cursor from) : at_(from) {}

    body_names read() {
        while (!at_.at_end()) {
            if (!take_structure() && !take_word()) take_expression();
        }
        end_statement();
        return std::move(found_);
    }

private:
    struct frame {
        bool is_list = false;     // a comma brings the next table
        bool is_function = false; // EXTRACT( … FROM … ): no table behind FROM
        bool is_with = false;     // a comma brings the next name of WITH
    };

    frame& here() { return frames_.back(); }

    void end_statement() {
        for (; statement_begin_ < found_.names.size(); ++statement_begin_) {
            body_name& name = found_.names[statement_begin_];
            name.is_qualified = qualifiers_.contains(name.where.name);
        }
        qualifiers_.clear();
    }

    bool take_structure() {
        if (at_.sees_symbol('(')) {
            frame inside;
            inside.is_list = expects_;
            inside.is_function =
                is_one_of(last_, {"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID"});
            frames_.push_back(inside);
        } else if (at_.sees_symbol(')')) {
            if (frames_.size() > 1) frames_.pop_back();
            expects_ = false;
        } else if (at_.sees_symbol(',')) {
            expects_ = here().is_list;
            step();
            if (here().is_with) take_with_name();
            return true;
        } else if (at_.sees_symbol(';')) {
            end_statement();
            frames_.assign(1, frame{});
            expects_ = inserts_ = no_alias_ = temporary_ = false;
        } else {
            return false;
        }
        step();
        return true;
    }

    // A keyword that matters. Words behind a dot or an @ are names.
    bool take_word() {
        const token& one = at_.peek();
        if (one.what != token::kind::word || is_symbol(last_, '.') || is_symbol(last_, '@') ||
            at_.sees_symbol('.', 1))
            return false;
        if (expects_ && take_word_before_table()) return true;
        return take_table_word() || take_other_word();
    }

    bool take_word_before_table() {
        if (at_.sees("LATERAL")) {
            step();
            return true;
        }
        if (at_.sees("DUAL") || (at_.sees("JSON_TABLE") && at_.sees_symbol('(', 1))) {
            expects_ = false;
            step();
            return true;
        }
        return false;
    }

    // Those behind which tables stand.
    bool take_table_word() {
        const bool calls = at_.sees_symbol('(', 1);
        if (at_.sees("FROM")) {
            const bool other = here().is_function || is_one_of(last_, {"FETCH", "NEXT"});
            if (!other) expect(true);
        } else if (at_.sees("JOIN") || (at_.sees("STRAIGHT_JOIN") && here().is_list)) {
            expects_ = true;
        } else if (at_.sees("INTO")) {
            if (inserts_) expect(false);
        } else if ((at_.sees("INSERT") || at_.sees("REPLACE")) && !calls) {
            inserts_ = true;
            step();
            take_modifiers();
            if (!at_.sees("INTO")) expect(false);
            return true;
        } else if (at_.sees("UPDATE") && !is_one_of(last_, {"FOR", "KEY", "ON"})) {
            expect(true);
            step();
            take_modifiers();
            return true;
        } else if (at_.sees("TABLE") || at_.sees("TABLES")) {
            expect(true);
            no_alias_ = !is_one_of(last_, {"LOCK"});
            step();
            at_.take_all({"IF", "NOT", "EXISTS"}) || at_.take_all({"IF", "EXISTS"});
            return true;
        } else if (at_.sees("TRUNCATE") && !calls && !at_.sees("TABLE", 1)) {
            expect(false);
            no_alias_ = true;
        } else if (at_.sees("CALL")) {
            step();
            if (auto name = at_.take_name()) add_routine(std::move(*name));
            return true;
        } else {
            return false;
        }
        step();
        return true;
    }

    bool take_other_word() {
        if (at_.sees("WITH") &&
            !is_one_of(at_.peek(1), {"ROLLUP", "CHECK", "CASCADED", "LOCAL", "PARSER", "QUERY",
                                     "CONSISTENT", "READ"})) {
            here().is_with = true;
            step();
            at_.take("RECURSIVE");
            take_with_name();
            return true;
        }
        // USE INDEX FOR JOIN, FOR ORDER BY
        if (at_.sees("FOR") && is_one_of(at_.peek(1), {"JOIN", "ORDER", "GROUP"})) {
            step();
            step();
            return true;
        }
        if (at_.sees("TEMPORARY")) temporary_ = true;
        if (at_.sees("PREPARE") || at_.sees("IMMEDIATE")) found_.has_prepared_text = true;
        const bool begins = is_symbol(last_, ';') ||
                            is_one_of(last_, {"BEGIN", "THEN", "ELSE", "DO", "LOOP", "ROW"});
        if (begins &&
            is_one_of(at_.peek(), {"SHOW", "DESC", "DESCRIBE", "EXPLAIN", "HANDLER", "CHECKSUM",
                                   "LOAD", "ALTER", "RENAME", "CREATE"}) &&
            !(at_.sees("CREATE") && at_.sees("TEMPORARY", 1)))
            found_.has_odd_statements = true;
        if (!is_one_of(at_.peek(), {"SELECT",    "WHERE", "GROUP",  "HAVING", "ORDER", "LIMIT",
                                    "WINDOW",    "SET",   "VALUES", "VALUE",  "UNION", "EXCEPT",
                                    "INTERSECT", "DO",    "THEN",   "BEGIN",  "END",   "LOOP",
                                    "RETURN",    "ELSE",  "ELSEIF", "FOR",    "UNTIL", "DELETE"}))
            return false;
        const bool ends_with = !is_one_of(at_.peek(), {"GROUP", "ORDER"});
        if (ends_with) here().is_with = false;
        here().is_list = expects_ = no_alias_ = false;
        step();
        return true;
    }

    // A name in a table's place, or something of an expression.
    void take_expression() {
        const token& one = at_.peek();
        const bool is_name = names_something(one) && !is_symbol(last_, '@');
        if (!is_name) {
            if (!is_symbol(one, '.')) expects_ = expects_ && is_symbol(one, '{');
            step();
            return;
        }
        if (expects_ && !is_one_of(one, {"IGNORE", "LOW_PRIORITY", "QUICK"})) {
            take_table();
            return;
        }
        take_qualified();
    }

    void take_table() {
        body_name name;
        auto where = at_.take_name();
        if (!where) {
            step();
            return;
        }
        name.where = std::move(*where);
        name.is_inserted_into = inserts_;
        name.alias_at = name.where.end;
        if (at_.sees("PARTITION") && at_.sees_symbol('(', 1)) {
            at_.advance();
            auto close = at_;
            if (at_.take_parentheses()) {
                while (close.index() + 1 < at_.index())
                    close.advance();
                name.alias_at = close.peek().end;
            }
        }
        const token& next = at_.peek();
        const bool has_alias = !no_alias_ && !inserts_ &&
                               (at_.sees("AS") || (names_something(next) && !follows_table(next)));
        name.takes_alias = !has_alias && !inserts_ && !no_alias_;
        if (temporary_ && !name.where.database) found_.own_names.insert(name.where.name);
        found_.names.push_back(std::move(name));
        // Of DROP TEMPORARY TABLE and CREATE TEMPORARY TABLE it is the only name, or the first.
        expects_ = inserts_ = temporary_ = false;
        if (has_alias) {
            at_.take("AS");
            step();
        }
        last_ = {};
    }

    // a.b, a.b.c, a.b(
    void take_qualified() {
        const bool two = at_.sees_symbol('.', 1) && names_something(at_.peek(2));
        const bool three = two && at_.sees_symbol('.', 3);
        if (three) {
            qualifiers_.insert(at_.peek(2).text);
            add({.what = body_name::kind::column_qualifier, .where = *at_.take_name()});
            at_.advance();
            step();
            return;
        }
        if (two && at_.sees_symbol('(', 3)) {
            add_routine(*at_.take_name());
            return;
        }
        if (at_.sees_symbol('.', 1)) {
            qualifiers_.insert(at_.peek().text);
            step();
            step();
        }
        step();
    }

    void take_with_name() {
        if (!names_something(at_.peek())) return;
        found_.own_names.insert(at_.peek().text);
        step();
    }

    void take_modifiers() {
        while (at_.take_any({"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE"})) {
        }
    }

    void expect(bool list) {
        expects_ = true;
        no_alias_ = false;
        here().is_list = list;
    }

    void add_routine(name_reference where) {
        if (where.database) add({.what = body_name::kind::routine, .where = std::move(where)});
        last_ = {};
    }

    void add(body_name name) { found_.names.push_back(std::move(name)); }

    void step() {
        last_ = at_.peek();
        at_.advance();
    }

    static bool is_symbol(const token& one, char symbol) {
        return one.what == token::kind::symbol && one.text[0] == symbol;
    }

    token_cursor at_;
    token last_;
    std::vector<frame> frames_{frame{}};
    bool expects_ = false;             // a table stands next
    bool inserts_ = false;             // behind INSERT or REPLACE, up to its table
    bool no_alias_ = false;            // TABLE t, TRUNCATE t
    bool temporary_ = false;           // CREATE TEMPORARY TABLE, up to the next statement
    std::size_t statement_begin_ = 0;  // in found_.names
    std::set<std::string> qualifiers_; // of the statement: t of t.column and db.t.column
    body_names found_;
};

} // namespace

body_names read_body(token_cursor from) {
    return body_reader(from).read();
}

} // namespace understudy::applier::ddl
