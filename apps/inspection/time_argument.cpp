#include "apps/inspection/time_argument.hpp"

#include "protocol/errc.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <string>

namespace understudy::apps {

namespace {

template<class Number>
bool read_number(std::string_view text, Number& into) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), into);
    return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

std::optional<std::int64_t> seconds_of(char unit) {
    switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3'600;
    case 'd': return 86'400;
    case 'w': return 604'800;
    default: return std::nullopt;
    }
}

// "1h30m"
std::optional<std::int64_t> parse_span(std::string_view text) {
    std::int64_t sum = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        std::uint32_t count = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
        if (parsed.ec != std::errc{} || parsed.ptr == text.data() + text.size())
            return std::nullopt;
        const auto unit = seconds_of(*parsed.ptr);
        if (!unit) return std::nullopt;
        sum += *unit * count;
        text.remove_prefix(static_cast<std::size_t>(parsed.ptr + 1 - text.data()));
    }
    return sum;
}

std::optional<std::int64_t> parse_clock(std::string_view text) {
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    const bool shape = (text.size() == 5 || text.size() == 8) && text[2] == ':' &&
                       (text.size() == 5 || text[5] == ':');
    if (!shape || !read_number(text.substr(0, 2), hour) || !read_number(text.substr(3, 2), minute))
        return std::nullopt;
    if (text.size() == 8 && !read_number(text.substr(6, 2), second)) return std::nullopt;
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return (hour * 60 + minute) * 60 + second;
}

std::optional<std::int64_t> parse_absolute(std::string_view text) {
    if (text.ends_with('Z')) text.remove_suffix(1);
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (!read_number(text.substr(0, 4), year) || !read_number(text.substr(5, 2), month) ||
        !read_number(text.substr(8, 2), day))
        return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (!date.ok()) return std::nullopt;
    std::int64_t clock = 0;
    if (text.size() > 10) {
        if (text[10] != ' ' && text[10] != 'T') return std::nullopt;
        const auto parsed = parse_clock(text.substr(11));
        if (!parsed) return std::nullopt;
        clock = *parsed;
    }
    const auto midnight = std::chrono::sys_days(date).time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(midnight).count() + clock;
}

} // namespace

protocol::result<std::int64_t> parse_time_argument(std::string_view text, std::int64_t now) {
    if (text == "now") return now;
    std::optional<std::int64_t> found;
    if (text.starts_with('@')) {
        std::int64_t seconds = 0;
        if (read_number(text.substr(1), seconds)) found = seconds;
    } else if (text.starts_with('-')) {
        if (const auto span = parse_span(text.substr(1))) found = now - *span;
    } else {
        found = parse_absolute(text);
    }
    if (found) return *found;
    return protocol::fail(protocol::errc::malformed,
                          std::string(text) +
                              " is no time; write 2026-02-03, '2026-02-03 12:34:56' (UTC), "
                              "@1770000000, -2h or -1h30m (before now)");
}

} // namespace understudy::apps
