#pragma once

#include "protocol/result.hpp"

namespace understudy::apps {

// A server or the network went away, or is out of something for the moment: nothing is wrong with
// the task, and another attempt may succeed. Errors of any room.
[[nodiscard]] bool is_interruption(const protocol::error& error);

} // namespace understudy::apps
