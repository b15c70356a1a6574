#pragma once

#include "apps/command_line.hpp"

namespace understudy::apps {

// What each command does: reads, acts, prints, and gives the exit code.
[[nodiscard]] int execute(const run_command& what);
[[nodiscard]] int execute(const precheck_command& what);
[[nodiscard]] int execute(const grants_command& what);
[[nodiscard]] int execute(const status_command& what);
[[nodiscard]] int execute(const stop_command& what);
[[nodiscard]] int execute(const skip_command& what);
[[nodiscard]] int execute(const table_command& what);
[[nodiscard]] int execute(const serve_command& what);
[[nodiscard]] int execute(const task_command& what);
[[nodiscard]] int execute(const relay_command& what);
[[nodiscard]] int execute(const say_and_exit& what);

} // namespace understudy::apps
