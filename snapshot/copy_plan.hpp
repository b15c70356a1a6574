#pragma once

#include "protocol/result.hpp"
#include "snapshot/source_catalog.hpp"

#include <set>
#include <vector>

namespace understudy::snapshot {

// How each table is read; decided anew at each start from the source's dictionary alone. Pure.
struct copy_plan {
    // Sets that are only right when all their tables were read at one position.
    std::vector<std::set<state::object_name>> snapshot_sets;
    std::vector<const source_table*> locked;  // no key, no transactions: locked while read
    std::vector<const source_table*> chunked; // largest first
};
[[nodiscard]] copy_plan plan_copy(const source_catalog& catalog);

// Tables that are merged can be read in chunks: of others a copy that was interrupted would have to
// delete its rows, which are not to be told from those of others. Before anything is written.
// errc::unsupported_object names the table.
[[nodiscard]] protocol::result<void> check_merged(const source_catalog& catalog,
                                                  const state::object_selection& selection);

[[nodiscard]] const source_table& find_table(const source_catalog& catalog,
                                             const state::object_name& name);

} // namespace understudy::snapshot
