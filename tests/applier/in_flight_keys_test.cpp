#include "applier/in_flight_keys.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace understudy::applier {
namespace {

class keys_in_flight : public testing::Test {
protected:
    bool must_wait(std::vector<std::uint64_t> list) { return keys.must_wait(list, list); }
    in_flight_keys keys;
};

TEST_F(keys_in_flight, let_different_keys_pass) {
    keys.begin(1, 0);
    EXPECT_FALSE(must_wait({1}));
    keys.begin(2, 0);
    EXPECT_FALSE(must_wait({2}));
}

TEST_F(keys_in_flight, make_a_later_group_wait_for_a_key_of_an_earlier_one) {
    keys.begin(1, 0);
    EXPECT_FALSE(must_wait({1}));
    EXPECT_FALSE(must_wait({1})) << "its own group keeps its order";
    keys.begin(2, 0);
    EXPECT_TRUE(must_wait({1}));
    keys.begin(3, 0);
    EXPECT_TRUE(must_wait({1}));
}

TEST_F(keys_in_flight, forget_a_group_that_is_committed) {
    keys.begin(1, 0);
    EXPECT_FALSE(must_wait({1}));
    keys.begin(2, 1);
    EXPECT_FALSE(must_wait({1}));
}

TEST_F(keys_in_flight, make_a_change_wait_for_one_of_its_own_group_that_waits) {
    keys.begin(1, 0);
    EXPECT_FALSE(must_wait({1}));
    keys.begin(2, 0);
    EXPECT_TRUE(must_wait({1, 2})) << "an UPDATE from key 1 to key 2";
    EXPECT_TRUE(must_wait({2}));
    EXPECT_FALSE(must_wait({3}));
}

TEST_F(keys_in_flight, tell_what_is_looked_at_from_what_is_written) {
    constexpr std::uint64_t any = 100;
    constexpr std::uint64_t all = 101;
    const std::vector<std::uint64_t> row_looked{1, all};
    const std::vector<std::uint64_t> row_written{1, any};
    const std::vector<std::uint64_t> table{any, all};
    keys.begin(1, 0);
    EXPECT_FALSE(keys.must_wait(row_looked, row_written));
    keys.begin(2, 0);
    EXPECT_FALSE(
        keys.must_wait(std::vector<std::uint64_t>{2, all}, std::vector<std::uint64_t>{2, any}))
        << "another row of the table";
    keys.begin(3, 0);
    EXPECT_TRUE(keys.must_wait(table, table)) << "the table as a whole";
    keys.begin(4, 0);
    EXPECT_TRUE(
        keys.must_wait(std::vector<std::uint64_t>{5, all}, std::vector<std::uint64_t>{5, any}));
}

// Against a model that keeps everything.
TEST_F(keys_in_flight, say_what_a_plain_history_says) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    struct last_write {
        std::uint64_t group = 0;
        bool waits = false;
    };
    std::map<std::uint64_t, last_write> history;
    std::uint64_t committed = 0;
    for (std::uint64_t number = 1; number <= 300; ++number) {
        committed = std::max(committed, number - 1 - random() % std::min<std::uint64_t>(number, 6));
        keys.begin(number, committed);
        for (std::uint64_t changes = random() % 400; changes > 0; --changes) {
            std::vector<std::uint64_t> list{random() % 20'000};
            if (random() % 3 == 0) list.push_back(random() % 20'000);
            bool expected = false;
            for (const std::uint64_t key : list) {
                const last_write& last = history[key];
                expected |= last.group == number ? last.waits : last.group > committed;
            }
            EXPECT_EQ(must_wait(list), expected);
            for (const std::uint64_t key : list) {
                last_write& last = history[key];
                last = {number, expected || (last.group == number && last.waits)};
            }
        }
    }
}

} // namespace
} // namespace understudy::applier
