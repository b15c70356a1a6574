#pragma once

#include <cstdint>
#include <string>

namespace understudy::apps {

// Seconds since 1970, as events carry them: "2026-02-03 12:34:56", UTC.
[[nodiscard]] std::string time_text(std::uint32_t timestamp);

} // namespace understudy::apps
