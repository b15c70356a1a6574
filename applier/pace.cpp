#include "applier/pace.hpp"

#include <algorithm>

namespace understudy::applier {

void pace::take(std::uint64_t rows, std::uint64_t bytes, clock::time_point now) {
    const auto time = [](std::uint64_t amount, std::uint64_t per_second) {
        return per_second == 0 ? 0.0
                               : static_cast<double>(amount) / static_cast<double>(per_second);
    };
    const std::chrono::duration<double> needed(
        std::max(time(rows, rows_per_second_), time(bytes, bytes_per_second_)));
    free_at_ = std::max(free_at_, now) + std::chrono::duration_cast<clock::duration>(needed);
}

} // namespace understudy::applier
