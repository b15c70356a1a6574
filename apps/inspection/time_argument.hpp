#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <string_view>

namespace understudy::apps {

// A moment as --since and --until take it, in seconds since 1970: "2026-02-03", "2026-02-03
// 12:34[:56]" (also with T and Z) in UTC, "@1770000000", "-2h", "-1h30m" before now, "now". Pure.
[[nodiscard]] protocol::result<std::int64_t> parse_time_argument(std::string_view text,
                                                                 std::int64_t now);

} // namespace understudy::apps
