#pragma once

#include "precheck/facts.hpp"
#include "precheck/report.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// From what was seen to what is said about it. Pure; each function looks at one matter and gives
// one item or a few.
namespace understudy::precheck {

[[nodiscard]] item pass(std::string id, severity level, std::string title, std::string seen);
// Passes where there are no such names; else they are what was seen.
[[nodiscard]] item expect_none(std::string id, severity level, std::string title,
                               std::span<const std::string> names, std::string why,
                               std::string fix);
[[nodiscard]] item skip(std::string id, severity level, std::string title, std::string because);

// "a, b, c and 4 more"
[[nodiscard]] std::string some_of(std::span<const std::string> names, std::size_t shown = 5);
[[nodiscard]] std::string counted(std::size_t count,
                                  std::string_view noun); // "1 table", "2 tables"

// side: "source" or "target", the first part of the id.
[[nodiscard]] std::vector<item> tls_items(std::string_view side,
                                          const protocol::connect_options& options,
                                          const server_seen& server);
[[nodiscard]] item questions_item(std::string_view side, const server_seen& server,
                                  bool privileges_missing);

struct subject {
    const state::task_spec& spec;
    const state::object_selection& selection;
    const context& known;
    const source_seen& source;
};

[[nodiscard]] item source_version_item(const source_seen& source);
[[nodiscard]] std::vector<item> source_log_items(const subject& about); // format, image, …
// What keeps a stream from going on, or from having all: no GTIDs, sessions of their own way, …
[[nodiscard]] std::vector<item> following_items(const subject& about);
[[nodiscard]] item start_position_item(const subject& about);
[[nodiscard]] std::vector<item> identity_items(const subject& about); // server id, UUID
[[nodiscard]] item source_privileges_item(const subject& about);
[[nodiscard]] std::vector<item> source_object_items(const subject& about); // keys, engines, …

[[nodiscard]] std::vector<item> source_health_items(const subject& about);
[[nodiscard]] std::vector<item> target_health_items(const subject& about,
                                                    const target_seen& target);

[[nodiscard]] std::vector<item> disk_items(const subject& about); // of ours, not of a server's

[[nodiscard]] std::vector<item> shape_items(const subject& about); // objects.tables

[[nodiscard]] item target_version_item(const source_seen& source, const target_seen& target);
[[nodiscard]] item target_privileges_item(const subject& about, const target_seen& target);
[[nodiscard]] std::vector<item> target_setting_items(const subject& about,
                                                     const target_seen& target);
// Of all selected tables together: what a rename's pattern does is seen only when they are there.
[[nodiscard]] item target_names_item(const subject& about, const target_seen& target);
[[nodiscard]] std::vector<item> existing_table_items(const subject& about,
                                                     const target_seen& target);
// Where tables of the target are taken as they are.
[[nodiscard]] std::vector<item> kept_definition_items(const subject& about,
                                                      const target_seen& target);
// Of these, where the columns that both sides have are enough.
[[nodiscard]] std::vector<item> common_column_items(const subject& about,
                                                    const target_seen& target);
// That the source logs the names of columns, and for what.
[[nodiscard]] item row_metadata_item(const source_seen& source, std::string_view why);
// shape_items() asks for it.
[[nodiscard]] bool shapes_need_names(const subject& about);
// Other tasks of the same target that write the same tables.
[[nodiscard]] item other_tasks_item(const subject& about, const target_seen& target);
// The servers that the task's tables come to its source from, over other tasks, by UUID.
[[nodiscard]] std::set<std::string> upstream_of(const subject& about);
// Tasks that bring the target's tables to the source.
[[nodiscard]] item ring_item(const subject& about, const target_seen& target);
// Triggers, events and foreign keys that are on the target already.
[[nodiscard]] std::vector<item> bystander_items(const subject& about, const target_seen& target);
// Not as row images.
[[nodiscard]] bool writes_sql(const subject& about, const target_seen& target);
// How the columns of two tables differ, "there" and "here"; empty: they do not.
[[nodiscard]] std::string column_difference(const std::vector<column_fact>& theirs,
                                            const std::vector<column_fact>& ours,
                                            bool has_text_for_json);
[[nodiscard]] std::vector<item> merged_items(const subject& about, const target_seen& target);
// How rows will be written, and why not in the faster way.
[[nodiscard]] item writer_item(const subject& about, const target_seen& target);
// Types, indexes and the like that the target's version does not know.
[[nodiscard]] std::vector<item> feature_items(const subject& about, const target_seen& target);
[[nodiscard]] item view_tables_item(const subject& about);
// Tables that only MariaDB has, for a target of MySQL.
[[nodiscard]] std::vector<item> dialect_items(const subject& about);
[[nodiscard]] std::vector<item> definer_items(const subject& about, const target_seen& target);

// objects.accounts. Nothing where it asks for none.
[[nodiscard]] std::vector<item> source_account_items(const subject& about);
[[nodiscard]] std::vector<item> target_account_items(const subject& about,
                                                     const target_seen& target);

// Everything about one side that has been reached; the source alone comes first.
[[nodiscard]] std::vector<item> source_items(const subject& about);
[[nodiscard]] std::vector<item> target_items(const subject& about, const target_seen& target);

} // namespace understudy::precheck
