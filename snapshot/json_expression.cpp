#include "snapshot/json_expression.hpp"

#include "applier/target_session.hpp"
#include "protocol/value/json_sql.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

namespace understudy::snapshot {

using applier::quote_string;
using protocol::fail;
using protocol::result;

namespace {

// Of a DOUBLE the text alone says whether it is parsed exactly.
constexpr std::string_view safe_types = "'OBJECT','ARRAY','STRING','DOUBLE','BOOLEAN','NULL'";

constexpr std::uint64_t first_unsigned = protocol::first_unsigned_in_json_text;

std::string types_in(std::string_view document, std::string_view path) {
    return fmt::format("(SELECT IF(MAX(CASE JSON_TYPE(v) WHEN 'INTEGER' THEN v >= {0} "
                       "WHEN 'UNSIGNED INTEGER' THEN v < {0} ELSE JSON_TYPE(v) NOT IN ({1}) END), "
                       "JSON_ARRAYAGG(JSON_TYPE(v)), NULL) FROM "
                       "JSON_TABLE({2}, '{3}' COLUMNS (v JSON PATH '$')) AS q)",
                       first_unsigned, safe_types, document, path);
}

constexpr std::size_t depth_max = 100; // the server's own limit

struct node {
    std::string_view text;              // with its braces or quotes
    std::vector<std::string_view> keys; // of an object, quoted as in the text
    std::vector<node> children;
    std::string_view type; // empty: its text says it all

    [[nodiscard]] bool is_object() const { return text.front() == '{'; }
    [[nodiscard]] bool is_array() const { return text.front() == '['; }
    [[nodiscard]] bool is_string() const { return text.front() == '"'; }
    [[nodiscard]] bool is_number() const {
        return text.front() == '-' || (text.front() >= '0' && text.front() <= '9');
    }
    [[nodiscard]] bool is_double() const {
        return type == "DOUBLE" ||
               (type.empty() && is_number() && text.find_first_of(".e") != std::string_view::npos);
    }
    [[nodiscard]] bool needs_type() const;
    [[nodiscard]] bool holds_typed() const {
        return needs_type() || std::ranges::any_of(children, &node::holds_typed);
    }
};

// Of digits only; a negative one is below.
bool is_unsigned_in_text(const node& integer) {
    std::uint64_t value = 0;
    const char* const end = integer.text.data() + integer.text.size();
    const auto read = std::from_chars(integer.text.data(), end, value);
    return read.ec == std::errc() && read.ptr == end && value >= first_unsigned;
}

bool node::needs_type() const {
    if (is_double()) return !protocol::is_parsed_exactly(text);
    if (type == "INTEGER") return is_unsigned_in_text(*this);
    if (type == "UNSIGNED INTEGER") return !is_unsigned_in_text(*this);
    return !type.empty() && !safe_types.contains(fmt::format("'{}'", type));
}

// Reads what the server printed: well-formed, but checked all the same.
class reader {
public:
    explicit reader(std::string_view text) : text_(text) {}

    [[nodiscard]] bool read(node& into, std::size_t depth = 0) {
        skip_blanks();
        if (at_ >= text_.size() || depth > depth_max) return false;
        const std::size_t begin = at_;
        const bool good = text_[at_] == '{'   ? read_object(into, depth)
                          : text_[at_] == '[' ? read_array(into, depth)
                          : text_[at_] == '"' ? read_string()
                                              : read_word();
        into.text = text_.substr(begin, at_ - begin);
        return good && !into.text.empty();
    }
    [[nodiscard]] bool at_end() {
        skip_blanks();
        return at_ == text_.size();
    }

private:
    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n'))
            ++at_;
    }
    [[nodiscard]] bool take(char symbol) {
        skip_blanks();
        if (at_ >= text_.size() || text_[at_] != symbol) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] bool read_string() {
        if (!take('"')) return false;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\')
                ++at_;
            else if (text_[at_] == '"')
                break;
        }
        if (at_ >= text_.size()) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] bool read_word() {
        const auto end = text_.find_first_of(",]} \n", at_);
        at_ = std::min(end, text_.size());
        return true;
    }
    [[nodiscard]] bool read_array(node& into, std::size_t depth) {
        ++at_;
        if (take(']')) return true;
        do {
            if (!read(into.children.emplace_back(), depth + 1)) return false;
        } while (take(','));
        return take(']');
    }
    [[nodiscard]] bool read_object(node& into, std::size_t depth) {
        ++at_;
        if (take('}')) return true;
        do {
            skip_blanks();
            const std::size_t begin = at_;
            if (!read_string()) return false;
            into.keys.push_back(text_.substr(begin, at_ - begin));
            if (!take(':') || !read(into.children.emplace_back(), depth + 1)) return false;
        } while (take(','));
        return take('}');
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

bool fits(const node& one, std::string_view type) {
    if (type == "OBJECT") return one.is_object();
    if (type == "ARRAY") return one.is_array();
    static constexpr std::array<std::string_view, 4> numbers{"INTEGER", "UNSIGNED INTEGER",
                                                             "DOUBLE", "DECIMAL"};
    if (std::ranges::find(numbers, type) != numbers.end()) return one.is_number();
    if (type == "BOOLEAN") return one.text == "true" || one.text == "false";
    if (type == "NULL") return one.text == "null";
    return one.is_string();
}

// The order in which the server's path wildcard ** meets values: all children of a value, then the
// same inside each child.
bool give_types(node& one, bool to_members, const std::vector<node>& types, std::size_t& next) {
    if (to_members ? one.is_object() : one.is_array()) {
        for (node& child : one.children) {
            if (next >= types.size()) return false;
            const auto told = types[next++].text;
            // JSON null comes out of JSON_TABLE as NULL, which has no type.
            child.type = told == "null" ? "NULL" : told.substr(1, told.size() - 2);
            if (!fits(child, child.type)) return false;
        }
    }
    return std::ranges::all_of(
        one.children, [&](node& child) { return give_types(child, to_members, types, next); });
}

bool give_types(node& wrapped, bool to_members, std::optional<std::string_view> types) {
    if (!types) return true;
    node list;
    reader from(*types);
    if (!from.read(list) || !list.is_array()) return false;
    std::size_t next = 0;
    return give_types(wrapped, to_members, list.children, next) && next == list.children.size();
}

std::string inside_quotes(const node& one) {
    return std::string(one.text.substr(1, one.text.size() - 2));
}

std::string double_literal(const node& one) {
    return fmt::format("{}{}", one.text, one.text.contains('e') ? "" : "e0");
}

// Of a quoted text; JSON_UNQUOTE knows all escapes that it can hold.
std::string string_literal(std::string_view quoted) {
    if (quoted.contains('\\')) return fmt::format("JSON_UNQUOTE(_utf8mb4{})", quote_string(quoted));
    return "_utf8mb4" + quote_string(quoted.substr(1, quoted.size() - 2));
}

result<std::string> typed_scalar(const node& one) {
    if (one.is_double()) return double_literal(one);
    if (one.type == "INTEGER") return std::string(one.text);
    if (one.type == "UNSIGNED INTEGER") return fmt::format("CAST({} AS UNSIGNED)", one.text);
    if (one.type == "DECIMAL") {
        // A literal with a point is one; its precision is the number of its digits.
        if (one.text.contains('.')) return std::string(one.text);
        const bool negative = one.text.starts_with('-');
        return fmt::format("CAST({} AS DECIMAL({},0))", one.text,
                           one.text.size() - (negative ? 1 : 0));
    }
    if (one.type == "DATE") return fmt::format("CAST('{}' AS DATE)", inside_quotes(one));
    if (one.type == "TIME") return fmt::format("CAST('{}' AS TIME(6))", inside_quotes(one));
    if (one.type == "DATETIME") return fmt::format("CAST('{}' AS DATETIME(6))", inside_quotes(one));
    // VARCHAR is what a binary literal becomes.
    constexpr std::string_view binary = "base64:type15:";
    if (one.type == "BLOB" && inside_quotes(one).starts_with(binary))
        return fmt::format("FROM_BASE64('{}')", inside_quotes(one).substr(binary.size()));
    return fail(
        errc::value_not_exact,
        fmt::format("a JSON document holds a value of type {}, which no SQL expression gives: {}",
                    one.type, one.text.substr(0, 100)));
}

std::string cast_text(const node& one) {
    return fmt::format("CAST(_utf8mb4{} AS JSON)", quote_string(one.text));
}

// In an array or object, of what its text says all about: short where that is the same.
std::string plain_argument(const node& one) {
    if (one.is_double()) return double_literal(one);
    if (one.is_string()) return string_literal(one.text);
    if (one.text == "true" || one.text == "false" || one.text == "null")
        return std::string(one.text);
    const bool is_integer = one.is_number() && !is_unsigned_in_text(one);
    return is_integer ? std::string(one.text) : cast_text(one);
}

result<std::string> expression_of(const node& one) {
    if (one.children.empty()) return typed_scalar(one);
    std::string arguments;
    for (std::size_t i = 0; i < one.children.size(); ++i) {
        if (i > 0) arguments += ",";
        if (one.is_object()) arguments += string_literal(one.keys[i]) + ',';
        if (!one.children[i].holds_typed()) {
            arguments += plain_argument(one.children[i]);
            continue;
        }
        auto value = expression_of(one.children[i]);
        if (!value) return value;
        arguments += *value;
    }
    return fmt::format("{}({})", one.is_object() ? "JSON_OBJECT" : "JSON_ARRAY", arguments);
}

} // namespace

std::string element_types_of(std::string_view quoted_column) {
    return types_in(fmt::format("JSON_ARRAY({})", quoted_column), "$**[*]");
}

std::string member_types_of(std::string_view quoted_column) {
    return types_in(quoted_column, "$**.*");
}

bool may_hold_lost_double(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const char first = text[at];
        if (first == '"') {
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                if (text[at] == '\\') ++at;
            }
            ++at;
        } else if (first == '-' || (first >= '0' && first <= '9')) {
            const auto end = std::min(text.find_first_of(",]} \n", at), text.size());
            if (!protocol::is_parsed_exactly(text.substr(at, end - at))) return true;
            at = end;
        } else {
            ++at;
        }
    }
    return false;
}

result<std::string> json_expression(std::string_view text,
                                    std::optional<std::string_view> element_types,
                                    std::optional<std::string_view> member_types) {
    node wrapper{.text = "[", .keys = {}, .children = {node{}}, .type = {}};
    reader from(text);
    if (!from.read(wrapper.children[0]) || !from.at_end() ||
        !give_types(wrapper, false, element_types) ||
        !give_types(wrapper.children[0], true, member_types))
        return fail(errc::value_not_exact,
                    fmt::format("the types of a JSON document do not fit its text: {}",
                                text.substr(0, 200)));
    if (!wrapper.children[0].holds_typed()) return cast_text(wrapper.children[0]);
    auto expression = expression_of(wrapper.children[0]);
    if (!expression) return expression;
    // A bare DECIMAL or DATE would be converted to JSON by its text.
    return wrapper.children[0].needs_type() ? fmt::format("CAST({} AS JSON)", *expression)
                                            : expression;
}

} // namespace understudy::snapshot
