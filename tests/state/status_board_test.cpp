#include "state/status_board.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace understudy::state {
namespace {

TEST(status_board, keeps_each_warning_once_and_no_more_than_a_hundred) {
    status_board board("shop");
    board.warn("the same");
    board.warn("the same");
    EXPECT_EQ(board.read().warnings, std::vector<std::string>{"the same"});
    for (int i = 0; i < 200; ++i)
        board.warn(std::to_string(i));
    EXPECT_EQ(board.read().warnings.size(), 100U);
}

TEST(status_board, loses_no_update_of_several_threads) {
    status_board board("shop");
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int j = 0; j < 1'000; ++j)
                    board.update([](status& now) { ++now.applied_rows; });
            });
        }
    }
    EXPECT_EQ(board.read().applied_rows, 4'000U);
    EXPECT_EQ(board.read().task, "shop");
}

using namespace std::chrono_literals;
constexpr std::chrono::system_clock::time_point noon{std::chrono::hours(500'000)};

TEST(lag, is_nothing_while_nothing_is_missing_and_the_source_is_there) {
    status value;
    value.connected = true;
    value.heard = noon - 3s;
    EXPECT_EQ(lag_at(value, noon), 0ms);
}

TEST(lag, is_the_age_of_the_oldest_missing_transaction_however_idle_the_source_was) {
    status value;
    value.connected = true;
    value.oldest_missing = noon - 250ms;
    EXPECT_EQ(lag_at(value, noon), 250ms);
}

TEST(lag, takes_the_difference_of_the_clocks_out) {
    status value;
    value.connected = true;
    value.source_clock = clock_offset::estimate{2s, 1ms};
    value.oldest_missing = noon - 1s + 2s; // one second ago, by its clock
    EXPECT_EQ(lag_at(value, noon), 1s);
    value.source_clock = clock_offset::estimate{-1h, 1ms};
    value.oldest_missing = noon - 1s - 1h;
    EXPECT_EQ(lag_at(value, noon), 1s);
}

TEST(lag, grows_while_the_source_is_out_of_reach) {
    status value;
    value.heard = noon - 40s;
    EXPECT_EQ(lag_at(value, noon), 40s);
    value.oldest_missing = noon - 2min;
    EXPECT_EQ(lag_at(value, noon), 2min);
}

TEST(lag, is_never_negative) {
    status value;
    value.connected = true;
    value.oldest_missing = noon + 1s;
    EXPECT_EQ(lag_at(value, noon), 0ms);
}

TEST(merge_ratio, says_how_many_changes_became_one) {
    status value;
    EXPECT_EQ(merge_ratio(value), 1);
    value.applied_rows = 300;
    value.written_rows = 100;
    EXPECT_EQ(merge_ratio(value), 3);
}

} // namespace
} // namespace understudy::state
