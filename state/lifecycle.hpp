#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace understudy::state {

// Where a task stands in its life, as its operator sees it. Pure: values in, values out; who acts
// on it is apps/task_supervisor, what keeps it is task_store.
//
//   not started ──start──▶ prechecking ──copying──▶ initializing ──streaming──▶ synchronizing
//                              │ failed                 │ failed                    │ failed
//                              ▼                        ▼                           ▼
//                       precheck failed        initialization failed             failed
//
// From the three running states: pause ▶ pausing ▶ paused; stop ▶ pausing ▶ finished; modify ▶
// modifying ▶ prechecking; a goal that is reached ▶ finished. A failure that passes by itself is no
// event: the task keeps its state and tries again.
enum class lifecycle_state : std::uint8_t {
    not_started,
    prechecking,
    precheck_failed,
    initializing,
    initialization_failed,
    synchronizing,
    failed,
    pausing,
    paused,
    modifying,
    finished,
};

enum class lifecycle_event : std::uint8_t {
    start,        // an operator's: run, from where the task was
    pause,        // an operator's
    resume,       // an operator's: as start, for a task that has been started before
    stop,         // an operator's: end it; it can be started again
    modify,       // an operator's: its definition is about to be replaced
    modified,     // the definition has been replaced, or could not be
    copying,      // the run is in the initial copy
    streaming,    // the run is behind it
    run_ended,    // because it was asked to
    goal_reached, // the run ended by itself, with success
    run_failed,   // the run ended with what only a person can mend
    restarted,    // the process that ran the task is gone; we take its place
};

inline constexpr std::array lifecycle_states{lifecycle_state::not_started,
                                             lifecycle_state::prechecking,
                                             lifecycle_state::precheck_failed,
                                             lifecycle_state::initializing,
                                             lifecycle_state::initialization_failed,
                                             lifecycle_state::synchronizing,
                                             lifecycle_state::failed,
                                             lifecycle_state::pausing,
                                             lifecycle_state::paused,
                                             lifecycle_state::modifying,
                                             lifecycle_state::finished};

inline constexpr std::array lifecycle_events{
    lifecycle_event::start,        lifecycle_event::pause,      lifecycle_event::resume,
    lifecycle_event::stop,         lifecycle_event::modify,     lifecycle_event::modified,
    lifecycle_event::copying,      lifecycle_event::streaming,  lifecycle_event::run_ended,
    lifecycle_event::goal_reached, lifecycle_event::run_failed, lifecycle_event::restarted};

// The state, and for the two that lead somewhere the one they lead to: pausing to paused or
// finished; modifying to prechecking (the task goes on) or to the resting state it came from. In
// all others `then` is the state itself.
struct lifecycle {
    lifecycle_state now = lifecycle_state::not_started;
    lifecycle_state then = lifecycle_state::not_started;
    bool operator==(const lifecycle&) const = default;

    [[nodiscard]] static lifecycle at(lifecycle_state state) { return {state, state}; }
};

// Nothing: the event is refused in this state. An operator's event that asks for what is so already
// changes nothing and is no refusal.
[[nodiscard]] std::optional<lifecycle> next(lifecycle current, lifecycle_event event);

// prechecking, initializing, synchronizing: somebody has to run the task.
[[nodiscard]] bool wants_to_run(lifecycle_state state);
// A run may be under way: those, pausing and modifying.
[[nodiscard]] bool may_be_running(lifecycle_state state);
[[nodiscard]] bool is_failed(lifecycle_state state);

// "not started", "precheck failed"…
[[nodiscard]] std::string_view to_string(lifecycle_state state);
[[nodiscard]] std::optional<lifecycle_state> parse_lifecycle_state(std::string_view text);
[[nodiscard]] std::string_view to_string(lifecycle_event event);

} // namespace understudy::state
