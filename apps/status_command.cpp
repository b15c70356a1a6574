#include "apps/commands.hpp"
#include "apps/daemon_tasks.hpp"
#include "apps/display.hpp"
#include "apps/known_tasks.hpp"
#include "apps/status_text.hpp"
#include "apps/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
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
    std::optional<std::string> wanted;
    if (!what.task.empty()) {
        const auto name = task_name_of(what.task);
        if (!name) {
            fmt::print(stderr, "understudy: {}\n", name.error().what);
            return exit_usage;
        }
        wanted = *name;
    }
    // Those of a daemon by its own words, the others by the files that their processes write.
    auto of_daemon = tasks_of_daemon(what.data_dir);
    if (!of_daemon) {
        fmt::print(stderr, "understudy: {}\n", of_daemon.error().what);
        return exit_failed;
    }
    std::vector<known_task> tasks = *std::move(of_daemon);
    for (known_task& other : find_tasks(what.data_dir)) {
        if (std::ranges::find(tasks, other.name, &known_task::name) == tasks.end())
            tasks.push_back(std::move(other));
    }
    std::ranges::sort(tasks, {}, &known_task::name);
    if (wanted) {
        std::erase_if(tasks, [&](const known_task& task) { return task.name != *wanted; });
        if (tasks.empty()) {
            fmt::print(stderr, "understudy: there is no task {} in {}\n", *wanted,
                       what.data_dir.string());
            return exit_usage;
        }
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
