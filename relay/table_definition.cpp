#include "relay/table_definition.hpp"

#include <fmt/format.h>

namespace understudy::relay {

namespace {

using protocol::column_type;
using protocol::table_map;
using protocol::table_map_column;

bool is_integer(column_type type) {
    switch (type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong: return true;
    default: return false;
    }
}

bool same_layout(const table_map_column& logged, const table_column& known) {
    if (logged.type != known.type) return false;
    // Their metadata is the size of the type, which is no parameter.
    const bool has_fixed_size =
        logged.type == column_type::float_ || logged.type == column_type::double_;
    return has_fixed_size || logged.metadata == known.metadata;
}

std::string sign(bool is_unsigned) {
    return is_unsigned ? "unsigned" : "signed";
}

std::string presence(bool nullable) {
    return nullable ? "NULL" : "NOT NULL";
}

std::optional<std::string> find_contradiction(const table_column& known, const table_map& map,
                                              std::size_t index) {
    const auto& logged = map.columns[index];
    const auto say = [&](const std::string& ours, const std::string& theirs) {
        return fmt::format("column {} ({}) is known as {}, the log has {}", index + 1, known.name,
                           ours, theirs);
    };
    if (!same_layout(logged, known)) {
        return say(known.type_text,
                   fmt::format("{} with metadata {}", to_string(logged.type), logged.metadata));
    }
    if (is_integer(logged.type) && logged.is_unsigned && *logged.is_unsigned != known.is_unsigned) {
        return say(sign(known.is_unsigned), sign(*logged.is_unsigned));
    }
    if (logged.nullable != known.nullable) {
        return say(presence(known.nullable), presence(logged.nullable));
    }
    if (index < map.column_names.size() && map.column_names[index] != known.name) {
        return say(known.name, map.column_names[index]);
    }
    return std::nullopt;
}

char unescaped(char c) {
    switch (c) {
    case '0': return '\0';
    case 'n': return '\n';
    case 'r': return '\r';
    default: return c;
    }
}

} // namespace

std::vector<std::uint32_t> table_definition::primary_key() const {
    std::vector<std::uint32_t> found;
    if (unique_keys.empty() || unique_keys.front().name != "PRIMARY") return found;
    for (const auto& part : unique_keys.front().parts)
        found.push_back(part.column);
    return found;
}

std::optional<std::string> find_contradiction(const table_definition& known, const table_map& map) {
    if (map.columns.size() != known.columns.size()) {
        return fmt::format("{} columns are known, the log has {}", known.columns.size(),
                           map.columns.size());
    }
    for (std::size_t i = 0; i < known.columns.size(); ++i) {
        if (auto found = find_contradiction(known.columns[i], map, i)) return found;
    }
    return std::nullopt;
}

// append_unescaped() of the server doubles quotes and puts a backslash before NUL, newlines and
// backslashes.
std::vector<std::string> labels_of(std::string_view type_text) {
    std::vector<std::string> labels;
    bool inside = false;
    for (std::size_t i = 0; i < type_text.size(); ++i) {
        const char c = type_text[i];
        if (!inside) {
            if (c == '\'') labels.emplace_back();
            inside = c == '\'';
            continue;
        }
        const bool more = i + 1 < type_text.size();
        if (c == '\'' && more && type_text[i + 1] == '\'') {
            labels.back() += type_text[++i];
        } else if (c == '\'') {
            inside = false;
        } else if (c == '\\' && more) {
            labels.back() += unescaped(type_text[++i]);
        } else {
            labels.back() += c;
        }
    }
    return labels;
}

} // namespace understudy::relay
