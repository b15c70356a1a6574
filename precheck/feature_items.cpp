// Whether the target can have what definitions of the source have.

#include "precheck/items.hpp"

namespace understudy::precheck {

namespace {

using kind = feature_fact::kind;

[[nodiscard]] std::string describe(const feature_fact& one) {
    const std::string part = state::quote_identifier(one.part);
    switch (one.what) {
    case kind::vector: return "column " + part + " is a VECTOR";
    case kind::srid: return "column " + part + " has an SRID";
    case kind::invisible: return "column " + part + " is INVISIBLE";
    case kind::expression: return "index " + part + " is of an expression";
    case kind::not_enforced: return "constraint " + part + " is NOT ENFORCED";
    }
    return {};
}

// MariaDB passes over what MySQL prints as executable comments of its own versions, has no indexes
// of expressions, and another VECTOR.
[[nodiscard]] bool is_known(const feature_fact& one, const server_seen& target) {
    if (target.is_mariadb) return false;
    switch (one.what) {
    case kind::vector: return target.version_number >= 90000;
    case kind::invisible: return target.version_number >= 80023;
    case kind::srid:
    case kind::expression:
    case kind::not_enforced: return true;
    }
    return false;
}

} // namespace

std::vector<item> feature_items(const subject& about, const target_seen& target) {
    if (!about.known.first_start || !about.spec.initial.schema || about.source.server.is_mariadb)
        return {};
    std::vector<std::string> names;
    for (const feature_fact& one : about.source.features) {
        if (!is_known(one, target.server))
            names.push_back(one.table.to_string() + " (" + describe(one) + ")");
    }
    return {expect_none("target.features", severity::blocking, "what definitions need", names,
                        "a target of this version does not know it: the initial copy stops at "
                        "such a table, or makes another one",
                        "Exclude these tables (objects.exclude), change them on the source, or "
                        "use a newer target of MySQL.")};
}

item view_tables_item(const subject& about) {
    std::vector<std::string> left_out;
    for (const auto& [view, table] : about.source.view_tables) {
        if (!state::is_system_schema(table.database) &&
            !about.selection.selects(table.database, table.object))
            left_out.push_back(view.to_string() + " uses " + table.to_string());
    }
    return expect_none("source.view_tables", severity::warning, "views of tables left out",
                       left_out,
                       "unless the target has such a table, the view cannot be made there and the "
                       "initial copy stops at it, behind the rows",
                       "Select these tables too, or exclude the views.");
}

} // namespace understudy::precheck
