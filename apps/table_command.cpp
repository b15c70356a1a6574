#include "apps/commands.hpp"
#include "apps/table_wish.hpp"
#include "state/errc.hpp"
#include "state/task_file.hpp"
#include "state/task_name.hpp"
#include "state/task_store.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace understudy::apps {

namespace {

// Of a file, or of a task that a daemon has.
protocol::result<state::task_file> find_task(const table_command& what) {
    if (!state::is_task_name(what.task)) return state::read_task_file(what.task);
    const state::task_store store(what.data_dir);
    auto record = store.load(what.task);
    if (!record) {
        return protocol::fail(state::errc::task_file_unreadable,
                              fmt::format("no daemon has a task {} in {}; name the task's file",
                                          what.task, what.data_dir.string()));
    }
    return store.read(what.task, *record);
}

} // namespace

int execute(const table_command& what) {
    const auto task = find_task(what);
    if (!task) {
        fmt::print(stderr, "understudy: {}\n", task.error().what);
        return exit_usage;
    }
    const auto said = wish(task->spec, what.wish, what.table);
    if (!said) {
        fmt::print(stderr, "understudy: {}\n", said.error().what);
        return said.error().code == state::errc::selection_invalid ? exit_usage : exit_failed;
    }
    fmt::print("{}: {}\n", task->spec.name, *said);
    return exit_good;
}

} // namespace understudy::apps
