#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::state {

// RFC 3339 in UTC with milliseconds: what every time in our JSON looks like.
[[nodiscard]] std::string time_text(std::chrono::system_clock::time_point time);
[[nodiscard]] std::optional<std::chrono::system_clock::time_point>
parse_time_text(const std::string& text);

// Bytes that are no UTF-8 (names in an old source's tables, a server's message) become U+FFFD.
[[nodiscard]] std::string as_utf8(std::string_view text);

} // namespace understudy::state
