// Tables of the target that hold the rows of several (objects.merge): whether those can be in one.

#include "precheck/items.hpp"

#include <map>

namespace understudy::precheck {

namespace {

// Others' columns count from the target's table, where there is one, else from the first of ours.
[[nodiscard]] item definitions(const subject& about, const target_seen& target) {
    std::map<state::object_name, const std::vector<column_fact>*> wanted;
    for (const auto& [name, columns] : target.columns)
        wanted.emplace(name, &columns);
    std::vector<std::string> different;
    for (const table_fact& table : about.source.tables) {
        const bool has_shape =
            about.selection.shape(table.name.database, table.name.object) != nullptr;
        if (table.is_view || has_shape || !about.selection.is_merged(table.name)) continue;
        const auto [first, is_new] = wanted.emplace(table.on_target, &table.columns);
        if (is_new) continue;
        const std::string how =
            column_difference(table.columns, *first->second, target.server.is_mariadb);
        if (!how.empty())
            different.push_back(table.name.to_string() + " into " + table.on_target.to_string() +
                                " (" + how + ")");
    }
    return expect_none("target.merged_definitions", severity::blocking, "tables that are merged",
                       different,
                       "rows of all of them go into one table, and the copy stops at one that has "
                       "other columns (there: the source's, here: the target's, or of another one)",
                       "ALTER TABLE … at the source, or leave the table out (objects.exclude).");
}

[[nodiscard]] item keys(const subject& about) {
    std::vector<std::string> alike;
    for (const table_fact& table : about.source.tables) {
        if (table.is_view || !about.selection.is_merged(table.name)) continue;
        const auto* const shape = about.selection.shape(table.name.database, table.name.object);
        if (shape == nullptr || shape->added().empty()) alike.push_back(table.name.to_string());
    }
    return expect_none(
        "source.merged_keys", severity::warning, "keys of tables that are merged", alike,
        "nothing but their keys tells their rows apart there: a key that two of them have stops "
        "the copy or the stream, and in the minutes between the two one row takes the other's "
        "place",
        "Nothing, if their keys never meet (as with AUTO_INCREMENT from ranges of their own). Else "
        "give each an added column (add_columns under [objects.tables]), and make the target's "
        "table first, with that column in each of its unique keys.");
}

} // namespace

std::vector<item> merged_items(const subject& about, const target_seen& target) {
    if (!about.selection.merges_anything() || !about.known.first_start) return {};
    return {definitions(about, target), keys(about)};
}

} // namespace understudy::precheck
