#include "state/table_shape.hpp"

#include "state/condition/row_value.hpp"
#include "state/errc.hpp"
#include "state/name_glob.hpp"
#include "state/object_selection.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace understudy::state {

namespace {

using protocol::fail;
using protocol::result;

constexpr std::size_t name_characters_max = 64;
constexpr std::array<std::string_view, 3> kinds{"insert", "update", "delete"};

result<void> check_name(const std::string& name) {
    if (name.empty()) return fail(errc::selection_invalid, "a column has an empty name");
    if (count_characters(name) <= name_characters_max) return {};
    return fail(errc::selection_invalid,
                "the column name " + quote_identifier(name) + " is longer than 64 characters");
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::any_of(names,
                               [&](const std::string& one) { return same_column(one, name); });
}

result<void> check_unique(const std::vector<std::string>& names, std::string_view what) {
    for (auto name = names.begin(); name != names.end(); ++name) {
        if (!contains({names.begin(), name}, *name)) continue;
        return fail(errc::selection_invalid,
                    "the column " + quote_identifier(*name) + " " + std::string(what) + " twice");
    }
    return {};
}

result<void> check_columns(const task_spec::table_rules& rules) {
    std::vector<std::string> sources = rules.drop_columns;
    std::vector<std::string> targets;
    for (const auto& [from, to] : rules.rename_columns) {
        sources.push_back(from);
        targets.push_back(to);
    }
    for (const auto& column : rules.add_columns) {
        targets.push_back(column.name);
        if (count_characters(column.text) > table_shape::added_text_characters)
            return fail(errc::selection_invalid, "the text of the added column " +
                                                     quote_identifier(column.name) +
                                                     " is longer than 64 characters");
    }
    for (const auto* names : {&sources, &targets}) {
        for (const std::string& name : *names) {
            if (auto good = check_name(name); !good) return good;
        }
    }
    if (auto good = check_unique(sources, "is dropped or renamed"); !good) return good;
    return check_unique(targets, "would be on the target");
}

} // namespace

result<table_shape> table_shape::make(const task_spec::table_rules& rules) {
    table_shape shape;
    shape.rules_ = rules;
    if (auto good = check_columns(rules); !good) return std::unexpected(std::move(good.error()));
    for (const std::string& kind : rules.skip) {
        if (std::ranges::find(kinds, kind) == kinds.end())
            return fail(errc::selection_invalid,
                        "skip: found \"" + kind +
                            "\"; allowed are \"insert\", \"update\", \"delete\"");
    }
    if (rules.where.empty()) return shape;
    auto parsed = where_expression::parse(rules.where);
    if (!parsed) return fail(errc::selection_invalid, "where: " + parsed.error().what);
    for (const auto& column : parsed->columns()) {
        if (column.of == where_expression::image::any && !column.name.empty()) continue;
        return fail(errc::selection_invalid,
                    "where: before., after. and numbers of columns say nothing of the rows that "
                    "the initial copy reads; name the column alone");
    }
    shape.where_ = *std::move(parsed);
    return shape;
}

table_shape table_shape::fitted(column_fit fit) const {
    table_shape made = *this;
    made.fit_ = std::move(fit);
    return made;
}

bool table_shape::skips(std::string_view kind) const {
    return std::ranges::find(rules_.skip, kind) != rules_.skip.end();
}

bool table_shape::has_same_rows(const table_shape& other) const {
    const auto parts = [](const task_spec::table_rules& rules) {
        return std::tie(rules.where, rules.drop_columns, rules.rename_columns, rules.add_columns,
                        rules.skip);
    };
    return parts(rules_) == parts(other.rules_) && fit_ == other.fit_;
}

bool table_shape::drops(std::string_view column) const {
    return contains(rules_.drop_columns, column) || (fit_ && contains(fit_->left_out, column));
}

std::string table_shape::name_on_target(std::string_view column) const {
    const auto found = std::ranges::find_if(
        rules_.rename_columns, [&](const auto& one) { return same_column(one.first, column); });
    return found == rules_.rename_columns.end() ? std::string(column) : found->second;
}

std::optional<std::string> table_shape::find_misfit(const std::vector<std::string>& columns) const {
    std::vector<std::string> needed = rules_.drop_columns;
    for (const auto& rename : rules_.rename_columns)
        needed.push_back(rename.first);
    if (where_) {
        for (const auto& column : where_->columns())
            needed.push_back(column.name);
    }
    for (const std::string& name : needed) {
        if (!contains(columns, name)) return "it has no column " + quote_identifier(name);
    }
    std::vector<std::string> on_target;
    for (const added_column& column : rules_.add_columns)
        on_target.push_back(column.name);
    for (const std::string& name : columns) {
        if (drops(name)) continue;
        if (contains(on_target, name_on_target(name)))
            return "two columns would be called " + quote_identifier(name_on_target(name)) +
                   " on the target";
        on_target.push_back(name_on_target(name));
    }
    return std::nullopt;
}

std::string table_shape::definition_of(const added_column& column) {
    return quote_identifier(column.name) +
           (column.number ? " BIGINT NOT NULL"
                          : " VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL");
}

} // namespace understudy::state
