#include "apps/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace understudy::apps {

namespace {

using std::chrono::duration_cast;

} // namespace

std::string count_text(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits;
}

std::string counted(std::uint64_t count, std::string_view singular) {
    return count_text(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
    if (bytes < 1'000) return std::to_string(bytes) + " B";
    static constexpr std::array<std::string_view, 5> units{"kB", "MB", "GB", "TB", "PB"};
    double value = static_cast<double>(bytes) / 1'000;
    std::size_t unit = 0;
    while (value >= 999.95 && unit + 1 < units.size()) {
        value /= 1'000;
        ++unit;
    }
    return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string rate_text(double per_second) {
    if (per_second > 0 && per_second < 9.95) return fmt::format("{:.1f}", per_second);
    return count_text(static_cast<std::uint64_t>(std::llround(std::max(0.0, per_second))));
}

std::string lag_text(std::chrono::milliseconds lag) {
    const auto seconds = duration_cast<std::chrono::seconds>(lag).count();
    if (seconds < 10)
        return fmt::format("{:.1f} s",
                           static_cast<double>(std::max<std::int64_t>(lag.count(), 0)) / 1'000);
    if (seconds < 120) return fmt::format("{} s", seconds);
    if (seconds < 7'200) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    if (seconds < 172'800) return fmt::format("{} h {} min", seconds / 3'600, seconds / 60 % 60);
    return fmt::format("{} days {} h", seconds / 86'400, seconds / 3'600 % 24);
}

std::string elapsed_text(std::chrono::milliseconds time) {
    const auto seconds =
        std::max<std::int64_t>(duration_cast<std::chrono::seconds>(time).count(), 0);
    return fmt::format("{}:{:02}:{:02}", seconds / 3'600, seconds / 60 % 60, seconds % 60);
}

unsigned percent(std::uint64_t part, std::uint64_t whole) {
    if (part >= whole) return 100;
    const double share = static_cast<double>(part) / static_cast<double>(whole);
    return std::min(99U, static_cast<unsigned>(share * 100));
}

} // namespace understudy::apps
