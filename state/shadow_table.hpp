#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace understudy::state {

// A table that pt-online-schema-change or gh-ost makes beside the one it changes: `_orders_new`,
// `_orders_old` (with up to ten underscores in front), `_orders_gho`, `_orders_ghc`, `_orders_del`.
// What the tool renames into place is what the task follows from then on, so it belongs to the
// selected table from its beginning. A value.
struct shadow_table {
    std::string prefix; // underscores
    std::string table;  // whose shadow it is
    std::string suffix; // "_new"

    [[nodiscard]] static std::optional<shadow_table> parse(std::string_view name);
    // The shadow of the table under another name.
    [[nodiscard]] std::string beside(std::string_view other) const {
        return prefix + std::string(other) + suffix;
    }
};

} // namespace understudy::state
