#include "apps/commands.hpp"
#include "apps/known_tasks.hpp"
#include "state/task_directory.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

namespace understudy::apps {

namespace {

using namespace std::chrono_literals;

// A group that is being committed, a chunk that is being copied: seconds. Longer is worth a look.
constexpr auto wait_max = 120s;

// The name, or an exit code when there is nothing to stop.
std::variant<std::string, int> choose(const stop_command& what) {
    if (!what.task.empty()) {
        const auto name = task_name_of(what.task);
        if (name) return *name;
        fmt::print(stderr, "understudy: {}\n", name.error().what);
        return exit_usage;
    }
    std::vector<std::string> running;
    for (const known_task& task : find_tasks(what.data_dir)) {
        if (task.pid) running.push_back(task.name);
    }
    if (running.size() == 1) return running.front();
    if (running.empty()) {
        fmt::print("no task runs from {}\n", what.data_dir.string());
        return exit_good;
    }
    fmt::print(stderr, "understudy: several tasks run; name the one to stop:");
    for (const std::string& name : running)
        fmt::print(stderr, " {}", name);
    fmt::print(stderr, "\n");
    return exit_usage;
}

int stop(const std::filesystem::path& data_dir, const std::string& name) {
    const auto pid = state::task_directory::running_pid(data_dir, name);
    if (!pid) {
        fmt::print("{} does not run from {}\n", name, data_dir.string());
        return exit_good;
    }
    if (::kill(*pid, SIGTERM) != 0 && errno != ESRCH) {
        fmt::print(stderr, "understudy: process {} cannot be signalled: {}\n", *pid,
                   std::generic_category().message(errno));
        return exit_failed;
    }
    const auto give_up = std::chrono::steady_clock::now() + wait_max;
    while (state::task_directory::running_pid(data_dir, name) == pid) {
        if (std::chrono::steady_clock::now() > give_up) {
            fmt::print(stderr,
                       "understudy: {} (process {}) was asked to stop and still runs after {} s\n",
                       name, *pid, wait_max.count());
            return exit_failed;
        }
        std::this_thread::sleep_for(50ms);
    }
    fmt::print("{} stopped\n", name);
    return exit_good;
}

} // namespace

int execute(const stop_command& what) {
    const auto chosen = choose(what);
    if (const int* code = std::get_if<int>(&chosen)) return *code;
    return stop(what.data_dir, std::get<std::string>(chosen));
}

} // namespace understudy::apps
