#include "apps/run_goal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::apps {

using namespace std::chrono_literals;

TEST(run_goal, reads_each_kind) {
    EXPECT_EQ(parse_run_goal("").value(), run_goal(no_goal{}));
    EXPECT_EQ(parse_run_goal("caught-up").value(), run_goal(caught_up_goal{}));
    const auto gtids = parse_run_goal("gtid:3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5");
    ASSERT_TRUE(gtids);
    EXPECT_EQ(std::get<gtid_goal>(*gtids).transactions,
              protocol::gtid_set::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5").value());
    EXPECT_EQ(parse_run_goal("time:2026-02-03T12:34:56Z").value(),
              run_goal(time_goal{std::chrono::sys_days(std::chrono::February / 3 / 2026) + 12h +
                                 34min + 56s}));
    EXPECT_TRUE(parse_run_goal("time:2026-02-03T12:34:56.789Z"));
}

TEST(run_goal, says_what_is_allowed) {
    for (const char* bad : {"doomsday", "gtid:", "gtid:nonsense", "time:", "time:tomorrow",
                            "time:2026-02-30T00:00:00Z", "time:2026-02-03 12:34:56", "Caught-up"}) {
        const auto goal = parse_run_goal(bad);
        ASSERT_FALSE(goal) << bad;
        EXPECT_THAT(goal.error().what, testing::HasSubstr("allowed are"));
        EXPECT_THAT(goal.error().what, testing::HasSubstr(bad));
    }
}

} // namespace understudy::apps
