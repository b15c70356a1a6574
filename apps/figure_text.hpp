#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::apps {

// Figures as a person reads them. Pure.

[[nodiscard]] std::string count_text(std::uint64_t count); // "1,234,567"
// "1 table", "1,234 tables"
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view singular);
[[nodiscard]] std::string bytes_text(std::uint64_t bytes); // "172.3 MB", units of 1000
[[nodiscard]] std::string rate_text(double per_second);    // "12,340", "3.2" below ten
[[nodiscard]] std::string
lag_text(std::chrono::milliseconds lag); // "0.3 s", "12 s", "3 min 5 s", "2 h 14 min"
[[nodiscard]] std::string elapsed_text(std::chrono::milliseconds time); // "0:01:23"
// part of whole in percent, never above 100 and 100 only when all of it is there.
[[nodiscard]] unsigned percent(std::uint64_t part, std::uint64_t whole);

} // namespace understudy::apps
