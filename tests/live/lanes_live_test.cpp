// Groups side by side: nobody who reads the target sees a state that the source never had, and the
// end is the source's, also where groups get in each other's way in ways that keys do not show.

#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using testing::IsEmpty;

rig_options four_workers(state::task_spec::writer writer, std::uint64_t rows) {
    const std::vector<std::string> hasty{"--sync-binlog=0", "--innodb-flush-log-at-trx-commit=2"};
    return {.source_args = hasty,
            .target_args = hasty,
            .writer = writer,
            .adjust = [rows](state::task_spec& spec) {
                spec.apply.workers = 4;
                spec.apply.group_rows_max = rows * spec.apply.workers;
            }};
}

class lanes : public testing::TestWithParam<state::task_spec::writer> {};
INSTANTIATE_TEST_SUITE_P(by, lanes,
                         testing::Values(state::task_spec::writer::row_image,
                                         state::task_spec::writer::sql),
                         [](const auto& info) {
                             return info.param == state::task_spec::writer::sql ? "sql"
                                                                                : "row_image";
                         });

// Money moves between accounts of two tables, and each transaction has a number: a reader that sees
// one number sees all transactions up to it, and no other.
TEST_P(lanes, show_a_reader_only_states_that_the_source_had) {
    constexpr int accounts = 200;
    constexpr int transactions = 1'500;
    applier_rig rig(four_workers(GetParam(), 12));
    rig.exec_both("CREATE DATABASE t; USE t;"
                  "CREATE TABLE a (id INT PRIMARY KEY, money INT NOT NULL);"
                  "CREATE TABLE b (id INT PRIMARY KEY, money INT NOT NULL, UNIQUE (money));"
                  "CREATE TABLE n (number INT PRIMARY KEY, delta INT NOT NULL)");
    for (int i = 0; i < accounts; ++i) {
        rig.exec_both(
            fmt::format("INSERT INTO t.a VALUES ({0}, 1000); INSERT INTO t.b VALUES ({0}, {1})", i,
                        1'000'000 * i));
    }
    rig.begin();
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    auto& source = rig.source();
    for (int number = 1; number <= transactions; ++number) {
        const auto from = random() % accounts;
        const auto to = random() % accounts;
        const auto sum = static_cast<int>(random() % 50);
        source.exec(
            fmt::format("START TRANSACTION; UPDATE t.a SET money = money - {1} WHERE id = {0};"
                        "UPDATE t.b SET money = money + {1} WHERE id = {2};"
                        "INSERT INTO t.n VALUES ({3}, {1}); COMMIT",
                        from, sum, to, number));
    }

    std::atomic<bool> ended{false};
    std::string wrong;
    int looks = 0;
    std::thread reader([&] {
        sql_client client = rig.target_server().root();
        std::int64_t last = 0;
        while (!ended && wrong.empty()) {
            client.exec("START TRANSACTION WITH CONSISTENT SNAPSHOT");
            const auto moved = std::stoll(client.scalar("SELECT IFNULL(SUM(delta), 0) FROM t.n"));
            const auto count = std::stoll(client.scalar("SELECT COUNT(*) FROM t.n"));
            const auto highest =
                std::stoll(client.scalar("SELECT IFNULL(MAX(number), 0) FROM t.n"));
            const auto of_a = std::stoll(client.scalar("SELECT SUM(money) FROM t.a"));
            const auto of_b = std::stoll(client.scalar("SELECT SUM(money) FROM t.b"));
            client.exec("COMMIT");
            const auto in_b = 1'000'000LL * accounts * (accounts - 1) / 2;
            if (count != highest || of_a != 1'000LL * accounts - moved || of_b != in_b + moved ||
                highest < last) {
                wrong = fmt::format("{} of {} transactions, a {}, b {}, moved {}, before {}", count,
                                    highest, of_a, of_b, moved, last);
            }
            last = highest;
            ++looks;
        }
    });
    const std::string stopped = rig.catch_up(std::chrono::seconds(200));
    ended = true;
    reader.join();
    EXPECT_EQ(stopped, "");
    EXPECT_EQ(wrong, "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.status().retries, 0U);
    EXPECT_GT(rig.status().applied_groups, 50U);
    fmt::print("{} groups, {} looks, {} times one at a time\n", rig.status().applied_groups, looks,
               rig.status().parallel_fallbacks);
}

// 'a' and 'A' are one value of the unique key, but not by their bytes.
TEST_P(lanes, go_on_one_at_a_time_where_values_are_equal_by_their_collation_only) {
    applier_rig rig(four_workers(GetParam(), 4));
    rig.exec_both(
        "CREATE DATABASE t; USE t;"
        "CREATE TABLE words (id INT PRIMARY KEY, word VARCHAR(20) NOT NULL, UNIQUE (word))"
        " DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_0900_ai_ci;"
        "CREATE TABLE other (id INT PRIMARY KEY, n INT NOT NULL);"
        "INSERT INTO other VALUES (1, 0), (2, 0), (3, 0), (4, 0)");
    rig.begin();
    auto& source = rig.source();
    for (int i = 0; i < 400; ++i) {
        // The row that has the word goes, and another comes with it in other letters.
        if (i > 0) source.exec(fmt::format("DELETE FROM t.words WHERE id = {}", i - 1));
        source.exec(
            fmt::format("INSERT INTO t.words VALUES ({}, '{}')", i, i % 2 == 0 ? "a" : "A"));
        source.exec(fmt::format("UPDATE t.other SET n = {} WHERE id = {}", i, i % 4 + 1));
    }
    EXPECT_EQ(rig.catch_up(std::chrono::seconds(200)), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.status().retries, 0U);
    fmt::print("{} times one at a time\n", rig.status().parallel_fallbacks);
}

// Whose changes go side by side, and whose do not, in one group.
TEST_P(lanes, keep_the_order_of_tables_where_it_can_be_seen) {
    applier_rig rig(four_workers(GetParam(), 6));
    rig.exec_both("CREATE DATABASE t; USE t;"
                  "CREATE TABLE parent (id INT PRIMARY KEY);"
                  "CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) "
                  "REFERENCES parent (id) ON DELETE CASCADE);"
                  "CREATE TABLE bare (a INT, b VARCHAR(10));"
                  "CREATE TABLE plain (id INT PRIMARY KEY, n INT NOT NULL)");
    rig.begin();
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    auto& source = rig.source();
    for (int i = 0; i < 1'500; ++i) {
        const auto some = random() % 40;
        switch (random() % 7) {
        case 0: source.exec(fmt::format("INSERT IGNORE INTO t.parent VALUES ({})", some)); break;
        case 1: source.exec(fmt::format("DELETE FROM t.parent WHERE id = {}", some)); break;
        case 2:
            source.exec(fmt::format("INSERT IGNORE INTO t.child VALUES ({}, {})", i, some));
            break;
        case 3: source.exec(fmt::format("INSERT INTO t.bare VALUES ({}, 'x')", some)); break;
        case 4:
            source.exec(fmt::format("UPDATE t.bare SET b = '{}' WHERE a = {} LIMIT 1", i, some));
            break;
        case 5:
            source.exec(
                fmt::format("SET SESSION binlog_row_image = 'MINIMAL'; UPDATE t.plain SET n "
                            "= {} WHERE id = {}; SET SESSION binlog_row_image = 'FULL'",
                            i, some));
            break;
        default: source.exec(fmt::format("REPLACE INTO t.plain VALUES ({}, {})", some, i)); break;
        }
    }
    EXPECT_EQ(rig.catch_up(std::chrono::seconds(200)), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.status().retries, 0U);
    fmt::print("{} groups, {} times one at a time\n", rig.status().applied_groups,
               rig.status().parallel_fallbacks);
}

} // namespace
} // namespace understudy::test
