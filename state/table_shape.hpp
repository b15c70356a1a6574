#pragma once

#include "protocol/result.hpp"
#include "state/column_fit.hpp"
#include "state/condition/where_expression.hpp"
#include "state/task_spec.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

// What becomes of a table's rows on their way to the target: one entry of objects.tables, checked.
// The target's table has the added columns first, in their order, and then the source's columns
// without the dropped ones. With a column_fit the target's table is one that was there before: its
// columns are found by their names. Immutable, shared between threads.
class table_shape {
public:
    using added_column = task_spec::added_column;

    // errc::selection_invalid says what is wrong with the entry. Whether the columns exist is seen
    // only where the table is.
    [[nodiscard]] static protocol::result<table_shape> make(const task_spec::table_rules& rules);
    // The same for a table that goes into one that was there before.
    [[nodiscard]] table_shape fitted(column_fit fit) const;

    // nullopt: the target's table has the columns that this shape says, in that order.
    [[nodiscard]] const std::optional<column_fit>& fit() const { return fit_; }

    // Rows for which this is true are on the target. It speaks of columns by name alone, as the
    // source calls them.
    [[nodiscard]] const std::optional<where_expression>& where() const { return where_; }
    [[nodiscard]] const std::string& where_text() const { return rules_.where; }
    [[nodiscard]] bool changes_columns() const {
        return fit_.has_value() || !rules_.drop_columns.empty() || !rules_.rename_columns.empty() ||
               !rules_.add_columns.empty();
    }
    // Reading a row needs its columns' names: for a condition, or to change them.
    [[nodiscard]] bool needs_names() const { return where_.has_value() || changes_columns(); }

    // INSERTs of the source are left out; likewise the others.
    [[nodiscard]] bool skips_inserts() const { return skips("insert"); }
    [[nodiscard]] bool skips_updates() const { return skips("update"); }
    [[nodiscard]] bool skips_deletes() const { return skips("delete"); }

    [[nodiscard]] const std::vector<added_column>& added() const { return rules_.add_columns; }
    // By the entry; drops() knows those that a fit leaves out, too.
    [[nodiscard]] const std::vector<std::string>& dropped() const { return rules_.drop_columns; }
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& renamed() const {
        return rules_.rename_columns;
    }
    [[nodiscard]] bool drops(std::string_view column) const;
    // Makes the same rows of the same columns, whatever tables it is for.
    [[nodiscard]] bool has_same_rows(const table_shape& other) const;
    [[nodiscard]] std::string name_on_target(std::string_view column) const;

    // Why a table of these columns cannot take this shape: a name that it lacks, or one that would
    // be there twice. nullopt: it can. What a fit leaves out may be gone.
    [[nodiscard]] std::optional<std::string>
    find_misfit(const std::vector<std::string>& columns) const;

    // What the target's table has for an added column: "`origin` VARCHAR(64) CHARACTER SET utf8mb4
    // COLLATE utf8mb4_bin NOT NULL".
    [[nodiscard]] static std::string definition_of(const added_column& column);
    static constexpr std::size_t added_text_characters = 64;

private:
    [[nodiscard]] bool skips(std::string_view kind) const;

    task_spec::table_rules rules_;
    std::optional<where_expression> where_;
    std::optional<column_fit> fit_;
};

} // namespace understudy::state
