#pragma once

#include "relay/inspect.hpp"
#include "relay/inspection/check_binlog.hpp"

#include <string>

namespace understudy::apps {

// What `understudy relay ls --json` and `verify --json` print: an object in a line for each segment
// or file. Pure. Without a newline. Times are microseconds or seconds (names say which) since 1970.
[[nodiscard]] std::string segment_json(const relay::segment_summary& segment);
[[nodiscard]] std::string verify_json(const std::string& name, const relay::verify_report& found);
[[nodiscard]] std::string binlog_verify_json(const std::string& name,
                                             const relay::inspection::binlog_report& found);

} // namespace understudy::apps
