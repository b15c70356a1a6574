#pragma once

#include "protocol/result.hpp"
#include "state/status_board.hpp"
#include "state/task_directory.hpp"
#include "state/task_spec.hpp"

#include <stop_token>

namespace understudy::apps {

struct run_options {
    // Return once the initial sync is done and everything the source had executed when run_task
    // began is committed on the target.
    bool until_caught_up = false;
};

// Runs one task in the foreground: precheck, initial copy, stream; wires the rooms, owns their
// threads, joins them all. Ends with success after a stop request or when until_caught_up is
// reached, else with what stopped the task. The board shows what happens meanwhile; nothing is
// printed.
[[nodiscard]] protocol::result<void> run_task(const state::task_spec& task,
                                              state::task_directory& directory, run_options options,
                                              state::status_board& board, std::stop_token stop);

} // namespace understudy::apps
