#pragma once

#include "apps/progress_rates.hpp"
#include "state/status_board.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace understudy::apps {

struct display_options {
    std::size_t columns = 80;
    std::size_t rows = 24;
    bool colour = false;
    bool with_speed = true; // false: only one moment is known
};

// What a person sees of a task at one moment, as lines of text that fit the terminal. Pure.
// At least the headline is given, however small the terminal; no more than rows - 1 lines, so that
// nothing scrolls.
[[nodiscard]] std::vector<std::string> display_lines(const state::status& value, const rates& speed,
                                                     std::chrono::system_clock::time_point now,
                                                     const display_options& options);

// The same in one line, for a log.
[[nodiscard]] std::string summary_line(const state::status& value, const rates& speed);

} // namespace understudy::apps
