#include "apps/progress_rates.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(progress_rates, averages_over_the_last_five_seconds) {
    progress_rates meter;
    state::status value;
    const steady_clock::time_point start;
    for (int i = 0; i <= 40; ++i) {
        // Ten seconds of 100 rows per second after a burst that must be forgotten.
        value.applied_rows = 1'000'000 + static_cast<std::uint64_t>(i) * 25;
        if (i == 0) value.applied_rows = 0;
        value.copy["t"].rows = static_cast<std::uint64_t>(i) * 50;
        meter.add(value, start + milliseconds(250 * i));
    }
    EXPECT_NEAR(meter.current().applied_rows, 100, 1);
    EXPECT_NEAR(meter.current().copied_rows, 200, 1);
}

TEST(progress_rates, knows_nothing_after_one_sample_and_does_not_count_backwards) {
    progress_rates meter;
    state::status value;
    value.copy["t"].rows = 500;
    meter.add(value, {});
    EXPECT_EQ(meter.current().copied_rows, 0);
    value.copy["t"].rows = 0;
    meter.add(value, steady_clock::time_point(milliseconds(1'000)));
    EXPECT_EQ(meter.current().copied_rows, 0);
}

} // namespace
} // namespace understudy::apps
