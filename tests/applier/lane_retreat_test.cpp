#include "applier/lane_retreat.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace understudy::applier {
namespace {

TEST(lane_retreat, lasts_until_what_was_given_to_lanes_is_passed) {
    lane_retreat retreat;
    EXPECT_TRUE(retreat.is_over());
    retreat.began({"b.000001", 1'000});
    retreat.began({"b.000001", 2'000});
    retreat.failed();
    EXPECT_FALSE(retreat.is_over());
    retreat.executed_alone({"b.000001", 1'000});
    EXPECT_FALSE(retreat.is_over());
    retreat.executed_alone({"b.000001", 2'000});
    EXPECT_TRUE(retreat.is_over());
}

TEST(lane_retreat, is_twice_as_long_when_trouble_comes_again_and_short_after_a_time_without) {
    lane_retreat retreat;
    const auto groups_alone = [&retreat] {
        retreat.failed();
        int count = 0;
        for (; !retreat.is_over(); ++count)
            retreat.executed_alone({"b.000001", 9'999});
        return count;
    };
    EXPECT_EQ(groups_alone(), 1);
    EXPECT_EQ(groups_alone(), 2);
    EXPECT_EQ(groups_alone(), 4);
    for (int i = 0; i < 100; ++i)
        retreat.committed();
    EXPECT_EQ(groups_alone(), 1);
    for (int i = 0; i < 30; ++i)
        std::ignore = groups_alone();
    EXPECT_EQ(groups_alone(), 1'024);
}

} // namespace
} // namespace understudy::applier
