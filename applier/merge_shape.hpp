#pragma once

#include "applier/target_table.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace understudy::applier {

// Whether changes of a table may be merged to their net effect per key, and what has to be looked
// at when they are.
//
// What makes it right: rows are told apart by the bytes of their key columns, which are the stored
// bytes of exactly one row at a time. An UPDATE that changes a value of a unique key ends what is
// merged and stays as it is. Between two of those, all rows that go are deleted first, also those
// that are inserted anew, then the others are changed, then rows are inserted. After the first step
// the table holds a part of what it held before, after the last what the source holds, and every
// state between satisfies each unique key because it is a part of one of the two: no order among
// the net effects can be seen, whatever the collations, NULLs or swaps. Foreign keys (both ends)
// look beyond the table, keys over expressions are not in the images: such tables keep the source's
// order, as do tables without a key, and those without transactions, where every state is seen.
struct merge_shape {
    bool possible = false;
    // Columns of unique keys other than the one rows are told apart by.
    std::vector<std::uint32_t> unique_columns;
    // One of them is computed: its values in images are not relied upon.
    bool unique_is_generated = false;
    // Its counter has to reach what the source's reached, by rows that are gone again too.
    std::optional<std::uint32_t> auto_increment;
};

[[nodiscard]] merge_shape merge_shape_of(const target_table& table);

} // namespace understudy::applier
