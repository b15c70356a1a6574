#pragma once

#include <fnmatch.h>

#include <algorithm>
#include <compare>
#include <map>
#include <string>
#include <vector>

// Which objects of the source a test selects and what they are called on the target, in the words
// of the task file's [objects]. Written apart from the program's own reading of them on purpose: a
// test must not share the mistakes it looks for.
namespace understudy::test {

struct object_name {
    std::string database;
    std::string name;

    auto operator<=>(const object_name&) const = default;
    [[nodiscard]] std::string text() const { return database + "." + name; }
};

struct object_selection {
    std::vector<std::string> include{}; // "shop.*"; * and ? as in a shell
    std::vector<std::string> exclude{};
    std::map<std::string, std::string> rename{}; // "shop.orders" = "dw.orders", "crm" = "crm_copy"

    [[nodiscard]] bool has(const object_name& object) const {
        return matches(include, object.text()) && !matches(exclude, object.text());
    }

    // Something in it may be selected.
    [[nodiscard]] bool has_database(const std::string& database) const {
        return std::ranges::any_of(include, [&](const std::string& pattern) {
            const std::string part = pattern.substr(0, pattern.find('.'));
            return ::fnmatch(part.c_str(), database.c_str(), 0) == 0;
        });
    }

    [[nodiscard]] object_name on_target(const object_name& object) const {
        if (const auto whole = rename.find(object.text()); whole != rename.end()) {
            const auto dot = whole->second.find('.');
            return {whole->second.substr(0, dot), whole->second.substr(dot + 1)};
        }
        const auto database = rename.find(object.database);
        return {database == rename.end() ? object.database : database->second, object.name};
    }

    [[nodiscard]] object_name on_source(const object_name& object) const {
        for (const auto& [from, to] : rename) {
            if (to != object.text()) continue;
            const auto dot = from.find('.');
            return {from.substr(0, dot), from.substr(dot + 1)};
        }
        for (const auto& [from, to] : rename) {
            if (to == object.database) return {from, object.name};
        }
        return object;
    }

private:
    static bool matches(const std::vector<std::string>& patterns, const std::string& text) {
        return std::ranges::any_of(patterns, [&](const std::string& pattern) {
            return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
        });
    }
};

} // namespace understudy::test
