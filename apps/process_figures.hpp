#pragma once

#include "api/task_service.hpp"

namespace understudy::apps {

// Of this process, from /proc/self.
[[nodiscard]] api::process_view read_process_figures();

} // namespace understudy::apps
