#pragma once

#include "precheck/facts.hpp"
#include "precheck/grants.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace understudy::precheck {

// One right that a task needs on one side.
struct need {
    // Any of these will do; the first is the one to ask for.
    std::vector<std::string> one_of;
    std::string database; // empty: the whole server
    std::string table;    // empty: the whole database
    std::string why;      // "to read the binary log"
    bool is_like = false; // database is a pattern of GRANT already: `shop\_%`
};

// What the task needs on the source, given what it was seen to hold.
[[nodiscard]] std::vector<need> source_needs(const state::task_spec& spec,
                                             const state::object_selection& selection,
                                             const source_seen& source);
// What it needs on the target for these objects under their names there.
[[nodiscard]] std::vector<need> target_needs(const state::task_spec& spec,
                                             const state::object_selection& selection,
                                             const source_seen& source, const target_seen& target);

[[nodiscard]] std::vector<need> missing(const grants& held, std::vector<need> needs);
// "SELECT on `shop`.*, …": for `seen`.
[[nodiscard]] std::string describe(std::span<const need> needs);
// Reasons, each once: "to read the binary log; …".
[[nodiscard]] std::string reasons(std::span<const need> needs);
// "u@%" as CURRENT_USER() prints it, as a statement wants it: 'u'@'%'.
[[nodiscard]] std::string quote_account(std::string_view account);
// The GRANT statements that mend it, one per scope, a line each. account: as CURRENT_USER() says.
[[nodiscard]] std::string grant_statements(std::span<const need> needs, const std::string& account);

// REPLICATION_APPLIER, or what includes it.
[[nodiscard]] bool may_write_row_images(const grants& held);

} // namespace understudy::precheck
