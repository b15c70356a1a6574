#include "state/quantity.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

namespace understudy::state {

namespace {

using unit = std::pair<std::string_view, std::uint64_t>;

constexpr std::array<unit, 11> size_units{{
    {"", 1},
    {"B", 1},
    {"kB", 1'000},
    {"KB", 1'000},
    {"KiB", 1ULL << 10U},
    {"MB", 1'000'000},
    {"MiB", 1ULL << 20U},
    {"GB", 1'000'000'000},
    {"GiB", 1ULL << 30U},
    {"TB", 1'000'000'000'000},
    {"TiB", 1ULL << 40U},
}};

constexpr std::array<unit, 5> duration_units{{
    {"ms", 1},
    {"s", 1'000},
    {"m", 60'000},
    {"h", 3'600'000},
    {"d", 86'400'000},
}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const unit> units,
                                   std::uint64_t largest) {
    std::uint64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [after, failure] = std::from_chars(text.data(), end, count);
    if (failure != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(after - text.data()));
    while (text.starts_with(' '))
        text.remove_prefix(1);
    for (const auto& [name, factor] : units) {
        if (name != text) continue;
        if (count > largest / factor) return std::nullopt;
        return count * factor;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> parse_byte_size(std::string_view text) {
    return parse(text, size_units, std::numeric_limits<std::uint64_t>::max());
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto count = parse(text, duration_units, std::numeric_limits<std::int64_t>::max());
    if (!count) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*count));
}

std::string byte_size_text(std::uint64_t bytes) {
    for (const auto& [name, factor] :
         {unit{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}}) {
        if (bytes >= factor && bytes % factor == 0) {
            return std::to_string(bytes / factor) + " " + std::string(name);
        }
    }
    return std::to_string(bytes);
}

std::string duration_text(std::chrono::milliseconds time) {
    const auto count = static_cast<std::uint64_t>(time.count());
    unit best = duration_units.front();
    for (const unit& candidate : duration_units) {
        if (count != 0 && count % candidate.second == 0) best = candidate;
    }
    return std::to_string(count / best.second) + std::string(best.first);
}

} // namespace understudy::state
