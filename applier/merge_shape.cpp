#include "applier/merge_shape.hpp"

#include <algorithm>

namespace understudy::applier {

merge_shape merge_shape_of(const target_table& table) {
    merge_shape shape;
    shape.possible = !table.key.empty() && !table.has_foreign_keys &&
                     !table.has_unique_expressions && table.is_transactional();
    if (!shape.possible) return shape;
    for (const relay::table_key& key : table.unique_keys) {
        const bool is_the_key =
            std::ranges::equal(key.parts, table.key, {}, &relay::table_key::part::column);
        if (is_the_key) continue;
        for (const relay::table_key::part& part : key.parts) {
            shape.unique_columns.push_back(part.column);
            shape.unique_is_generated |= table.columns[part.column].generated;
        }
    }
    std::ranges::sort(shape.unique_columns);
    const auto twice = std::ranges::unique(shape.unique_columns);
    shape.unique_columns.erase(twice.begin(), twice.end());
    for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].auto_increment) shape.auto_increment = i;
    }
    return shape;
}

} // namespace understudy::applier
