#include "snapshot/copy_plan.hpp"

#include "protocol/assert.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::snapshot {

const source_table& find_table(const source_catalog& catalog, const state::object_name& name) {
    const auto found = std::ranges::find(catalog.tables, name, &source_table::name);
    UNDERSTUDY_ASSERT(found != catalog.tables.end());
    return *found;
}

copy_plan plan_copy(const source_catalog& catalog) {
    std::set<state::object_name> alone;
    for (const source_table& table : catalog.tables) {
        if (!table.order && table.transactional) alone.insert(table.name);
    }
    copy_plan plan;
    // A table that was made while the catalog was read has its keys in it, and is not in it itself.
    auto keys = catalog.logs_cascades ? std::vector<cascading_key>{} : catalog.cascading_keys;
    const auto is_in_catalog = [&](const state::object_name& name) {
        return std::ranges::find(catalog.tables, name, &source_table::name) != catalog.tables.end();
    };
    std::erase_if(keys, [&](const cascading_key& key) {
        return !is_in_catalog(key.child) || !is_in_catalog(key.parent);
    });
    plan.snapshot_sets = connected_sets(keys, alone);
    std::set<state::object_name> in_sets;
    for (const auto& set : plan.snapshot_sets)
        in_sets.insert(set.begin(), set.end());
    for (const source_table& table : catalog.tables) {
        if (in_sets.contains(table.name) || !table.holds_rows()) continue;
        (table.order ? plan.chunked : plan.locked).push_back(&table);
    }
    const auto size = [](const source_table* table) {
        return table->rows_estimated * std::max<std::uint64_t>(table->row_bytes, 1);
    };
    std::ranges::sort(plan.chunked, [&](const source_table* a, const source_table* b) {
        return size(a) != size(b) ? size(a) > size(b) : a->name < b->name;
    });
    return plan;
}

protocol::result<void> check_merged(const source_catalog& catalog,
                                    const state::object_selection& selection) {
    if (!selection.merges_anything()) return {};
    const copy_plan plan = plan_copy(catalog);
    for (const source_table& table : catalog.tables) {
        const bool in_chunks = std::ranges::any_of(
            plan.chunked, [&](const source_table* one) { return one->name == table.name; });
        if (in_chunks || !selection.is_merged(table.name)) continue;
        return protocol::fail(
            errc::unsupported_object,
            fmt::format("{} cannot be merged into {} (objects.merge): it has no key by which its "
                        "rows can be told apart, or foreign keys that cascade and are not logged",
                        table.name.to_string(),
                        selection.map(table.name.database, table.name.object).to_string()));
    }
    return {};
}

} // namespace understudy::snapshot
