#include "apps/time_text.hpp"

#include <fmt/format.h>

#include <chrono>

namespace understudy::apps {

std::string time_text(std::uint32_t timestamp) {
    const std::chrono::sys_seconds time{std::chrono::seconds(timestamp)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

} // namespace understudy::apps
