#pragma once

#include "relay/inspect.hpp"
#include "relay/inspection/check_binlog.hpp"

#include <span>
#include <string>
#include <vector>

namespace understudy::apps {

// What `understudy relay ls` and `verify` print. Pure. Lines without a newline.

// A line per segment below a heading, and their sum.
[[nodiscard]] std::vector<std::string>
segment_table(std::span<const relay::segment_summary> segments);

[[nodiscard]] std::vector<std::string>
binlog_verify_lines(const std::string& name, const relay::inspection::binlog_report& found);

[[nodiscard]] std::vector<std::string> verify_lines(const relay::verify_report& found);

} // namespace understudy::apps
