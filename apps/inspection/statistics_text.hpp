#pragma once

#include "apps/inspection/log_statistics.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace understudy::apps {

// What `understudy relay stat` prints. Pure. Lines without a newline.
[[nodiscard]] std::vector<std::string> statistics_lines(const log_statistics::figures& of,
                                                        std::size_t columns, bool colour);
// One JSON document.
[[nodiscard]] std::string statistics_json(const log_statistics::figures& of);

// "▁▂▅█": values in so many columns, the highest fills its cell.
[[nodiscard]] std::string small_chart(const std::vector<std::uint64_t>& values,
                                      std::size_t columns);

} // namespace understudy::apps
