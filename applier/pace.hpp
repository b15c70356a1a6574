#pragma once

#include <chrono>
#include <cstdint>

namespace understudy::applier {

// Rows and bytes per second, on average: what is taken (a group of the stream, a batch of the copy)
// puts the time off at which the next may begin. What was not used is not saved up. Pure: the time
// is an argument.
class pace {
public:
    using clock = std::chrono::steady_clock;

    // 0: no limit.
    pace(std::uint64_t rows_per_second, std::uint64_t bytes_per_second)
        : rows_per_second_(rows_per_second), bytes_per_second_(bytes_per_second) {}

    // So much begins now.
    void take(std::uint64_t rows, std::uint64_t bytes, clock::time_point now);
    // When the next may begin.
    [[nodiscard]] clock::time_point free_at() const { return free_at_; }

private:
    std::uint64_t rows_per_second_;
    std::uint64_t bytes_per_second_;
    clock::time_point free_at_{};
};

} // namespace understudy::applier
