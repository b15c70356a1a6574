#pragma once

#include "protocol/result.hpp"
#include "state/lifecycle.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::state {

// What is durable of a task besides its definition and its relay log: lifecycle.json. A value.
struct task_record {
    state::lifecycle life;
    std::chrono::system_clock::time_point created;
    std::chrono::system_clock::time_point since; // life.now is what it is
    // Was in initializing or behind it: both servers were once reached with this definition, so
    // that being out of reach is no mistake of the task's.
    bool begun = false;
    std::string last_error; // empty when the last run ended well or is under way
    std::string advice;     // what a person does about it
    std::string until;      // "", "caught-up", "gtid:…", "time:…"
    // Where the definition came from; relative paths in it are relative to that file's directory.
    std::string origin;
    std::uint64_t failures = 0; // runs that ended with an error, since it was created

    bool operator==(const task_record&) const = default;
};

[[nodiscard]] std::string to_json(const task_record& what);
// errc::damaged if the text is not what to_json writes.
[[nodiscard]] protocol::result<task_record> parse_task_record(std::string_view text);

} // namespace understudy::state
