#include "applier/pace.hpp"

#include <gtest/gtest.h>

namespace understudy::applier {
namespace {

using namespace std::chrono_literals;

constexpr pace::clock::time_point start{std::chrono::hours(1)};

TEST(pace, holds_nothing_back_without_limits) {
    pace free(0, 0);
    free.take(1'000'000, 1'000'000'000, start);
    EXPECT_LE(free.free_at(), start);

    pace rows(100, 0);
    rows.take(100, 1U << 30U, start);
    EXPECT_EQ(rows.free_at(), start + 1s);
}

TEST(pace, puts_the_next_group_off_by_what_the_last_one_took) {
    pace rows(100, 0);
    rows.take(50, 0, start);
    EXPECT_EQ(rows.free_at(), start + 500ms);
    rows.take(100, 0, start + 500ms);
    EXPECT_EQ(rows.free_at(), start + 1500ms);
}

TEST(pace, keeps_to_the_tighter_of_both_limits) {
    pace both(100, 1000);
    both.take(10, 5000, start);
    EXPECT_EQ(both.free_at(), start + 5s);
}

TEST(pace, goes_by_the_slower_rate_each_time_and_waits_behind_what_was_taken) {
    pace both(1000, 1'000'000);
    both.take(500, 2'000'000, start);
    EXPECT_EQ(both.free_at(), start + 2s);
    both.take(3000, 10, start + 1s);
    EXPECT_EQ(both.free_at(), start + 5s);
}

TEST(pace, saves_nothing_up) {
    pace rows(100, 0);
    rows.take(10, 0, start);
    rows.take(10, 0, start + 1h);
    EXPECT_EQ(rows.free_at(), start + 1h + 100ms);
}

} // namespace
} // namespace understudy::applier
