#include "apps/commands.hpp"
#include "apps/terminal.hpp"
#include "precheck/precheck.hpp"
#include "state/object_selection.hpp"
#include "state/task_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <unistd.h>

namespace understudy::apps {

// What the source may already know us by is not asked about: the task may be running right now.
int execute(const precheck_command& what) {
    const auto file = state::read_task_file(what.task_file);
    if (!file) {
        fmt::print(stderr, "{}\n", file.error().what);
        return exit_usage;
    }
    const auto selection = state::object_selection::make(file->spec);
    if (!selection) {
        fmt::print(stderr, "{}: {}\n", what.task_file.string(), selection.error().what);
        return exit_usage;
    }
    for (const std::string& warning : file->warnings)
        fmt::print(stderr, "understudy: warning: {}\n", warning);
    const precheck::report found = precheck::check_blocking(file->spec, *selection, {});
    if (what.json) {
        fmt::print("{}\n", precheck::to_json(found));
    } else {
        fmt::print("{}",
                   precheck::to_text(found, is_colour_wanted() && ::isatty(STDOUT_FILENO) == 1));
    }
    return found.passed() ? exit_good : exit_failed;
}

} // namespace understudy::apps
