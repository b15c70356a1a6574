#include "snapshot/copy_shape.hpp"

#include "snapshot/copied_row_filter.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::snapshot {

using protocol::fail;
using protocol::result;
using state::quote_identifier;
using state::table_shape;

namespace {

column column_of(const table_shape::added_column& added) {
    column one;
    one.name = added.name;
    one.data_type = added.number ? "bigint" : "varchar";
    one.column_type = added.number ? "bigint" : "varchar(64)";
    one.kind = added.number ? value_kind::number : value_kind::text;
    if (!added.number) {
        one.charset = "utf8mb4";
        one.collation = "utf8mb4_bin";
    }
    return one;
}

result<void> check_one(const source_table& table, const table_shape& shape) {
    if (auto misfit = shape.find_misfit(column_names(table)))
        return fail(errc::unsupported_object, *misfit);
    for (const std::string& name : table.unique_columns) {
        if (!shape.drops(name)) continue;
        return fail(errc::unsupported_object,
                    fmt::format("{} is part of a unique key, without which rows cannot be told "
                                "apart: it cannot be dropped",
                                quote_identifier(name)));
    }
    if (std::ranges::all_of(table.columns,
                            [&](const column& one) { return shape.drops(one.name); }))
        return fail(errc::unsupported_object, "none of its columns would be on the target");
    if (!shape.where()) return {};
    if (auto filter = copied_row_filter::make(*shape.where(), table); !filter)
        return std::unexpected(std::move(filter.error()));
    return {};
}

} // namespace

result<void> check_shapes(const source_catalog& catalog, const state::object_selection& selection) {
    for (const source_table& table : catalog.tables) {
        const auto* const shape = selection.shape(table.name.database, table.name.object);
        if (shape == nullptr) continue;
        if (auto fits = check_one(table, *shape); !fits)
            return wrap(std::move(fits.error()),
                        fmt::format("objects.tables does not fit {}", table.name.to_string()));
    }
    return {};
}

source_table shaped(const source_table& table, const table_shape* shape) {
    if (shape == nullptr || !shape->changes_columns()) return table;
    source_table made = table;
    made.columns.clear();
    for (const auto& added : shape->added())
        made.columns.push_back(column_of(added));
    for (const column& one : table.columns) {
        if (shape->drops(one.name)) continue;
        made.columns.push_back(one);
        made.columns.back().name = shape->name_on_target(one.name);
    }
    made.order.reset(); // its columns have other places
    return made;
}

std::string reshape_sql(const source_table& table, const state::object_name& target,
                        const table_shape* shape) {
    if (shape == nullptr || !shape->changes_columns()) return {};
    std::string clauses;
    const auto add = [&](std::string clause) {
        clauses += (clauses.empty() ? " " : ", ") + std::move(clause);
    };
    for (const column& one : table.columns) {
        const std::string name = shape->name_on_target(one.name);
        if (shape->drops(one.name)) {
            add("DROP COLUMN " + quote_identifier(one.name));
        } else if (name != one.name) {
            add(fmt::format("RENAME COLUMN {} TO {}", quote_identifier(one.name),
                            quote_identifier(name)));
        }
    }
    std::string place = "FIRST";
    for (const auto& added : shape->added()) {
        add("ADD COLUMN " + table_shape::definition_of(added) + " " + place);
        place = "AFTER " + quote_identifier(added.name);
    }
    return clauses.empty() ? std::string() : "ALTER TABLE " + target.to_string() + clauses;
}

std::vector<std::string> column_names(const source_table& table) {
    std::vector<std::string> names;
    for (const column& one : table.columns)
        names.push_back(one.name);
    return names;
}

std::string definition_of(const copy_context& context, const source_table& table) {
    const auto* const shape = context.shape(table.name);
    if (shape == nullptr) return table.fingerprint();
    std::string made = table.fingerprint();
    if (shape->where()) made += "where " + shape->where_text() + "\n";
    for (const auto& added : shape->added()) {
        made += fmt::format("added {} {}\n", quote_identifier(added.name),
                            added.number ? std::to_string(*added.number) : added.text);
    }
    for (const auto& name : shape->dropped())
        made += "dropped " + quote_identifier(name) + "\n";
    for (const auto& [from, to] : shape->renamed())
        made += fmt::format("renamed {} {}\n", quote_identifier(from), quote_identifier(to));
    if (shape->fit()) made += shape->fit()->describe() + "\n";
    return made;
}

} // namespace understudy::snapshot
