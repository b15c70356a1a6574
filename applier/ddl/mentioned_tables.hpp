#pragma once

#include "applier/statement_plan.hpp"
#include "state/object_selection.hpp"

#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// The tables on whose definitions or rows a CREATE TABLE or ALTER TABLE depends beside its own: of
// foreign keys, LIKE and UNION. `home` is the database of the statement's table. What only looks
// like one (LIKE in a CHECK constraint) may be among them. Pure.
[[nodiscard]] std::vector<state::object_name> mentioned_tables(const logged_statement& statement,
                                                               std::string_view home);

} // namespace understudy::applier::ddl
