#pragma once

#include "api/task_service.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What Prometheus reads. Pure.
namespace understudy::api {

struct http_figures {
    std::uint64_t requests = 0;
    std::uint64_t refused = 0; // 401, 403, 429 and surplus connections
    std::uint64_t connections = 0;
};

// The text format, version 0.0.4.
[[nodiscard]] std::string metrics_text(std::span<const task_view> tasks,
                                       const process_view& process, const http_figures& http,
                                       std::string_view version);

// Every family that metrics_text may write; docs/monitoring is held against it.
[[nodiscard]] std::vector<std::string> metric_names();

} // namespace understudy::api
