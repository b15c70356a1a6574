#include "state/lifecycle.hpp"

#include <algorithm>
#include <utility>

namespace understudy::state {

namespace {

using enum lifecycle_state;
using enum lifecycle_event;

bool is_resting(lifecycle_state state) {
    return !may_be_running(state);
}

lifecycle_state failure_of(lifecycle_state running) {
    return running == prechecking    ? precheck_failed
           : running == initializing ? initialization_failed
                                     : failed;
}

std::optional<lifecycle> on_start(lifecycle current, bool has_been_started) {
    if (wants_to_run(current.now)) return current;
    if (!is_resting(current.now)) return std::nullopt;
    if (has_been_started && current.now == not_started) return std::nullopt;
    return lifecycle::at(prechecking);
}

std::optional<lifecycle> on_pause(lifecycle current) {
    if (wants_to_run(current.now)) return lifecycle{pausing, paused};
    const bool so_already = current.then == paused && current.now != modifying;
    return so_already ? std::optional(current) : std::nullopt;
}

// A task on its way to paused may still be told to end.
std::optional<lifecycle> on_stop(lifecycle current) {
    if (wants_to_run(current.now) || current.now == pausing) return lifecycle{pausing, finished};
    if (current.now == modifying) return std::nullopt;
    return lifecycle::at(finished);
}

std::optional<lifecycle> on_modify(lifecycle current) {
    if (wants_to_run(current.now)) return lifecycle{modifying, prechecking};
    if (is_resting(current.now)) return lifecycle{modifying, current.now};
    return std::nullopt;
}

// What the run says while it is being ended changes nothing any more.
std::optional<lifecycle> on_progress(lifecycle current, lifecycle_state reached) {
    if (wants_to_run(current.now)) return lifecycle::at(reached);
    return may_be_running(current.now) ? std::optional(current) : std::nullopt;
}

std::optional<lifecycle> on_end(lifecycle current, std::optional<lifecycle_state> by_itself) {
    if (wants_to_run(current.now))
        return by_itself ? std::optional(lifecycle::at(*by_itself)) : std::nullopt;
    if (current.now == pausing) return lifecycle::at(current.then);
    if (current.now == modifying) return current;
    return std::nullopt;
}

std::optional<lifecycle> on_restart(lifecycle current) {
    if (current.now == pausing || current.now == modifying) return lifecycle::at(current.then);
    return current;
}

} // namespace

std::optional<lifecycle> next(lifecycle current, lifecycle_event event) {
    switch (event) {
    case start: return on_start(current, false);
    case resume: return on_start(current, true);
    case pause: return on_pause(current);
    case stop: return on_stop(current);
    case modify: return on_modify(current);
    case modified:
        return current.now == modifying ? std::optional(lifecycle::at(current.then)) : std::nullopt;
    case copying: return on_progress(current, initializing);
    case streaming: return on_progress(current, synchronizing);
    case run_ended: return on_end(current, std::nullopt);
    case goal_reached: {
        auto ended = on_end(current, finished);
        // Nothing is left to pause.
        if (ended && ended->now == paused) ended = lifecycle::at(finished);
        return ended;
    }
    case run_failed: return on_end(current, failure_of(current.now));
    case restarted: return on_restart(current);
    }
    std::unreachable();
}

bool wants_to_run(lifecycle_state state) {
    return state == prechecking || state == initializing || state == synchronizing;
}

bool may_be_running(lifecycle_state state) {
    return wants_to_run(state) || state == pausing || state == modifying;
}

bool is_failed(lifecycle_state state) {
    return state == precheck_failed || state == initialization_failed || state == failed;
}

std::string_view to_string(lifecycle_state state) {
    switch (state) {
    case not_started: return "not started";
    case prechecking: return "prechecking";
    case precheck_failed: return "precheck failed";
    case initializing: return "initializing";
    case initialization_failed: return "initialization failed";
    case synchronizing: return "synchronizing";
    case failed: return "failed";
    case pausing: return "pausing";
    case paused: return "paused";
    case modifying: return "modifying";
    case finished: return "finished";
    }
    std::unreachable();
}

std::optional<lifecycle_state> parse_lifecycle_state(std::string_view text) {
    const auto found = std::ranges::find(lifecycle_states, text,
                                         [](lifecycle_state value) { return to_string(value); });
    return found == lifecycle_states.end() ? std::nullopt : std::optional(*found);
}

std::string_view to_string(lifecycle_event event) {
    switch (event) {
    case start: return "start";
    case pause: return "pause";
    case resume: return "resume";
    case stop: return "stop";
    case modify: return "modify";
    case modified: return "modified";
    case copying: return "copying";
    case streaming: return "streaming";
    case run_ended: return "run ended";
    case goal_reached: return "goal reached";
    case run_failed: return "run failed";
    case restarted: return "restarted";
    }
    std::unreachable();
}

} // namespace understudy::state
