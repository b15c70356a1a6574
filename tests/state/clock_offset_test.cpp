#include "state/clock_offset.hpp"

#include <gtest/gtest.h>

namespace understudy::state {
namespace {

using namespace std::chrono_literals;
using time_point = clock_offset::time_point;

constexpr time_point start{std::chrono::seconds(1'700'000'000)};

TEST(clock_offset, is_unknown_before_the_first_answer) {
    EXPECT_FALSE(clock_offset().current());
}

TEST(clock_offset, halves_the_round_trip) {
    clock_offset offset;
    offset.add(start, start + 10ms, start + 5ms + 3s);
    ASSERT_TRUE(offset.current());
    EXPECT_EQ(offset.current()->ahead, 3s);
    EXPECT_EQ(offset.current()->uncertainty, 5ms);
}

TEST(clock_offset, is_negative_where_their_clock_is_behind) {
    clock_offset offset;
    offset.add(start, start + 2ms, start - 1h);
    EXPECT_EQ(offset.current()->ahead, -1h - 1ms);
}

TEST(clock_offset, believes_the_shortest_trip) {
    clock_offset offset;
    offset.add(start, start + 400ms, start + 390ms); // the way there was slow
    offset.add(start, start + 2ms, start + 1ms + 50us);
    offset.add(start, start + 100ms, start + 1ms);
    EXPECT_EQ(offset.current()->ahead, 50us);
    EXPECT_EQ(offset.current()->uncertainty, 1ms);
}

TEST(clock_offset, forgets_what_is_old) {
    clock_offset offset;
    offset.add(start, start + 1ms, start);
    for (int i = 0; i < 16; ++i)
        offset.add(start + 1h, start + 1h + 10ms, start + 1h + 5ms + 2s);
    EXPECT_EQ(offset.current()->ahead, 2s);
}

TEST(clock_offset, leaves_out_a_question_during_which_our_clock_was_set_back) {
    clock_offset offset;
    offset.add(start, start - 1h, start);
    EXPECT_FALSE(offset.current());
}

} // namespace
} // namespace understudy::state
