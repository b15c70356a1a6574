// A source whose commits wait until the relay log holds them.

#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using clock = std::chrono::steady_clock;

bool comes_true(const std::function<bool()>& condition) {
    const auto deadline = clock::now() + 60s;
    while (!condition()) {
        if (clock::now() > deadline) return false;
        std::this_thread::sleep_for(50ms);
    }
    return true;
}

struct semi_sync : testing::Test {
    source_and_target pair{server_kind::mysql_97,
                           server_kind::mysql_97,
                           {.objects = {.include = {"w.*"}},
                            .source = {.extra_args = {"--plugin-load-add=semisync_source.so",
                                                      "--rpl-semi-sync-source-timeout=1000"}},
                            .more_of_source = "semi_sync = true\n"}};

    std::string status(const std::string& name) {
        return pair.source_sql()
            .query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_" + name + "'")
            .at(0)
            .at(1)
            .value();
    }
    void prepare() {
        pair.source_sql().exec("CREATE DATABASE w; CREATE TABLE w.t (id INT PRIMARY KEY, v TEXT); "
                               "INSERT INTO w.t VALUES (0, '')");
        const auto copied = pair.run_task();
        ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;
    }
    void end(running_task& task) {
        task.signal(SIGTERM);
        const auto stopped = task.wait(60s);
        ASSERT_TRUE(stopped && stopped->code == 0) << task.error() << task.output();
    }
};

TEST_F(semi_sync, acknowledges_every_commit) {
    prepare();
    auto sql = pair.source().root();
    sql.exec("SET GLOBAL rpl_semi_sync_source_enabled = ON");
    auto task = pair.start_task();
    ASSERT_TRUE(comes_true([&] { return status("clients") == "1" && status("status") == "ON"; }))
        << task.error() << task.output();
    sql.exec("SET GLOBAL rpl_semi_sync_source_timeout = 60000");
    const auto no_before = status("no_tx");
    const auto yes_before = std::stoi(status("yes_tx"));
    constexpr int commits = 200;
    for (int i = 1; i <= commits; ++i) {
        sql.exec("INSERT INTO w.t VALUES (" + std::to_string(i) + ", 'x')");
    }
    // Over 16 MB: the acknowledgement is of the position behind it.
    sql.exec("CREATE TABLE w.big (v LONGTEXT)");
    sql.exec("INSERT INTO w.big VALUES (REPEAT('y', 20000000))");
    sql.exec("FLUSH BINARY LOGS");
    sql.exec("INSERT INTO w.t VALUES (1000, 'in the next file')");
    EXPECT_EQ(std::stoi(status("yes_tx")) - yes_before, commits + 3);
    EXPECT_EQ(status("no_tx"), no_before);
    EXPECT_EQ(status("status"), "ON");
    // Commits of several sessions in one group of the source wait, and count, as one.
    std::vector<std::thread> sessions;
    for (int session = 0; session < 4; ++session) {
        sessions.emplace_back([this, session] {
            auto mine = pair.source().root();
            for (int i = 0; i < 50; ++i) {
                mine.exec("INSERT INTO w.t VALUES (" + std::to_string(2000 + session * 100 + i) +
                          ", 's')");
            }
        });
    }
    for (auto& session : sessions)
        session.join();
    EXPECT_GT(std::stoi(status("yes_tx")) - yes_before, commits + 3);
    EXPECT_EQ(status("status"), "ON");
    EXPECT_EQ(status("no_tx"), no_before);
    end(task);
    ASSERT_EQ(pair.run_task().status.code, 0);
    EXPECT_THAT(pair.compare(), IsEmpty());
}

TEST_F(semi_sync, acknowledges_nothing_that_the_relay_cannot_write) {
    prepare();
    auto sql = pair.source().root();
    sql.exec("SET GLOBAL rpl_semi_sync_source_enabled = ON");
    pair.options().more_of_task_file = "[relay]\ndisk_reserve_bytes = \"1000TB\"\n";
    pair.write_task_file();
    auto task = pair.start_task();
    ASSERT_TRUE(comes_true([&] { return status("clients") == "1" && status("status") == "ON"; }))
        << task.error() << task.output();
    const auto yes_before = status("yes_tx");
    const auto no_before = std::stoi(status("no_tx"));
    const auto begun = clock::now();
    sql.exec("INSERT INTO w.t VALUES (1, 'nobody holds it')");
    EXPECT_GE(clock::now() - begun, 900ms);
    EXPECT_EQ(status("yes_tx"), yes_before);
    EXPECT_EQ(std::stoi(status("no_tx")) - no_before, 1);
    EXPECT_EQ(status("status"), "OFF");
    task.kill_9();

    // With room again what is written is acknowledged, and from the next commit on the source
    // waits.
    pair.options().more_of_task_file.clear();
    pair.write_task_file();
    auto next = pair.start_task();
    ASSERT_TRUE(comes_true([&] {
        sql.exec("REPLACE INTO w.t VALUES (2, UUID())");
        return status("status") == "ON";
    })) << next.error()
        << next.output();
    const auto yes_now = std::stoi(status("yes_tx"));
    sql.exec("INSERT INTO w.t VALUES (3, 'held')");
    EXPECT_EQ(std::stoi(status("yes_tx")), yes_now + 1);
    end(next);
    ASSERT_EQ(pair.run_task().status.code, 0);
    EXPECT_THAT(pair.compare(), IsEmpty());
}

TEST_F(semi_sync, says_so_where_the_source_does_not_wait) {
    prepare();
    auto task = pair.start_task();
    EXPECT_TRUE(comes_true([&] {
        return (task.error() + task.output()).contains("semi-synchronous replication is not on");
    })) << task.error()
        << task.output();
    pair.source_sql().exec("INSERT INTO w.t VALUES (1, 'not waited for')");
    end(task);
    ASSERT_EQ(pair.run_task().status.code, 0);
    EXPECT_THAT(pair.compare(), IsEmpty());
}

} // namespace
} // namespace understudy::test
