// Whether tables that the task finds on the target, and writes as they are, are the source's.

#include "precheck/items.hpp"
#include "precheck/question_line.hpp"

#include <algorithm>

namespace understudy::precheck {

namespace {

// MariaDB's JSON is text.
bool is_same_type(const std::string& theirs, const std::string& ours, bool has_text_for_json) {
    return theirs == ours ||
           (has_text_for_json && theirs == "json" && ours.starts_with("longtext"));
}

} // namespace

std::string column_difference(const std::vector<column_fact>& theirs,
                              const std::vector<column_fact>& ours, bool has_text_for_json) {
    for (std::size_t i = 0; i < std::min(theirs.size(), ours.size()); ++i) {
        if (lower_case(theirs[i].name) != lower_case(ours[i].name))
            return "column " + std::to_string(i + 1) + " is " + theirs[i].name + " there, " +
                   ours[i].name + " here";
        if (!is_same_type(theirs[i].type, ours[i].type, has_text_for_json))
            return theirs[i].name + " is " + theirs[i].type + " there, " + ours[i].type + " here";
    }
    if (theirs.size() == ours.size()) return {};
    return std::to_string(theirs.size()) + " columns there, " + std::to_string(ours.size()) +
           " here";
}

std::string columns_question(const state::object_name& table) {
    return "SELECT COLUMN_NAME, CONCAT_WS(' ', COLUMN_TYPE, CHARACTER_SET_NAME) FROM "
           "information_schema.COLUMNS WHERE TABLE_SCHEMA = " +
           sql_string(table.database) + " AND TABLE_NAME = " + sql_string(table.object) +
           " ORDER BY ORDINAL_POSITION";
}

std::vector<item> kept_definition_items(const subject& about, const target_seen& target) {
    if (takes_common_columns(about.spec)) return common_column_items(about, target);
    const bool adopts = about.spec.adopts();
    const std::string id = adopts ? "target.adopted_definitions" : "target.definitions";
    const std::string title = adopts ? "adopted tables" : "tables that are there already";
    const bool from_earlier = about.spec.adopted.has_value();
    const bool sets_aside =
        about.spec.conflict.differing == state::task_spec::differing_tables::set_aside;
    // From an earlier position on, what makes the definitions equal may be still to come.
    const severity level = from_earlier || sets_aside ? severity::warning : severity::blocking;
    std::vector<std::string> different;
    for (const table_fact& table : about.source.tables) {
        if (table.is_view ||
            about.selection.shape(table.name.database, table.name.object) != nullptr)
            continue;
        if (about.selection.merges_into(table.on_target)) continue; // merged_items
        const auto there = target.columns.find(table.on_target);
        if (there == target.columns.end()) continue; // absent, which another item says
        const std::string how =
            column_difference(table.columns, there->second, target.server.is_mariadb);
        if (!how.empty()) different.push_back(table.on_target.to_string() + " (" + how + ")");
    }
    if (different.empty()) return {pass(id, level, title, "have the columns of the source's")};
    return {{id, level, outcome::failed, title,
             counted(different.size(), "table") + ": " + some_of(different),
             from_earlier ? "unless a change of the definition is still to come from the log, the "
                            "task will stop at the first change of such a table"
             : sets_aside ? "they are set aside, and nothing of them is copied or followed until "
                            "somebody mends them (differing_tables = \"set-aside\")"
             : adopts     ? "what is on the target is taken as equal to what the source has"
                          : "the initial copy stops at such a table before it writes a row",
             about.spec.conflict.policy == state::task_spec::existing_tables::ignore
                 ? "Make the tables equal (ALTER TABLE), leave them out with objects.exclude, or "
                   "take the columns that both have: differing_tables = \"common-columns\" under "
                   "[conflict]."
                 : "Make the tables equal (ALTER TABLE), or leave them out with "
                   "objects.exclude."}};
}

} // namespace understudy::precheck
