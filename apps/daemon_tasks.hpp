#pragma once

#include "apps/known_tasks.hpp"
#include "protocol/result.hpp"

#include <filesystem>
#include <vector>

namespace understudy::apps {

// The tasks of the daemon that runs from this directory, as its API shows them; none without one.
[[nodiscard]] protocol::result<std::vector<known_task>>
tasks_of_daemon(const std::filesystem::path& data_dir);

} // namespace understudy::apps
