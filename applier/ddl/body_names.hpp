#pragma once

#include "applier/ddl/token_cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace understudy::applier::ddl {

// A name in the text of a view, routine, trigger or event that stands for something of a database.
struct body_name {
    enum class kind : std::uint8_t {
        table,            // a table or view, where one is used
        column_qualifier, // the `db`.`table` of `db`.`table`.`column`
        routine,          // `db`.`name`(…); CALL `db`.`name`
    };
    kind what = kind::table;
    name_reference where;
    // Of a table that is used under its own name: behind this place an alias could stand, which
    // would keep the qualifiers of its columns right.
    bool takes_alias = false;
    std::size_t alias_at = 0;
    // INSERT and REPLACE take no alias, and this one's statement names columns with its table.
    bool is_inserted_into = false;
    bool is_qualified = false;
};

// All names of a body, as far as a reader that knows clauses and no expressions can tell them: a
// table stands behind FROM, JOIN, INTO, UPDATE, TABLE and the like, and everything else with one
// name or two is a column, a variable or an alias. Pure.
struct body_names {
    std::vector<body_name> names;
    // Names that mean something of the body's own where they stand alone: WITH … AS, temporary
    // tables.
    std::set<std::string> own_names;
    bool has_prepared_text = false;  // PREPARE: tables may stand in strings
    bool has_odd_statements = false; // SHOW, DESCRIBE, HANDLER …: not told apart here
};

// From the cursor to the end of the statement.
[[nodiscard]] body_names read_body(token_cursor from);

} // namespace understudy::applier::ddl
