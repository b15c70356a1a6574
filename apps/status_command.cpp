#include "apps/commands.hpp"
#include "apps/display.hpp"
#include "apps/known_tasks.hpp"
#include "apps/status_text.hpp"
#include "apps/terminal.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace understudy::apps {

namespace {

display_options options_of_output() {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    return {.columns = terminal ? read_terminal_size().columns : 120,
            .rows = 1'000,
            .colour = terminal && is_colour_wanted(),
            .with_speed = false};
}

void print_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines)
        fmt::print("{}\n", line);
}

} // namespace

int execute(const status_command& what) {
    std::vector<known_task> tasks;
    if (what.task.empty()) {
        tasks = find_tasks(what.data_dir);
    } else {
        const auto name = task_name_of(what.task);
        if (!name) {
            fmt::print(stderr, "understudy: {}\n", name.error().what);
            return exit_usage;
        }
        if (!is_task_known(what.data_dir, *name)) {
            fmt::print(stderr, "understudy: there is no task {} in {}\n", *name,
                       what.data_dir.string());
            return exit_usage;
        }
        tasks.push_back(read_task(what.data_dir, *name));
    }
    if (what.json) {
        fmt::print("{}\n", status_json(tasks));
    } else if (what.task.empty()) {
        if (tasks.empty()) fmt::print("no tasks in {}\n", what.data_dir.string());
        print_lines(status_table(tasks, options_of_output()));
    } else {
        print_lines(
            status_lines(tasks.front(), std::chrono::system_clock::now(), options_of_output()));
    }
    return exit_good;
}

} // namespace understudy::apps
