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

} // namespace
} // namespace understudy::state
