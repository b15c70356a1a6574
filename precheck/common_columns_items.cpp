// Tables that the task finds on the target, defined otherwise than on the source, and into which
// the columns go that both have.

#include "applier/common_columns.hpp"
#include "precheck/items.hpp"

namespace understudy::precheck {

namespace {

struct fits_found {
    std::vector<std::string> fitting; // and what each leaves out
    std::vector<std::string> refused;
    bool unknown = false; // a side did not say
};

// The copy looks for the same differences, and for some more (collations), with the same answer.
[[nodiscard]] fits_found find_fits(const subject& about, const target_seen& target) {
    const bool guarded = about.spec.apply.triggers == state::task_spec::trigger_policy::guarded;
    fits_found found;
    for (const table_fact& table : about.source.tables) {
        if (table.is_view || about.selection.merges_into(table.on_target)) continue;
        const auto there = target.columns.find(table.on_target);
        if (there == target.columns.end()) continue; // absent
        const auto* const shape =
            about.selection.shape_of_task(table.name.database, table.name.object);
        const bool is_same =
            shape == nullptr &&
            column_difference(table.columns, there->second, target.server.is_mariadb).empty();
        if (is_same) continue;
        const auto ours = target.definitions.find(table.on_target);
        if (!table.definition || ours == target.definitions.end()) {
            found.unknown = true;
            continue;
        }
        applier::target_table mine = ours->second;
        for (const target_seen::trigger& one : target.triggers) {
            if (one.table == table.on_target) mine.triggers.push_back({one.name, one.guarded});
        }
        const auto answer = applier::find_fit(*table.definition, mine, shape, guarded);
        const bool differs = !answer.fit.left_out.empty() || !answer.fit.kept.empty();
        if (shape != nullptr && !differs) continue; // as objects.tables wants it
        std::string why;
        for (const std::string& one : answer.refused)
            why += (why.empty() ? "" : "; ") + one;
        const std::string name = table.on_target.to_string();
        if (why.empty()) {
            found.fitting.push_back(name + " (" + answer.fit.describe() + ")");
        } else {
            found.refused.push_back(name + " (" + why + ")");
        }
    }
    return found;
}

} // namespace

std::vector<item> common_column_items(const subject& about, const target_seen& target) {
    const auto found = find_fits(about, target);
    std::vector<item> all;
    const std::string id = "target.definitions";
    const std::string title = "tables that are there already";
    if (found.refused.empty()) {
        all.push_back(pass(id, severity::blocking, title,
                           found.unknown ? "not all could be compared"
                                         : "have the columns of the source's, or take those that "
                                           "both have"));
    } else {
        all.push_back({id, severity::blocking, outcome::failed, title,
                       counted(found.refused.size(), "table") + ": " + some_of(found.refused),
                       "they cannot take the columns that both sides have, and the initial copy "
                       "stops at such a table before it writes a row",
                       "Mend what is said of them (ALTER TABLE), or leave them out with "
                       "objects.exclude."});
    }
    if (found.fitting.empty()) return all;
    all.push_back({"target.common_columns", severity::warning, outcome::failed,
                   "tables that take some columns alone",
                   counted(found.fitting.size(), "table") + ": " + some_of(found.fitting, 20),
                   "they are defined otherwise than on the source "
                   "(differing_tables = \"common-columns\")",
                   "Nothing, if that is what you want."});
    if (!shapes_need_names(about)) {
        all.push_back(row_metadata_item(
            about.source, "columns that both sides have are found by the names in the log"));
    }
    return all;
}

} // namespace understudy::precheck
