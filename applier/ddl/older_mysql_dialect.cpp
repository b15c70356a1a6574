#include "applier/ddl/older_mysql_dialect.hpp"

#include "applier/ddl/later_words.hpp"

namespace understudy::applier::ddl {

namespace {

using kind = token::kind;

constexpr std::uint32_t first_with_order = 80000;
constexpr std::uint32_t first_with_checks = 80016;

bool is_key(const token_cursor& at) {
    return at.sees("PRIMARY") || at.sees("UNIQUE") || at.sees("KEY") || at.sees("INDEX") ||
           at.sees("FULLTEXT") || at.sees("SPATIAL") || at.sees("CONSTRAINT") ||
           at.sees("FOREIGN") || at.sees("CHECK");
}

} // namespace

older_mysql_dialect::older_mysql_dialect(std::string_view text, std::uint64_t sql_mode,
                                         std::uint32_t source_version,
                                         const statement_charset& charset)
    : text_(text), version_(source_version),
      list_(tokenize(text, sql_mode, source_version, charset)) {}

std::optional<std::string> older_mysql_dialect::for_later() {
    token_cursor at(list_.tokens);
    while (at.take_symbol(';') || at.take_symbol('(')) {
    }
    // Of LOAD DATA the log says at which bytes its file is named.
    if (!list_.complete || at.sees("LOAD")) return std::nullopt;
    definitions(at);
    for (text_edit& one : quoted_later_words(list_.tokens, version_))
        edits_.push_back(std::move(one));
    if (edits_.empty()) return std::nullopt;
    return with_edits(text_, std::move(edits_));
}

void older_mysql_dialect::definitions(token_cursor at) {
    if (at.take("ALTER")) {
        at.take("IGNORE");
        if (at.take("TABLE") && at.take_name()) alter_clauses(at);
        return;
    }
    if (!at.take("CREATE")) return;
    at.take("TEMPORARY");
    if (at.take("TABLE")) {
        at.take_all({"IF", "NOT", "EXISTS"});
        if (!at.take_name()) return;
        if (at.sees_symbol('(') && !at.sees("LIKE", 1) && !at.sees("SELECT", 1)) elements(at);
        return;
    }
    at.take_any({"UNIQUE", "FULLTEXT", "SPATIAL"});
    if (at.take("INDEX")) without_order(at, list_.tokens.size());
}

std::size_t older_mysql_dialect::clause_end(token_cursor at) const {
    while (!at.at_end() && !at.sees_symbol(',') && !at.sees_symbol(')')) {
        if (!at.take_parentheses()) at.advance();
    }
    return at.index();
}

void older_mysql_dialect::alter_clauses(token_cursor at) {
    bool is_first = true;
    while (!at.at_end()) {
        const auto begin = at.index();
        auto end = clause_end(at);
        if (alter_clause(at, end))
            is_first = false;
        else
            leave_out_entry(begin, end, is_first);
        at = token_cursor(list_.tokens, end);
        if (!at.take_symbol(',') && !at.at_end()) at.advance();
    }
}

// False: it is left out up to `end`. Partitions stand behind the last one without a comma.
bool older_mysql_dialect::alter_clause(token_cursor at, std::size_t& end) {
    if (at.take("ADD")) {
        if (is_ignored_check(at)) {
            end = check_end(at);
            return false;
        }
        at.take("COLUMN");
        if (at.sees_symbol('(')) {
            const bool has_others = elements(at);
            if (!has_others && at.take_symbol(')')) end = at.index();
            return has_others;
        }
        element(at, end);
    } else if (at.take("MODIFY")) {
        at.take("COLUMN");
        column(at, end);
    } else if (at.take("CHANGE")) {
        at.take("COLUMN");
        at.advance(); // the old name
        column(at, end);
    }
    return true;
}

bool older_mysql_dialect::elements(token_cursor& at) {
    bool is_first = true;
    at.advance();
    while (!at.at_end() && !at.sees_symbol(')')) {
        const auto begin = at.index();
        const auto end = clause_end(at);
        if (is_ignored_check(at)) {
            leave_out_entry(begin, end, is_first);
        } else {
            element(at, end);
            is_first = false;
        }
        at = token_cursor(list_.tokens, end);
        at.take_symbol(',');
    }
    return !is_first;
}

// With the comma that parts it from what is left.
void older_mysql_dialect::leave_out_entry(std::size_t first, std::size_t end, bool is_first) {
    if (first == end) return;
    const bool has_next = token_cursor(list_.tokens, end).sees_symbol(',');
    if (is_first)
        leave_out(first, has_next ? end + 1 : end);
    else
        leave_out(first - 1, end);
}

void older_mysql_dialect::leave_out(std::size_t first, std::size_t end) {
    edits_.push_back({list_.tokens[first].begin, list_.tokens[end - 1].end, ""});
}

bool older_mysql_dialect::is_ignored_check(token_cursor at) const {
    if (version_ >= first_with_checks) return false;
    if (at.take("CONSTRAINT") && !at.sees("CHECK")) at.advance(); // its name
    return at.sees("CHECK") && at.sees_symbol('(', 1);
}

std::size_t older_mysql_dialect::check_end(token_cursor at) {
    while (!at.at_end() && !at.sees_symbol('('))
        at.advance();
    at.take_parentheses();
    return at.index();
}

void older_mysql_dialect::element(token_cursor at, std::size_t end) {
    if (is_key(at))
        without_order(at, end);
    else
        column(at, end);
}

void older_mysql_dialect::column(token_cursor at, std::size_t end) {
    at.advance(); // its name
    if (version_ < first_with_order && at.sees("YEAR") && at.sees_symbol('(', 1)) {
        auto digits = at;
        digits.advance();
        const auto open = digits.index();
        if (digits.take_parentheses()) leave_out(open, digits.index());
    }
    while (at.index() < end) {
        if (at.take_parentheses()) continue;
        if (is_ignored_check(at)) {
            const auto begin = at.index();
            at = token_cursor(list_.tokens, check_end(at));
            leave_out(begin, at.index());
        } else if (at.sees("REFERENCES")) {
            without_references(at, end);
        } else {
            at.advance();
        }
    }
}

// REFERENCES table (columns) MATCH … ON DELETE … ON UPDATE …, before what says where the column
// goes.
void older_mysql_dialect::without_references(token_cursor& at, std::size_t end) {
    const auto begin = at.index();
    at.advance();
    if (!at.take_name()) return;
    at.take_parentheses();
    while (at.index() < end) {
        if (at.take("MATCH")) {
            at.advance();
        } else if (at.take("ON")) {
            at.advance();
            if (!at.take_all({"SET", "NULL"}) && !at.take_all({"SET", "DEFAULT"}) &&
                !at.take_all({"NO", "ACTION"}))
                at.advance();
        } else {
            break;
        }
    }
    leave_out(begin, at.index());
}

// Of the columns of a key: the first parentheses.
void older_mysql_dialect::without_order(token_cursor at, std::size_t end) {
    if (version_ >= first_with_order) return;
    while (at.index() < end && !at.at_end() && !at.sees_symbol('('))
        at.advance();
    const auto first = at.index();
    if (at.index() >= end || !at.take_parentheses()) return;
    for (std::size_t i = first + 1; i < at.index(); ++i) {
        const token_cursor word(list_.tokens, i);
        if (word.sees("DESC") && (word.sees_symbol(',', 1) || word.sees_symbol(')', 1)))
            leave_out(i, i + 1);
    }
}

} // namespace understudy::applier::ddl
