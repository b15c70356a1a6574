#include "apps/verdict.hpp"

#include "relay/errc.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

verdict sample() {
    verdict value;
    value.last.task = "shop";
    value.last.applied = {"binlog.000002", 1234};
    value.last.applied_rows = 12'345;
    value.last.applied_transactions = 3'000;
    value.took = std::chrono::seconds(83);
    return value;
}

TEST(verdict, says_that_it_is_caught_up) {
    verdict value = sample();
    value.until = "caught-up";
    value.last.copy["shop.orders"] = {
        .rows = 800'000, .rows_estimated = 790'000, .bytes = 1, .finished = true};
    EXPECT_TRUE(value.is_good());
    EXPECT_EQ(
        to_text(value),
        "shop is caught up at binlog.000002:1234 after 0:01:23: 800,000 rows of 1 table copied, "
        "12,345 rows applied in 3,000 transactions\n");
}

TEST(verdict, a_stop_is_good_unless_the_end_was_to_be_reached) {
    verdict value = sample();
    value.stop_requested = true;
    EXPECT_TRUE(value.is_good());
    EXPECT_EQ(to_text(value),
              "shop stopped at binlog.000002:1234 after 0:01:23: 12,345 rows applied in 3,000 "
              "transactions. The next run goes on from there.\n");
    value.until = "caught-up";
    EXPECT_FALSE(value.is_good());
    EXPECT_NE(to_text(value).find("before it was caught up"), std::string::npos);
}

TEST(verdict, an_error_comes_with_what_to_do) {
    verdict value = sample();
    value.ended = protocol::fail(relay::errc::corrupt, "segment 7: checksum mismatch at byte 4096");
    EXPECT_FALSE(value.is_good());
    const std::string text = to_text(value);
    EXPECT_TRUE(text.starts_with(
        "shop failed: segment 7: checksum mismatch at byte 4096\nWhat to do: The relay log is "
        "damaged."))
        << text;
}

} // namespace
} // namespace understudy::apps
