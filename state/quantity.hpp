#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::state {

// Sizes and durations as people write them in a task file, and back.

// "64MB" (1000 each), "64MiB" (1024 each), "512 kB", "4096"; nothing if it is no size or does not
// fit 64 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_byte_size(std::string_view text);

// "500ms", "10s", "5m", "24h", "7d"; nothing if it is no duration. A unit is needed.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "64 MiB" where it is that exactly, else the number of bytes.
[[nodiscard]] std::string byte_size_text(std::uint64_t bytes);
// "10s": in the largest unit that gives a whole number.
[[nodiscard]] std::string duration_text(std::chrono::milliseconds time);

} // namespace understudy::state
