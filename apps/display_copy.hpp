#pragma once

#include "apps/display.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy::apps {

// Sums over all tables of the initial copy.
struct copy_totals {
    std::uint64_t rows = 0;
    std::uint64_t rows_estimated = 0; // never less than rows
    std::uint64_t bytes = 0;
    std::size_t tables = 0;
    std::size_t finished = 0;
};

[[nodiscard]] copy_totals sum_up(const state::status& value);

// A bar per table that is being copied (as many as fit into lines_max), what is left out, and the
// total.
[[nodiscard]] std::vector<std::string> copy_lines(const state::status& value, const rates& speed,
                                                  std::size_t lines_max,
                                                  const display_options& options);

} // namespace understudy::apps
