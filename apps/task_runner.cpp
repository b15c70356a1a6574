#include "apps/task_runner.hpp"

#include "applier/errc.hpp"
#include "applier/retry_delay.hpp"
#include "apps/interruption.hpp"
#include "apps/task_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace understudy::apps {

namespace {

// False when the stop request came first.
[[nodiscard]] bool pause(const std::stop_token& stop, std::chrono::milliseconds time) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
}

[[nodiscard]] std::string on_one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

// The stream waits for servers by itself. An attempt that ends before it (precheck, initial copy)
// because a server went away is made anew, from what is durable, just as after a crash of ours;
// but a server that was never reached in this run ends it, so that a wrong host or password is told
// at once (the precheck says so with another code).
[[nodiscard]] protocol::result<void> run_attempts(const state::task_spec& task,
                                                  state::task_directory& directory,
                                                  const state::object_selection& selection,
                                                  run_options options, state::status_board& board,
                                                  std::stop_token stop) {
    run_progress progress;
    applier::retry_delay delay;
    for (;;) {
        auto ended = task_run(task, directory, selection, options, progress, board).run(stop);
        if (ended || !is_interruption(ended.error())) return ended;
        if (stop.stop_requested()) return {};
        if (ended.error().code == applier::errc::selection_changed) continue;
        const auto time = delay.next(applier::errc::connection_lost);
        board.update([&](state::status& now) {
            now.now = state::phase::starting;
            ++now.retries;
            now.applier_note = fmt::format("trying again in {} ms: {}", time.count(),
                                           on_one_line(ended.error().what));
        });
        if (!pause(stop, time)) return {};
        board.update([](state::status& now) { now.applier_note.clear(); });
    }
}

} // namespace

protocol::result<void> run_task(const state::task_spec& task, state::task_directory& directory,
                                run_options options, state::status_board& board,
                                std::stop_token stop) {
    auto selection = state::object_selection::make(task);
    protocol::result<void> ended;
    if (selection) {
        ended = run_attempts(task, directory, *selection, options, board, std::move(stop));
    } else {
        ended = std::unexpected(selection.error());
    }
    board.update([&](state::status& now) {
        now.now = ended ? state::phase::finished : state::phase::failed;
        if (!ended) now.last_error = ended.error().what;
    });
    return ended;
}

} // namespace understudy::apps
