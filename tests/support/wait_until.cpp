#include "tests/support/wait_until.hpp"

#include <thread>

namespace understudy::test {

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds timeout,
                std::chrono::milliseconds pause) {
    const auto give_up = std::chrono::steady_clock::now() + timeout;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(pause);
    }
    return true;
}

} // namespace understudy::test
