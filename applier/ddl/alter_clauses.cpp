#include "applier/ddl/alter_clauses.hpp"

#include "state/condition/row_value.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

namespace {

constexpr std::array<std::string_view, 8> values_of_the_moment{
    "CURRENT_TIMESTAMP", "NOW",          "LOCALTIME",     "LOCALTIMESTAMP",
    "CURRENT_DATE",      "CURRENT_TIME", "UTC_TIMESTAMP", "CURDATE"};
constexpr std::array<std::string_view, 5> keys{"INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL"};
constexpr std::array<std::string_view, 7> other_than_columns{
    "PRIMARY", "FOREIGN", "CONSTRAINT", "CHECK", "PARTITION", "PERIOD", "SYSTEM"};
constexpr std::array<std::string_view, 10> options{
    "COMMENT", "ENGINE",           "ROW_FORMAT", "KEY_BLOCK_SIZE", "ALGORITHM",
    "LOCK",    "STATS_PERSISTENT", "CHARACTER",  "CHARSET",        "COLLATE"};

template<std::size_t Size>
bool sees_any(const token_cursor& at, const std::array<std::string_view, Size>& words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return at.sees(word); });
}

class reader {
public:
    explicit reader(token_cursor at) : at_(at) {}

    alter_clauses read() {
        alter_clauses found{.is_exact = !at_.at_end(), .sets_only_counter = !at_.at_end()};
        found.switches_keys = (at_.sees("DISABLE") || at_.sees("ENABLE")) && at_.sees("KEYS", 1);
        while (!at_.at_end()) {
            if (!at_.sees("AUTO_INCREMENT")) found.sets_only_counter = false;
            found.is_exact = clause() && found.is_exact;
            while (!at_.at_end() && !at_.sees_symbol(','))
                step();
            at_.take_symbol(',');
        }
        const bool comes_back = std::ranges::any_of(added_, [this](const std::string& one) {
            return std::ranges::any_of(
                dropped_, [&](const std::string& other) { return state::same_column(one, other); });
        });
        found.is_exact = found.is_exact && !comes_back;
        found.makes_up_values = makes_up_;
        return found;
    }

private:
    void step() {
        if (!at_.take_parentheses()) at_.advance();
    }
    bool clause() {
        if (at_.take("ADD")) return add();
        if (at_.take("DROP")) return drop();
        if (at_.take("MODIFY")) {
            at_.take("COLUMN");
            return definition(true);
        }
        if (at_.take("CHANGE")) {
            at_.take("COLUMN");
            const std::string name = at_.peek().text;
            at_.advance();
            return state::same_column(name, at_.peek().text) && definition(true);
        }
        // A default, or who sees an index. Names of constraints are the copy's own.
        if (at_.take("ALTER")) return !at_.sees("CHECK") && !at_.sees("CONSTRAINT");
        if (at_.take("RENAME")) return at_.sees("INDEX") || at_.sees("KEY");
        at_.take("DEFAULT");
        return at_.sees("AUTO_INCREMENT") || sees_any(at_, options);
    }
    bool add() {
        // Rows that a unique key took from the copy may have gone from the table before the swap.
        if (at_.sees("UNIQUE")) return false;
        if (sees_any(at_, keys)) return true;
        if (!at_.take("COLUMN") && sees_any(at_, other_than_columns)) return false;
        added_.push_back(at_.peek().text);
        return definition(false);
    }
    bool drop() {
        if (at_.sees("INDEX") || at_.sees("KEY")) return true;
        if (!at_.take("COLUMN") && sees_any(at_, other_than_columns)) return false;
        if (at_.sees("IF")) return false;
        dropped_.push_back(at_.peek().text);
        return true;
    }
    // The column's name and what it is.
    bool definition(bool has_values) {
        if (at_.sees_symbol('(') || at_.sees("IF")) {
            makes_up_ = makes_up_ || !has_values; // not read: it may
            return false;
        }
        at_.advance();
        // Without explicit_defaults_for_timestamp such a column has the time as its default.
        bool makes_up = !has_values && (at_.sees("TIMESTAMP") || at_.sees("SERIAL"));
        bool is_known = true;
        for (; !at_.at_end() && !at_.sees_symbol(','); step()) {
            const bool has_default = at_.sees("DEFAULT") && !is_constant(1);
            makes_up = makes_up || has_default || at_.sees("AUTO_INCREMENT") ||
                       sees_any(at_, values_of_the_moment);
            is_known = is_known && !at_.sees("REFERENCES") && !at_.sees("UNIQUE");
        }
        makes_up_ = makes_up_ || (makes_up && !has_values);
        return is_known && (has_values || !makes_up);
    }
    // What stands there is a literal.
    [[nodiscard]] bool is_constant(std::size_t ahead) const {
        const token& one = at_.peek(ahead);
        if (one.what == token::kind::string || one.what == token::kind::number) return true;
        if (at_.sees_symbol('-', ahead) || at_.sees_symbol('+', ahead))
            return at_.peek(ahead + 1).what == token::kind::number;
        const bool is_prefix = equal_keyword(one.text, "b") || equal_keyword(one.text, "x");
        return at_.sees("NULL", ahead) || at_.sees("TRUE", ahead) || at_.sees("FALSE", ahead) ||
               (is_prefix && at_.peek(ahead + 1).what == token::kind::string);
    }

    token_cursor at_;
    std::vector<std::string> added_;
    std::vector<std::string> dropped_;
    bool makes_up_ = false;
};

} // namespace

alter_clauses read_alter_clauses(token_cursor at) {
    return reader(at).read();
}

} // namespace understudy::applier::ddl
