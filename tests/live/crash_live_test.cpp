// kill -9 of understudy, the source and the target under load: nothing lost, nothing twice.

#include "tests/live/memory_limit.hpp"
#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/tcp_forwarder.hpp"
#include "tests/support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

std::uint64_t fresh_seed() {
    return std::random_device{}();
}

struct crash_case {
    std::string name;
    bool gtid = true;
    bool as_sql = false;
};

void PrintTo(const crash_case& value, std::ostream* out) {
    *out << value.name;
}

pair_options options_for(const crash_case& one) {
    pair_options made;
    made.objects.include = {"w.*"};
    made.source.gtid = one.gtid;
    made.more_of_task_file = "[initial]\nchunk_bytes = \"64KiB\"\n";
    if (one.as_sql) made.more_of_task_file += "[apply]\nwriter = \"sql\"\n";
    return made;
}

bool is_signed_in_to_target(source_and_target& pair) {
    return pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.processlist WHERE "
                                    "user = 'apply'") != "0";
}

void expect_equal_after(source_and_target& pair, running_task& task) {
    task.signal(SIGTERM);
    const auto stopped = task.wait(60s);
    ASSERT_TRUE(stopped && stopped->code == 0) << task.error() << task.output();
    auto caught_up = pair.run_task();
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

class crash : public testing::TestWithParam<crash_case> {};

TEST_P(crash, of_understudy_at_random_moments_of_copy_and_stream_loses_nothing) {
    const auto seed = fresh_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_for(GetParam()));
    workload load(
        pair.source(),
        {.writers = 2, .rows = 6000, .seed = seed, .pause_microseconds = 2000, .xa = true});
    load.prepare();
    load.start();
    constexpr int kills = 15; // twice: by GTID and by position
    for (int i = 0; i < kills; ++i) {
        auto task = pair.start_task();
        // The first few end in the copy, the others anywhere.
        std::this_thread::sleep_for(std::chrono::milliseconds(
            std::uniform_int_distribution(50, i < 7 ? 1500 : 4000)(random)));
        ASSERT_TRUE(task.running()) << "before kill " << i << ": " << task.error() << task.output();
        EXPECT_LT(task.memory_max_kib(), memory_max_kib);
        task.kill_9();
    }
    load.stop();
    auto caught_up = pair.run_task();
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

TEST_P(crash, of_the_source_loses_nothing) {
    const auto seed = fresh_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_for(GetParam()));
    workload load(
        pair.source(),
        {.writers = 2, .seed = seed, .survives_restarts = true, .pause_microseconds = 1000});
    load.prepare();
    ASSERT_EQ(pair.run_task().status.code, 0);
    load.start();
    auto task = pair.start_task();
    for (int i = 0; i < 3; ++i) {
        std::this_thread::sleep_for(3s);
        pair.source().kill_9();
        std::this_thread::sleep_for(500ms);
        pair.source().restart();
    }
    std::this_thread::sleep_for(2s);
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    load.stop();
    expect_equal_after(pair, task);
}

TEST_P(crash, of_the_target_loses_nothing) {
    const auto seed = fresh_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_for(GetParam()));
    workload load(pair.source(), {.writers = 2, .seed = seed, .pause_microseconds = 1000});
    load.prepare();
    load.start();
    auto task = pair.start_task();
    // A target that was never there is a mistake of the task file, and ends the run.
    for (int i = 0; i < 600 && !is_signed_in_to_target(pair); ++i)
        std::this_thread::sleep_for(50ms);
    for (int i = 0; i < 4; ++i) {
        std::this_thread::sleep_for(i == 0 ? 300ms : 3000ms);
        pair.target().kill_9();
        std::this_thread::sleep_for(300ms);
        pair.target().restart();
    }
    std::this_thread::sleep_for(2s);
    load.stop();
    if (task.running()) {
        task.signal(SIGTERM);
        const auto stopped = task.wait(60s);
        ASSERT_TRUE(stopped && stopped->code == 0) << task.error() << task.output();
    } else {
        ADD_FAILURE() << "the task gave up: " << task.error() << task.output();
    }
    auto caught_up = pair.run_task();
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

// Its dump thread waits where it was, whatever is written now.
// What a lost connection was about the target may execute much later: here once the lock is gone.
TEST(lost_connection, in_the_middle_of_a_group_writes_nothing_twice) {
    pair_options how;
    how.objects.include = {"w.*"};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, how);
    pair.source_sql().exec("CREATE DATABASE w; CREATE TABLE w.log (line INT)");
    ASSERT_EQ(pair.run_task().status.code, 0);

    tcp_forwarder between(pair.target().port());
    auto text = file_text(pair.task_file());
    const std::string port = fmt::format("port = {}\n", pair.target().port());
    text.replace(text.find(port), port.size(), fmt::format("port = {}\n", between.port()));
    std::ofstream(pair.task_file(), std::ios::trunc) << text;
    auto task = pair.start_task();
    pair.source_sql().exec("INSERT INTO w.log VALUES (0)");
    const auto has_rows = [&](int count) {
        return wait_until(
            [&] {
                return pair.target_sql().scalar("SELECT COUNT(*) FROM w.log") ==
                       std::to_string(count);
            },
            30s);
    };
    ASSERT_TRUE(has_rows(1)) << task.error() << task.output();

    sql_client holder = pair.target().root();
    holder.exec("LOCK TABLES w.log READ");
    pair.source_sql().exec("INSERT INTO w.log VALUES (1), (2)");
    const std::string waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = "
                                "'apply' AND state LIKE 'Waiting for table%'";
    ASSERT_TRUE(wait_until([&] { return pair.target_sql().scalar(waiting) == "1"; }, 30s));
    between.cut();
    EXPECT_TRUE(wait_until([&] { return pair.target_sql().scalar(waiting) == "2"; }, 40s))
        << "nobody tries again: " << task.error();
    holder.exec("UNLOCK TABLES");
    EXPECT_TRUE(has_rows(3)) << pair.target_sql().scalar("SELECT GROUP_CONCAT(line) FROM w.log");
    expect_equal_after(pair, task);
}

TEST_P(crash, of_the_sources_log_is_noticed) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_for(GetParam()));
    pair.source_sql().exec("CREATE DATABASE w; CREATE TABLE w.a (id INT PRIMARY KEY); "
                           "INSERT INTO w.a VALUES (1), (2), (3); DELETE FROM w.a WHERE id > 1");
    ASSERT_EQ(pair.run_task().status.code, 0);
    auto task = pair.start_task();
    pair.source_sql().exec("INSERT INTO w.a VALUES (10)");
    for (int i = 0; i < 300 && pair.target_sql().scalar("SELECT COUNT(*) FROM w.a") != "2"; ++i)
        std::this_thread::sleep_for(100ms);
    pair.source_sql().exec("RESET BINARY LOGS AND GTIDS; INSERT INTO w.a VALUES (11)");
    const auto ended = task.wait(120s);
    ASSERT_TRUE(ended) << "it waits for what will never come";
    EXPECT_NE(ended->code, 0);
    EXPECT_THAT(task.error() + task.output(),
                testing::HasSubstr("the source has lost a part of its log"));
}

// A copy of a source whose administrator ends connections.
class copy : public testing::Test {
protected:
    // Before, a source that is not there is a mistake of the task file, and ends the run.
    running_task start() {
        auto task = pair.start_task();
        const std::string begun = "SELECT COUNT(*) FROM information_schema.tables WHERE "
                                  "table_schema = 'w'";
        for (int i = 0; i < 600 && pair.target_sql().scalar(begun) == "0"; ++i)
            std::this_thread::sleep_for(20ms);
        return task;
    }
    // Those of the account `repl`, at random moments, as long as the task runs.
    void kill_connections(running_task& task, std::chrono::milliseconds apart) {
        auto sql = pair.source().root();
        const std::string connected = "SELECT id FROM information_schema.processlist WHERE user = "
                                      "'repl'";
        int killed = 0;
        const auto end = std::chrono::steady_clock::now() + 40s;
        while (std::chrono::steady_clock::now() < end && task.running()) {
            if (!sql.query(connected).empty()) {
                std::this_thread::sleep_for(std::chrono::milliseconds(
                    std::uniform_int_distribution<long>(0, apart.count())(random)));
            }
            for (const auto& row : sql.query(connected)) {
                try {
                    sql.exec("KILL " + row.at(0).value());
                    ++killed;
                } catch (const sql_error&) {
                    continue; // it has ended by itself
                }
            }
            std::this_thread::sleep_for(20ms);
        }
        EXPECT_GT(killed, 10);
    }
    void expect_equal(running_task& task) {
        EXPECT_TRUE(task.running()) << task.error() << task.output();
        expect_equal_after(pair, task);
    }

    const std::uint64_t seed = fresh_seed();
    const testing::ScopedTrace trace{__FILE__, __LINE__, "seed " + std::to_string(seed)};
    std::mt19937_64 random{seed};
    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97,
                           options_for({"connections"})};
};

// Definitions of every kind are read one by one; none of these moments may be the task's last.
TEST_F(copy, survives_its_connections_to_the_source_at_any_moment) {
    auto& sql = pair.source_sql();
    sql.exec("CREATE DATABASE w; USE w");
    for (int i = 0; i < 60; ++i) {
        const auto n = std::to_string(i);
        sql.exec("CREATE TABLE t" + n + " (id INT PRIMARY KEY, v INT, KEY (v)); INSERT INTO t" + n +
                 " VALUES (1, 1), (2, 2); CREATE VIEW v" + n + " AS SELECT id FROM t" + n +
                 "; CREATE PROCEDURE p" + n + "() SELECT 1; CREATE TRIGGER g" + n +
                 " BEFORE INSERT ON t" + n + " FOR EACH ROW SET NEW.v = NEW.id; CREATE EVENT e" +
                 n + " ON SCHEDULE EVERY 1 DAY DO DELETE FROM t" + n);
    }
    auto task = start();
    kill_connections(task, 500ms);
    expect_equal(task);
}

// A copy that fails because of a statement looks for it in the log, which a lost connection keeps
// it from.
TEST_F(copy, survives_its_connections_to_the_source_beside_statements) {
    auto& sql = pair.source_sql();
    sql.exec("CREATE DATABASE w; USE w");
    for (int i = 0; i < 4; ++i)
        sql.exec(fmt::format("CREATE TABLE t{} (id INT PRIMARY KEY, v INT); INSERT INTO t{} VALUES "
                             "(1, 1), (2, 2)",
                             i, i));
    auto task = start();
    std::atomic<bool> ends = false;
    std::thread statements([this, &ends] {
        std::mt19937_64 own(seed + 1);
        const auto number = [&own](int high) {
            return std::uniform_int_distribution(0, high)(own);
        };
        auto session = pair.source().root();
        session.exec("USE w");
        for (; !ends; std::this_thread::sleep_for(std::chrono::milliseconds(number(8)))) {
            const int table = number(3);
            try {
                session.exec(
                    number(1) == 0
                        ? fmt::format("ALTER TABLE t{} ADD w{} INT", table, number(1))
                        : fmt::format("ALTER TABLE t{} DROP COLUMN w{}", table, number(1)));
            } catch (const sql_error&) {
                continue; // it has that column already, or has not
            }
        }
    });
    kill_connections(task, 150ms);
    ends = true;
    statements.join();
    expect_equal(task);
}

INSTANTIATE_TEST_SUITE_P(by, crash,
                         testing::Values(crash_case{"gtid"}, crash_case{"position", false},
                                         crash_case{"gtid_as_sql", true, true}),
                         [](const auto& param) { return param.param.name; });

} // namespace
} // namespace understudy::test
