#pragma once

#include "relay/inspect.hpp"

#include <span>
#include <string>
#include <vector>

namespace understudy::apps {

// What `understudy relay ls` and `verify` print. Pure. Lines without a newline.

// A line per segment below a heading, and their sum.
[[nodiscard]] std::vector<std::string>
segment_table(std::span<const relay::segment_summary> segments);

[[nodiscard]] std::vector<std::string> verify_lines(const relay::verify_report& found);

} // namespace understudy::apps
