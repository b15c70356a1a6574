#include "precheck/grants.hpp"

#include "protocol/errc.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

namespace understudy::precheck {

namespace {

// Cuts one line of SHOW GRANTS into words, names and punctuation.
class scanner {
public:
    explicit scanner(std::string_view text) : rest_(text) {}

    void skip_space() {
        while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
            rest_.remove_prefix(1);
        }
    }
    [[nodiscard]] bool at_end() {
        skip_space();
        return rest_.empty();
    }
    [[nodiscard]] bool take(char wanted) {
        skip_space();
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // A keyword, in whatever case the server prints it.
    [[nodiscard]] bool take_word(std::string_view wanted) {
        skip_space();
        if (rest_.size() < wanted.size()) return false;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (std::toupper(static_cast<unsigned char>(rest_[i])) != wanted[i]) return false;
        }
        if (rest_.size() > wanted.size() && is_word(rest_[wanted.size()])) return false;
        rest_.remove_prefix(wanted.size());
        return true;
    }
    [[nodiscard]] std::string word() {
        skip_space();
        std::string found;
        while (!rest_.empty() && is_word(rest_.front())) {
            found += static_cast<char>(std::toupper(static_cast<unsigned char>(rest_.front())));
            rest_.remove_prefix(1);
        }
        return found;
    }
    [[nodiscard]] bool at_name() {
        skip_space();
        return !rest_.empty() && is_quote(rest_.front());
    }
    // `name`, "name" (ANSI_QUOTES) or 'name', with the quote doubled inside.
    [[nodiscard]] std::optional<std::string> name() {
        if (!at_name()) return std::nullopt;
        const char quote = rest_.front();
        rest_.remove_prefix(1);
        std::string found;
        while (!rest_.empty()) {
            const char next = rest_.front();
            rest_.remove_prefix(1);
            if (next != quote) {
                found += next;
            } else if (!rest_.empty() && rest_.front() == quote) {
                found += quote;
                rest_.remove_prefix(1);
            } else {
                return found;
            }
        }
        return std::nullopt;
    }
    // "(`a`, `b`)": the columns that a privilege is limited to.
    [[nodiscard]] bool skip_columns() {
        while (true) {
            if (at_name() ? !name().has_value() : word().empty()) return false;
            if (take(')')) return true;
            if (!take(',')) return false;
        }
    }

private:
    [[nodiscard]] static bool is_word(char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    }
    [[nodiscard]] static bool is_quote(char c) { return c == '`' || c == '"' || c == '\''; }

    std::string_view rest_;
};

// Reads "A, B C, D (`x`)" up to ON. Privileges that hold for some columns only are left out: to
// read or write whole rows they are of no use.
[[nodiscard]] std::optional<std::set<std::string, std::less<>>> privilege_list(scanner& line) {
    std::set<std::string, std::less<>> found;
    std::string privilege;
    while (true) {
        if (line.take('(')) {
            if (!line.skip_columns()) return std::nullopt;
            privilege.clear();
            continue;
        }
        const bool list_goes_on = line.take(',');
        const bool list_ends = !list_goes_on && line.take_word("ON");
        if (list_goes_on || list_ends) {
            if (!privilege.empty()) found.insert(privilege);
            privilege.clear();
            if (list_ends) return found;
            continue;
        }
        const std::string word = line.word();
        if (word.empty()) return std::nullopt;
        privilege += privilege.empty() ? word : " " + word;
    }
}

[[nodiscard]] bool holds(const std::set<std::string, std::less<>>& held, std::string_view wanted) {
    // The right to grant is none of them.
    if (held.contains(wanted)) return true;
    if (wanted == "GRANT OPTION") return false;
    return held.contains("ALL PRIVILEGES") || held.contains("ALL");
}

// LIKE matching with \ as escape, on bytes: enough for names, where _ is rare and % stands for
// runs.
[[nodiscard]] bool like(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '%') {
        for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
            if (like(text.substr(skipped), pattern.substr(1))) return true;
        }
        return false;
    }
    if (text.empty()) return false;
    const bool escaped = pattern.front() == '\\' && pattern.size() > 1;
    const char wanted = escaped ? pattern[1] : pattern.front();
    const bool any = !escaped && wanted == '_';
    return (any || wanted == text.front()) && like(text.substr(1), pattern.substr(escaped ? 2 : 1));
}

// Where the first wildcard stands; the later, the more specific (get_sort() in the server).
[[nodiscard]] std::size_t first_wildcard(std::string_view pattern) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i] == '%' || pattern[i] == '_') {
            return i;
        }
    }
    return std::string_view::npos;
}

[[nodiscard]] std::unexpected<protocol::error> unreadable(std::string_view line) {
    return protocol::fail(protocol::errc::malformed,
                          "a line of SHOW GRANTS is not understood: " + std::string(line));
}

} // namespace

protocol::result<grants> grants::parse(std::span<const std::string> lines, bool wildcards) {
    grants all;
    for (const std::string& line : lines) {
        if (auto added = all.add_line(line, wildcards); !added) {
            return std::unexpected(std::move(added.error()));
        }
    }
    // The server looks a database up in this order and takes the first that fits.
    std::ranges::sort(all.databases_, std::ranges::greater{}, [](const database_grant& one) {
        return one.is_pattern ? first_wildcard(one.name) : std::string_view::npos;
    });
    return all;
}

protocol::result<void> grants::add_line(std::string_view text, bool wildcards) {
    scanner line(text);
    const bool revoke = line.take_word("REVOKE");
    if (!revoke && !line.take_word("GRANT")) return unreadable(text);
    if (line.at_name()) { // GRANT `role`@`host`, … TO
        do {
            const auto role = line.name();
            if (!role) return unreadable(text);
            std::string printed = "`" + *role + "`";
            if (line.take('@')) {
                const auto host = line.name();
                if (!host) return unreadable(text);
                printed += "@`" + *host + "`";
            }
            roles_.push_back(std::move(printed));
        } while (line.take(','));
        return {};
    }
    auto privileges = privilege_list(line);
    if (!privileges) return unreadable(text);
    if (privileges->contains("PROXY")) return {};
    if (text.contains(" WITH GRANT OPTION")) privileges->insert("GRANT OPTION");
    for (const char* routine : {"PROCEDURE", "FUNCTION", "LIBRARY"}) {
        if (line.take_word(routine)) return {};
    }
    if (line.take('*')) {
        if (!line.take('.') || !line.take('*')) return unreadable(text);
        server_.merge(*privileges);
        return {};
    }
    const auto database = line.name();
    if (!database || !line.take('.')) return unreadable(text);
    if (line.take('*')) {
        if (revoke) {
            restrictions_[*database].merge(*privileges);
        } else {
            const bool is_pattern =
                wildcards && (database->find_first_of("%_\\") != std::string::npos);
            databases_.push_back({*database, is_pattern, std::move(*privileges)});
        }
        return {};
    }
    const auto table = line.name();
    if (!table) return unreadable(text);
    tables_[{*database, *table}].merge(*privileges);
    return {};
}

std::map<std::string, std::set<std::string, std::less<>>> grants::of_databases() const {
    std::map<std::string, privileges> all;
    for (const database_grant& one : databases_)
        all[one.name].insert(one.held.begin(), one.held.end());
    for (const auto& [name, held] : tables_)
        all[name.first].insert(held.begin(), held.end());
    return all;
}

bool grants::restricted(std::string_view privilege, std::string_view database) const {
    const auto found = restrictions_.find(std::string(database));
    return found != restrictions_.end() && holds(found->second, privilege);
}

bool grants::on_server(std::string_view privilege) const {
    return holds(server_, privilege) && std::ranges::none_of(restrictions_, [&](const auto& one) {
               // System schemas are never selected, and it is them that hosted servers take out.
               return one.first != "mysql" && one.first != "sys" && holds(one.second, privilege);
           });
}

bool grants::on_database(std::string_view privilege, std::string_view database) const {
    if (holds(server_, privilege) && !restricted(privilege, database)) return true;
    const auto first = std::ranges::find_if(databases_, [&](const database_grant& one) {
        return one.is_pattern ? like(database, one.name) : database == one.name;
    });
    return first != databases_.end() && holds(first->held, privilege);
}

bool grants::on_table(std::string_view privilege, std::string_view database,
                      std::string_view table) const {
    if (on_database(privilege, database)) return true;
    const auto found = tables_.find({std::string(database), std::string(table)});
    return found != tables_.end() && holds(found->second, privilege);
}

} // namespace understudy::precheck
