#pragma once

#include "apps/http_client.hpp"
#include "apps/task_supervisor.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace understudy::apps {

// Tells a URL of every change of a task's state: POST, one JSON object at a time, in order. An
// answer of 2xx is good; anything else is tried again, later and later. What waits is bounded: when
// the receiver is gone for long the oldest are given up, and that is said. Any thread.
//   {"task", "from", "to", "time", "position", "error", "advice"}
class webhook {
public:
    struct options {
        http_address to;
        std::string token; // sent as Authorization: Bearer
        std::size_t waiting_max = 1'000;
        unsigned tries_max = 10;
        std::chrono::milliseconds first_delay{1'000}; // doubled up to a minute
        std::chrono::milliseconds timeout{10'000};
        std::function<void(const std::string&)> complain; // for the log
    };
    explicit webhook(options with);
    ~webhook(); // gives up what waits

    void tell(const state_change& change);
    // From now on.
    void use_token(std::string token);

private:
    void run(const std::stop_token& stop);
    // False when it was given up.
    [[nodiscard]] bool deliver(const std::string& body, const std::stop_token& stop);

    const options options_;
    std::mutex mutex_;
    std::condition_variable_any more_;
    std::deque<std::string> waiting_;
    std::string token_;
    std::jthread thread_; // last: it uses the others
};

[[nodiscard]] std::string to_json(const state_change& change);

} // namespace understudy::apps
