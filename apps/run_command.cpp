#include "apps/commands.hpp"
#include "apps/progress_rates.hpp"
#include "apps/run_goal.hpp"
#include "apps/run_report.hpp"
#include "apps/shared_relays.hpp"
#include "apps/stop_signals.hpp"
#include "apps/task_runner.hpp"
#include "apps/verdict.hpp"
#include "state/task_directory.hpp"
#include "state/task_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <future>
#include <memory>
#include <stop_token>
#include <unistd.h>

namespace understudy::apps {

namespace {

using namespace std::chrono_literals;
using steady_clock = std::chrono::steady_clock;

constexpr auto tick = 20ms;
constexpr auto refresh_interval = 250ms;
constexpr auto status_interval = 1s;

// Runs the task on a thread of its own; this one takes signals, shows how it goes and writes
// status.json.
class run_watch {
public:
    run_watch(const state::task_spec& task, state::task_directory& directory, std::string until,
              run_goal goal)
        : task_(task), directory_(directory), until_(std::move(until)), goal_(std::move(goal)),
          board_(task.name), shares_(directory.path().parent_path()) {}

    void warn(const std::string& text) { board_.warn(text); }

    verdict run() {
        const stop_signals signals; // before the task's threads
        const auto began = steady_clock::now();
        auto running = std::async(std::launch::async, [this] {
            return run_task(task_, directory_, {.until = goal_, .shares = &shares_}, board_,
                            stop_.get_token());
        });
        report_ = make_run_report();
        report_->notice(fmt::format("{}: {} to {}, kept in {}", task_.name, task_.source.address(),
                                    task_.target.address(), directory_.path().string()));
        while (running.wait_for(tick) != std::future_status::ready) {
            if (const auto signal = signals.wait(0ms)) take(*signal);
            refresh();
        }
        auto ended = running.get();
        show();
        write_status();
        report_.reset(); // the cursor comes back
        return {.last = board_.read(),
                .ended = std::move(ended),
                .until = until_,
                .stop_requested = stop_.stop_requested(),
                .took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() -
                                                                              began)};
    }

private:
    void take(int signal) {
        if (signal == SIGWINCH) {
            show();
            return;
        }
        if (stop_.stop_requested()) {
            // The user does not want to wait. What is lost is what a crash may lose: nothing that
            // is committed.
            report_.reset();
            std::fputs("understudy: ended at once; the next run goes on from the last commit\n",
                       stderr);
            std::fflush(stderr);
            ::_exit(128 + signal);
        }
        report_->notice("stopping at the next transaction boundary; once more to end at once");
        stop_.request_stop();
    }

    void refresh() {
        const auto now = steady_clock::now();
        if (now - shown_ >= refresh_interval) show();
        if (now - written_ >= status_interval) write_status();
    }

    void show() {
        shown_ = steady_clock::now();
        const state::status value = board_.read();
        rates_.add(value, shown_);
        report_->refresh(value, rates_.current());
    }

    // A status that cannot be written stops nobody, but is not kept quiet either.
    void write_status() {
        written_ = steady_clock::now();
        if (auto done = directory_.write_status(board_.read()); !done)
            board_.warn(done.error().what);
    }

    const state::task_spec& task_;
    state::task_directory& directory_;
    const std::string until_;
    const run_goal goal_;
    state::status_board board_;
    shared_relays shares_;
    std::stop_source stop_;
    std::unique_ptr<run_report> report_;
    progress_rates rates_;
    steady_clock::time_point shown_;
    steady_clock::time_point written_;
};

} // namespace

int execute(const run_command& what) {
    auto file = state::read_task_file(what.task_file);
    if (!file) {
        fmt::print(stderr, "{}\n", file.error().what);
        return exit_usage;
    }
    auto goal = parse_run_goal(what.until);
    if (!goal) {
        fmt::print(stderr, "understudy: {}\n", goal.error().what);
        return exit_usage;
    }
    auto directory = state::task_directory::open(what.data_dir, file->spec.name);
    if (!directory) {
        fmt::print(stderr, "understudy: {}\n", directory.error().what);
        return exit_failed;
    }
    run_watch watch(file->spec, **directory, what.until, *std::move(goal));
    for (const std::string& warning : file->warnings)
        watch.warn(warning);
    const verdict ended = watch.run();
    fmt::print(ended.is_good() ? stdout : stderr, "{}", to_text(ended));
    return ended.is_good() ? exit_good : exit_failed;
}

} // namespace understudy::apps
