#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace understudy::snapshot {

// How fast rows may be read when there is a limit: each piece that was read pushes the moment of
// the next one back by what it costs. What was not used is not saved up. Pure; shared by all lanes.
class read_budget {
public:
    using clock = std::chrono::steady_clock;

    // 0: no limit.
    read_budget(std::uint64_t rows_per_second, std::uint64_t bytes_per_second)
        : rows_per_second_(rows_per_second), bytes_per_second_(bytes_per_second) {}

    void spend(std::uint64_t rows, std::uint64_t bytes, clock::time_point now) {
        const std::chrono::duration<double> cost{
            std::max(share(rows, rows_per_second_), share(bytes, bytes_per_second_))};
        next_ = std::max(next_, now) + std::chrono::duration_cast<clock::duration>(cost);
    }
    // Zero: read on.
    [[nodiscard]] clock::duration wait(clock::time_point now) const {
        return std::max(next_ - now, clock::duration{0});
    }

private:
    [[nodiscard]] static double share(std::uint64_t used, std::uint64_t per_second) {
        return per_second == 0 ? 0 : static_cast<double>(used) / static_cast<double>(per_second);
    }

    std::uint64_t rows_per_second_;
    std::uint64_t bytes_per_second_;
    clock::time_point next_{};
};

} // namespace understudy::snapshot
