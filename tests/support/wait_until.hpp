#pragma once

#include <chrono>
#include <functional>

namespace understudy::test {

// Looks again and again, until it holds (true) or the time is over.
[[nodiscard]] bool wait_until(const std::function<bool()>& condition,
                              std::chrono::milliseconds timeout = std::chrono::seconds(60),
                              std::chrono::milliseconds pause = std::chrono::milliseconds(100));

} // namespace understudy::test
