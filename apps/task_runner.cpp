#include "apps/task_runner.hpp"

#include "apps/task_run.hpp"

#include <utility>

namespace understudy::apps {

protocol::result<void> run_task(const state::task_spec& task, state::task_directory& directory,
                                run_options options, state::status_board& board,
                                std::stop_token stop) {
    auto selection = state::object_selection::make(task);
    protocol::result<void> ended;
    if (selection) {
        ended =
            task_run(task, directory, std::move(*selection), options, board).run(std::move(stop));
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
