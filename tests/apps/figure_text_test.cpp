#include "apps/figure_text.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(figure_text, counts_have_commas) {
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(count_text(999), "999");
    EXPECT_EQ(count_text(1'000), "1,000");
    EXPECT_EQ(count_text(1'234'567), "1,234,567");
    EXPECT_EQ(counted(1, "row"), "1 row");
    EXPECT_EQ(counted(1'000, "row"), "1,000 rows");
    EXPECT_EQ(count_text(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(figure_text, bytes_come_in_units_of_a_thousand) {
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(1'000), "1.0 kB");
    EXPECT_EQ(bytes_text(999'949), "999.9 kB");
    EXPECT_EQ(bytes_text(999'999), "1.0 MB");
    EXPECT_EQ(bytes_text(172'345'678), "172.3 MB");
}

TEST(figure_text, small_rates_have_a_decimal) {
    EXPECT_EQ(rate_text(0), "0");
    EXPECT_EQ(rate_text(0.25), "0.2");
    EXPECT_EQ(rate_text(9.94), "9.9");
    EXPECT_EQ(rate_text(9.96), "10");
    EXPECT_EQ(rate_text(12'339.6), "12,340");
}

TEST(figure_text, lag_gets_coarser_as_it_grows) {
    EXPECT_EQ(lag_text(milliseconds(0)), "0.0 s");
    EXPECT_EQ(lag_text(milliseconds(340)), "0.3 s");
    EXPECT_EQ(lag_text(seconds(12)), "12 s");
    EXPECT_EQ(lag_text(seconds(185)), "3 min 5 s");
    EXPECT_EQ(lag_text(seconds(8'040)), "2 h 14 min");
    EXPECT_EQ(lag_text(seconds(270'000)), "3 days 3 h");
    EXPECT_EQ(lag_text(milliseconds(-5)), "0.0 s");
}

TEST(figure_text, a_hundred_percent_only_when_all_is_there) {
    EXPECT_EQ(percent(0, 100), 0U);
    EXPECT_EQ(percent(999'999, 1'000'000), 99U);
    EXPECT_EQ(percent(10, 10), 100U);
    EXPECT_EQ(percent(11, 10), 100U);
    EXPECT_EQ(percent(0, 0), 100U);
}

TEST(figure_text, elapsed_time_is_a_clock) {
    EXPECT_EQ(elapsed_text(milliseconds(83'999)), "0:01:23");
    EXPECT_EQ(elapsed_text(seconds(360'000)), "100:00:00");
}

} // namespace
} // namespace understudy::apps
