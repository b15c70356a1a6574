#pragma once

#include "apps/run_goal.hpp"
#include "protocol/result.hpp"
#include "state/status_board.hpp"
#include "state/task_directory.hpp"
#include "state/task_spec.hpp"

#include <functional>
#include <stop_token>

namespace understudy::apps {

class shared_relays;

struct run_options {
    // Return once this is reached.
    run_goal until;
    // The task has run before, so that a server out of reach is waited for from the first attempt
    // on instead of being taken for a mistake in the task file.
    bool patient = false;
    // Called at each change of phase, on a thread of the run.
    std::function<void(state::phase)> on_phase{};
    // Of this process and its data directory; outlives the run.
    shared_relays* shares = nullptr;
};

// Runs one task in the foreground: precheck, initial copy, stream; wires the rooms, owns their
// threads, joins them all. Ends with success after a stop request or when the goal is
// reached, else with what stopped the task. The board shows what happens meanwhile; nothing is
// printed.
[[nodiscard]] protocol::result<void> run_task(const state::task_spec& task,
                                              state::task_directory& directory, run_options options,
                                              state::status_board& board, std::stop_token stop);

} // namespace understudy::apps
