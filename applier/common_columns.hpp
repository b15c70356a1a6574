#pragma once

#include "applier/target_table.hpp"
#include "state/column_fit.hpp"
#include "state/table_shape.hpp"

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace understudy::applier {

// Tables of the source that go into ones that were on the target before and are defined otherwise
// (conflict.differing_tables = "common-columns"). Pure.

// Whether that can be exact, and how. Asked before anything is copied, by the precheck and by the
// copy.
struct fit_answer {
    state::column_fit fit;
    std::vector<std::string> refused; // every reason why not, as parts of a sentence; none: it can
};

// Both as their servers describe them (table_questions); shape: what objects.tables makes of the
// source's, nullptr: nothing. What has to be so:
// - a column of one name holds on the target every value that it has on the source, and is computed
//   on both sides or on none;
// - a column that the target has alone gets a value by itself when a row is inserted;
// - a key by which the source tells rows apart is one on the target too, and whatever else is
//   unique there is so by what the source holds unique, or two rows of the source could be in each
//   other's way;
// - the target's table has no triggers but guarded ones, if these are accepted: rows are written as
//   SQL.
[[nodiscard]] fit_answer find_fit(const target_table& source, const target_table& target,
                                  const state::table_shape* shape, bool accepts_guarded_triggers);

// Of tables with the same columns: what is unique on the target and does not follow from what the
// source holds unique, as parts of a sentence. Rows of the source could be in each other's way, and
// a copy that keeps what is there would leave one of them out.
[[nodiscard]] std::vector<std::string> keys_of_target_alone(const target_table& source,
                                                            const target_table& target,
                                                            const state::table_shape* shape);

// The target's table as rows of the source meet it.
struct fitted_target {
    // The columns that both have, in the order and by the names of the source; keys over others are
    // left out.
    target_table table;
    bool in_place = true;       // it has no others, and the same order
    bool keeps_columns = false; // it has others, whose values an UPDATE leaves alone
};

// At one point of the log: names are those of the source's rows, without what is left out. The
// error is why rows cannot be written there, as the end of a sentence: the target was changed since
// the fit was found, or the source was, by a statement that was left out.
[[nodiscard]] std::expected<fitted_target, std::string>
fit_target(const target_table& target, std::span<const std::string> names,
           const state::column_fit& fit);

} // namespace understudy::applier
