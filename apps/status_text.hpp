#pragma once

#include "apps/display.hpp"
#include "apps/known_tasks.hpp"

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace understudy::apps {

// What `understudy status` prints. Pure.

// A line per task, below a heading; nothing for no tasks.
[[nodiscard]] std::vector<std::string> status_table(std::span<const known_task> tasks,
                                                    const display_options& options);

// All that is known of one task, as its own display has it, with its error and how old the figures
// are.
[[nodiscard]] std::vector<std::string> status_lines(const known_task& task,
                                                    std::chrono::system_clock::time_point now,
                                                    const display_options& options);

// {"tasks": [{"name", "running", "pid", "condition", "status": … as in status.json, or null}]}
[[nodiscard]] std::string status_json(std::span<const known_task> tasks);

} // namespace understudy::apps
