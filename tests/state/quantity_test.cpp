#include "state/quantity.hpp"

#include <gtest/gtest.h>

namespace understudy::state {
namespace {

using std::chrono::milliseconds;

TEST(quantity, reads_sizes_with_decimal_and_binary_units) {
    EXPECT_EQ(parse_byte_size("4096"), 4096U);
    EXPECT_EQ(parse_byte_size("64MB"), 64'000'000U);
    EXPECT_EQ(parse_byte_size("64MiB"), 64U << 20U);
    EXPECT_EQ(parse_byte_size("2 GiB"), 2ULL << 30U);
    EXPECT_EQ(parse_byte_size("5kB"), 5'000U);
    EXPECT_EQ(parse_byte_size("0"), 0U);
}

TEST(quantity, refuses_what_is_no_size) {
    for (const char* text : {"", "MB", "-1", "1.5MB", "64 mb", "64M", "64MBs",
                             "99999999999999999999", "17000000TiB"}) {
        EXPECT_EQ(parse_byte_size(text), std::nullopt) << text;
    }
}

TEST(quantity, reads_durations_with_their_unit) {
    EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
    EXPECT_EQ(parse_duration("10s"), milliseconds(10'000));
    EXPECT_EQ(parse_duration("5m"), milliseconds(300'000));
    EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
    EXPECT_EQ(parse_duration("7d"), milliseconds(7 * 86'400'000LL));
}

TEST(quantity, refuses_durations_without_a_unit) {
    for (const char* text : {"", "10", "s", "-1s", "1.5s", "10sec", "9223372036854775807d"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(quantity, prints_the_largest_unit_that_is_exact) {
    EXPECT_EQ(byte_size_text(64U << 20U), "64 MiB");
    EXPECT_EQ(byte_size_text(1000), "1000");
    EXPECT_EQ(byte_size_text(0), "0");
    EXPECT_EQ(duration_text(milliseconds(1)), "1ms");
    EXPECT_EQ(duration_text(milliseconds(90'000)), "90s");
    EXPECT_EQ(duration_text(milliseconds(86'400'000)), "1d");
}

} // namespace
} // namespace understudy::state
