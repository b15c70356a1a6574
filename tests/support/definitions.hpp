#pragma once

#include "tests/support/object_selection.hpp"
#include "tests/support/sql_client.hpp"

#include <compare>
#include <map>
#include <string>

// The definitions of a server's objects as text, for comparison.hpp.
namespace understudy::test {

struct defined_object {
    std::string type; // "database", "table", "procedure", …
    object_name name; // as on the target

    auto operator<=>(const defined_object&) const = default;
    [[nodiscard]] std::string text() const {
        return type + " " + (name.name.empty() ? name.database : name.text());
    }
};

using definitions = std::map<defined_object, std::string>;

// Under the names that they have on the target.
[[nodiscard]] definitions source_definitions(sql_client& source, const object_selection& selection,
                                             bool same_version);
// What the selection names in the databases that `expected` has objects in.
[[nodiscard]] definitions target_definitions(sql_client& target, const definitions& expected,
                                             const object_selection& selection, bool same_version);

} // namespace understudy::test
