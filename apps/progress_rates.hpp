#pragma once

#include "state/status_board.hpp"

#include <chrono>
#include <cstdint>
#include <deque>

namespace understudy::apps {

// What happens per second.
struct rates {
    double copied_rows = 0;
    double copied_bytes = 0;
    double applied_rows = 0;
    double applied_bytes = 0;
    double applied_transactions = 0;
    double received_bytes = 0;
};

// Averages over the last seconds, from one status after the other. Pure: the time is an argument.
class progress_rates {
public:
    void add(const state::status& value, std::chrono::steady_clock::time_point now);
    [[nodiscard]] rates current() const;

private:
    struct sample {
        std::chrono::steady_clock::time_point at;
        std::uint64_t copied_rows = 0;
        std::uint64_t copied_bytes = 0;
        std::uint64_t applied_rows = 0;
        std::uint64_t applied_bytes = 0;
        std::uint64_t applied_transactions = 0;
        std::uint64_t received_bytes = 0;
    };
    std::deque<sample> samples_;
};

} // namespace understudy::apps
