#pragma once

#include "protocol/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::state {

// A database or object name in which `*` stands for any characters and `?` for one, or a regular
// expression that the whole name has to match. A value.
class name_glob {
public:
    // Wildcards count only where the text was not quoted with back-ticks (see object_pattern).
    void append_literal(char c) { text_ += c; }
    void append_any_sequence() { text_ += any_sequence; }
    void append_any_character() { text_ += any_character; }

    [[nodiscard]] static name_glob literal(std::string_view name);
    [[nodiscard]] static name_glob everything();
    // ECMAScript's grammar, over bytes of UTF-8. errc::selection_invalid says what is wrong with
    // it.
    [[nodiscard]] static protocol::result<name_glob> expression(std::string_view text);

    [[nodiscard]] bool matches(std::string_view name, bool case_insensitive) const;
    [[nodiscard]] bool is_everything() const;
    [[nodiscard]] bool has_wildcard() const;
    [[nodiscard]] bool empty() const { return text_.empty() && !expression_; }
    // What stands before and behind the only `*`; all of a name without wildcards. nullopt: it has
    // other wildcards.
    struct parts {
        std::string prefix;
        std::string suffix;
        bool has_star = false;
    };
    [[nodiscard]] std::optional<parts> around_one_star() const;
    // As a pattern of LIKE and GRANT, escaped by a backslash; nullopt for a regular expression.
    [[nodiscard]] std::optional<std::string> like() const;
    // The name, for a glob without wildcards.
    [[nodiscard]] const std::string& name() const { return text_; }
    // Some name may match both. May say yes where there is none, never the other way round.
    [[nodiscard]] bool may_overlap(const name_glob& other, bool case_insensitive) const;

private:
    // Two bytes that no UTF-8 text holds, so that a quoted `*` stays an asterisk.
    static constexpr char any_sequence = '\xff';
    static constexpr char any_character = '\xfe';

    struct compiled;

    std::string text_;
    std::shared_ptr<const compiled> expression_; // instead of text_
};

// One pattern of include or exclude: "db", "db.*", "db.table", wildcards in both parts, a regular
// expression between slashes as a part ("/shop_[0-9]+/.orders"), and back-ticks around a part that
// holds a dot, a back-tick (doubled) or a literal asterisk.
struct object_pattern {
    name_glob database;
    name_glob object;          // of "db" alone: everything
    bool names_object = false; // a second part was written

    [[nodiscard]] static protocol::result<object_pattern> parse(std::string_view text);

    [[nodiscard]] bool matches(std::string_view database_name, std::string_view object_name,
                               bool case_insensitive) const {
        return database.matches(database_name, case_insensitive) &&
               object.matches(object_name, case_insensitive);
    }
};

// Names equal as the server compares them: ASCII letters without case where case_insensitive.
[[nodiscard]] bool names_equal(std::string_view left, std::string_view right,
                               bool case_insensitive);

// In small letters, as a server with lower_case_table_names = 1 stores it. UTF-8.
[[nodiscard]] std::string lower_case_name(std::string_view name);

// Characters, not bytes: MySQL allows 64 of them in a name.
[[nodiscard]] std::size_t count_characters(std::string_view utf8);

} // namespace understudy::state
