#include "precheck/needs.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace understudy::precheck {

namespace {

[[nodiscard]] bool is_held(const grants& held, const need& one) {
    return std::ranges::any_of(one.one_of, [&](const std::string& privilege) {
        if (one.database.empty()) return held.on_server(privilege);
        if (one.table.empty()) return held.on_database(privilege, one.database);
        return held.on_table(privilege, one.database, one.table);
    });
}

[[nodiscard]] std::string scope_text(const need& one) {
    if (one.database.empty()) return "*.*";
    if (one.table.empty()) return state::quote_identifier(one.database) + ".*";
    return state::object_name{one.database, one.table}.to_string();
}

// In the database part of a GRANT, % and _ are wildcards unless escaped.
[[nodiscard]] std::string grant_scope(const need& one) {
    if (one.database.empty() || !one.table.empty() || one.is_like) return scope_text(one);
    std::string escaped;
    for (const char c : one.database) {
        if (c == '%' || c == '_') escaped += '\\';
        escaped += c;
    }
    return state::quote_identifier(escaped) + ".*";
}

// Scopes in order of first appearance, with the privileges asked for in each.
[[nodiscard]] std::vector<std::pair<std::string, std::vector<std::string>>>
by_scope(std::span<const need> needs, std::string (*scope)(const need&)) {
    std::vector<std::pair<std::string, std::vector<std::string>>> found;
    for (const need& one : needs) {
        const std::string name = scope(one);
        auto entry = std::ranges::find(found, name, &decltype(found)::value_type::first);
        if (entry == found.end()) entry = found.insert(found.end(), {name, {}});
        if (std::ranges::find(entry->second, one.one_of.front()) == entry->second.end()) {
            entry->second.push_back(one.one_of.front());
        }
    }
    return found;
}

[[nodiscard]] std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string text;
    for (const std::string& part : parts) {
        if (!text.empty()) text += between;
        text += part;
    }
    return text;
}

} // namespace

std::string quote_account(std::string_view account) {
    const auto quoted = [](std::string_view part) {
        std::string text = "'";
        for (const char c : part) {
            if (c == '\'' || c == '\\') text += c;
            text += c;
        }
        return text + "'";
    };
    const std::size_t at = account.rfind('@');
    if (at == std::string_view::npos) return quoted(account);
    return quoted(account.substr(0, at)) + "@" + quoted(account.substr(at + 1));
}

std::vector<need> missing(const grants& held, std::vector<need> needs) {
    std::erase_if(needs, [&](const need& one) { return is_held(held, one); });
    return needs;
}

std::string describe(std::span<const need> needs) {
    std::vector<std::string> parts;
    for (const auto& [scope, privileges] : by_scope(needs, scope_text)) {
        parts.push_back(joined(privileges, ", ") + " on " + scope);
    }
    return joined(parts, "; ");
}

std::string reasons(std::span<const need> needs) {
    std::vector<std::string> parts;
    for (const need& one : needs) {
        if (std::ranges::find(parts, one.why) == parts.end()) parts.push_back(one.why);
    }
    return joined(parts, "; ");
}

std::string grant_statements(std::span<const need> needs, const std::string& account) {
    std::string text;
    for (const auto& [scope, privileges] : by_scope(needs, grant_scope)) {
        if (!text.empty()) text += '\n';
        text += "GRANT " + joined(privileges, ", ") + " ON " + scope + " TO " +
                quote_account(account) + ";";
    }
    return text;
}

} // namespace understudy::precheck
