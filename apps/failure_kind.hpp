#pragma once

#include "protocol/result.hpp"

#include <cstdint>

namespace understudy::apps {

enum class failure_kind : std::uint8_t {
    passing, // goes away by itself or by what somebody does elsewhere: try again, with back-off
    person,  // the same would happen again: somebody has to do something about the task
};

// Errors of any room that ended a run. One that nobody listed needs a person.
[[nodiscard]] failure_kind kind_of_failure(const protocol::error& error);

} // namespace understudy::apps
