#pragma once

#include "applier/target_session.hpp"
#include "applier/target_table.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy::applier {

// Reads definitions from the target's information_schema. Blocking; on the thread that has the
// session.

// nullopt: there is no such base table.
[[nodiscard]] protocol::result<std::optional<target_table>>
load_target_table(target_session& target, const state::object_name& name);

// Several with the same few questions; those that are no base tables are not in the answer. One by
// one, a MySQL 9.7 takes 7 ms for each; 500 together take 150 ms.
[[nodiscard]] protocol::result<std::map<state::object_name, target_table>>
load_target_tables(target_session& target, std::span<const state::object_name> names);

// The same of a server that is asked otherwise, the source for example: the questions about one
// table, and what their answers say of it. Nothing of foreign keys, triggers and the engine. Pure.
struct table_questions {
    explicit table_questions(const state::object_name& table);
    std::string columns;
    std::string keys;
};
using answer_rows = std::vector<std::vector<std::optional<std::string>>>;
[[nodiscard]] target_table describe_answers(const state::object_name& table,
                                            const answer_rows& columns, const answer_rows& keys);

// Whether that is worth it: MySQL has its definitions in a dictionary since 8.0. MariaDB opens
// every table of a database unless a question names one.
[[nodiscard]] bool loads_many_at_once(const target_facts& target);

} // namespace understudy::applier
