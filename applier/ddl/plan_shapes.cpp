// Statements about tables of objects.tables: what such a table is on the target is not all that it
// is on the source.

#include "applier/ddl/planner.hpp"
#include "state/condition/row_value.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier::ddl {

namespace {

using state::same_column;
using state::table_shape;

bool is_name(const token& one) {
    return one.what == token::kind::word || one.what == token::kind::identifier;
}

// The column of the target or source that a word names, if the shape speaks of one.
bool is_mapped_column(const table_shape& shape, const token& word) {
    if (shape.drops(word.text)) return true;
    const auto renamed = [&](const auto& one) {
        return same_column(one.first, word.text) || same_column(one.second, word.text);
    };
    const auto added = [&](const auto& one) { return same_column(one.name, word.text); };
    return std::ranges::any_of(shape.renamed(), renamed) ||
           std::ranges::any_of(shape.added(), added);
}

bool is_condition_column(const table_shape& shape, const token& word) {
    return shape.where() && std::ranges::any_of(shape.where()->columns(), [&](const auto& column) {
               return same_column(column.name, word.text);
           });
}

constexpr std::string_view advice =
    "Change objects.tables in the task file so that it holds behind this statement too, do on the "
    "target what the statement means there, and leave it out";

constexpr std::string_view fit_advice =
    "Do on the target what the statement means for the table there, and leave it out (understudy "
    "skip)";

// Of a table that goes into one that was there before.
bool is_of_one_side(const table_shape& shape, const token& word) {
    const auto names = [&](const std::vector<std::string>& columns) {
        return std::ranges::any_of(
            columns, [&](const std::string& one) { return same_column(one, word.text); });
    };
    return shape.fit() && (names(shape.fit()->left_out) || names(shape.fit()->kept));
}

constexpr std::string_view values_advice =
    "If every value stays what it is (a longer VARCHAR), give the statement as its own replacement "
    "(understudy skip); if not, leave it out and copy the table anew (understudy reload)";

} // namespace

// A name in the statement may be of something else, an index for example: then it stops for
// nothing, which is better than to go on for nothing.
protocol::result<void> planner::check_columns_of(const table_shape& shape) const {
    if (shape.changes_columns()) {
        for (const token& word : list_.tokens) {
            if (!is_name(word)) continue;
            if (is_of_one_side(shape, word))
                return refuse(fmt::format("it names {}, and this column is on one side alone, "
                                          "because the target's table was there before ({}). {}",
                                          state::quote_identifier(word.text),
                                          shape.fit()->describe(), fit_advice));
            if (!is_mapped_column(shape, word)) continue;
            return refuse(fmt::format("it names {}, a column that objects.tables drops, renames or "
                                      "adds. {}",
                                      state::quote_identifier(word.text), advice));
        }
    }
    for (token_cursor at(list_.tokens); !at.at_end(); at.advance()) {
        const bool last = at.sees_symbol(',', 1) || at.peek(1).what == token::kind::end;
        if (at.sees("FIRST") && last && !shape.added().empty())
            return refuse(fmt::format("it puts a column first, where the added columns of "
                                      "objects.tables are. {}",
                                      advice));
        if (shape.where() && at.sees("CONVERT") && at.sees("TO", 1))
            return refuse(fmt::format("it converts what the condition `where` of objects.tables "
                                      "may ask for. {}",
                                      values_advice));
        const bool changes = at.sees("CHANGE");
        const bool modifies = at.sees("MODIFY");
        if (!changes && !modifies && !at.sees("DROP") && !at.sees("RENAME")) continue;
        auto clause = at;
        clause.advance();
        clause.take("COLUMN");
        clause.take_all({"IF", "EXISTS"});
        if (!is_name(clause.peek()) || !is_condition_column(shape, clause.peek())) continue;
        if (modifies || (changes && same_column(clause.peek().text, clause.peek(1).text)))
            return refuse(fmt::format("it may change the values of {}, which the condition `where` "
                                      "of objects.tables asks for, so that other rows belong to "
                                      "the target. {}",
                                      state::quote_identifier(clause.peek().text), values_advice));
        return refuse(fmt::format(
            "it drops or renames {}, which the condition `where` of objects.tables asks for. "
            "Change the condition in the task file so that it does without that name, then start "
            "the task again",
            state::quote_identifier(clause.peek().text)));
    }
    return {};
}

// A tool's copy of the table has not what its rows have in columns of the target's own.
protocol::result<void> planner::check_renamed(const statement_plan& plan) const {
    for (const state::object_name& name : plan.source_names) {
        const auto* const shape = selection_->shape(name.database, name.object);
        if (shape == nullptr || !shape->fit() || shape->fit()->kept.empty()) continue;
        return refuse(fmt::format("it puts another table in the place of one that was on the "
                                  "target before and has columns of its own there ({}), whose "
                                  "values the other does not have. {}",
                                  shape->fit()->describe(), fit_advice));
    }
    return {};
}

protocol::result<void> planner::check_shapes(const statement_plan& plan) const {
    if (!selection_->shapes_anything() || statement_->of_initial_copy) return {};
    const auto shape_of = [&](const state::object_name& name) {
        return selection_->shape(name.database, name.object);
    };
    const bool creates = creates_table(plan.is);
    const bool is_table = creates || alters_table(plan.is) || plan.is == kind::rename_table;
    if (!is_table || plan.source_names.empty()) return {};
    const table_shape* const first = shape_of(plan.source_names.front());
    if (creates && plan.only_notes) return {};
    if (creates) {
        if (like_ && shape_of(*like_) == first) return {};
        const bool model_is_other =
            like_ && shape_of(*like_) != nullptr && shape_of(*like_)->changes_columns();
        if (!model_is_other && (first == nullptr || !first->changes_columns())) return {};
        const bool is_fitted = first != nullptr && first->fit();
        if (is_fitted)
            return refuse(fmt::format("the table that it makes anew had other columns on the "
                                      "target, because it was there before ({}). Make it there by "
                                      "hand with the columns that it had, then leave the statement "
                                      "out (understudy skip)",
                                      first->fit()->describe()));
        return refuse("objects.tables gives the table other columns on the target, and only the "
                      "initial copy makes such tables. Create it there by hand with the columns "
                      "that are added first, then leave the statement out");
    }
    // Of RENAME TABLE the old name and the new one are neighbours.
    const std::size_t step = plan.is == kind::rename_table ? 2 : plan.source_names.size();
    for (std::size_t i = 0; i < plan.source_names.size(); ++i) {
        if (shape_of(plan.source_names[i]) == shape_of(plan.source_names[i / step * step]))
            continue;
        return refuse("it brings a table under a name, or rows into a table, that objects.tables "
                      "treats differently, or that fits a table of the target that was there "
                      "before");
    }
    if (plan.is == kind::rename_table) return check_renamed(plan);
    return first == nullptr ? protocol::result<void>{} : check_columns_of(*first);
}

} // namespace understudy::applier::ddl
