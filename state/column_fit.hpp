#pragma once

#include <string>
#include <vector>

namespace understudy::state {

// How rows of a table of the source go into one that was on the target before and is defined
// otherwise (conflict.differing_tables = "common-columns"): columns are found by their names, and
// these are the ones that one side has alone. Fixed when the table is copied. A value.
struct column_fit {
    std::vector<std::string> left_out; // of the source: not replicated
    std::vector<std::string> kept;     // of the target: changes of the source say nothing of them

    bool operator==(const column_fit&) const = default;

    // "left out of the source: `a`, `b`; on the target alone: `c`", for the operator.
    [[nodiscard]] std::string describe() const;
    // The same as a sentence about this table of the source.
    [[nodiscard]] std::string describe(const std::string& table) const;
};

} // namespace understudy::state
