#pragma once

#include "applier/ddl/token_cursor.hpp"

namespace understudy::applier::ddl {

// What stands behind the table's name of an ALTER TABLE, and what it does to rows that are there.
struct alter_clauses {
    // Where gh-ost or pt-online-schema-change altered an empty copy of the table and filled it
    // then: executed for the table itself it leaves the rows that the filled copy has. No value is
    // made up while it runs (AUTO_INCREMENT of a new column, the time), none of a column that goes
    // is kept for one of the same name that comes, and nothing has another name behind it. What is
    // not known is not exact.
    bool is_exact = false;
    bool sets_only_counter = false; // AUTO_INCREMENT = n, and nothing else
    bool switches_keys = false;     // DISABLE KEYS or ENABLE KEYS
    // Rows that are there get numbers, the time or what an expression says.
    bool makes_up_values = false;
};

// Pure.
[[nodiscard]] alter_clauses read_alter_clauses(token_cursor at);

} // namespace understudy::applier::ddl
