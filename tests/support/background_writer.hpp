#pragma once

#include "tests/support/live_server.hpp"
#include "tests/support/sql_client.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

namespace understudy::test {

// Does one thing after the other on a server, as root, as long as it lives: 0, 1, 2, … with a pause
// in between. What a step throws ends the process.
//
//   const background_writer load(pair.source(), 2ms, [](sql_client& sql, int i) { … });
class background_writer {
public:
    using step = std::function<void(sql_client&, int)>;

    background_writer(const live_server& server, std::chrono::milliseconds pause, step what);
    ~background_writer();
    background_writer(const background_writer&) = delete;
    background_writer& operator=(const background_writer&) = delete;

private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

} // namespace understudy::test
