#pragma once

#include "protocol/gtid/gtid_set.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <string_view>
#include <variant>

namespace understudy::apps {

// When a run ends by itself, with success.
struct no_goal {
    bool operator==(const no_goal&) const = default;
};
// The initial copy is done, and what the source had executed when the run began is committed.
struct caught_up_goal {
    bool operator==(const caught_up_goal&) const = default;
};
// These are committed on the target. Groups are not cut for it: what came in the same group as the
// last of them is committed too.
struct gtid_goal {
    protocol::gtid_set transactions;
    bool operator==(const gtid_goal&) const = default;
};
// What the source had executed at that time (or when we asked it first after that) is committed.
struct time_goal {
    std::chrono::system_clock::time_point at;
    bool operator==(const time_goal&) const = default;
};

using run_goal = std::variant<no_goal, caught_up_goal, gtid_goal, time_goal>;

// "" (none), "caught-up", "gtid:3e11fa47-…:1-5", "time:2026-02-03T12:34:56Z". The error says what
// is allowed.
[[nodiscard]] protocol::result<run_goal> parse_run_goal(std::string_view text);

} // namespace understudy::apps
