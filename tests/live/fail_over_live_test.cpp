// Several servers in source.hosts: the task goes on with another one when the first is gone.

#include "tests/live/workload.hpp"
#include "tests/support/native_replica.hpp"
#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <random>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

bool comes_true(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(100ms);
    }
    return true;
}

// A source with a native replica, both of which the task may follow, copied already.
struct fail_over : testing::Test {
    source_and_target pair{
        server_kind::mysql_97, server_kind::mysql_97, {.objects = {.include = {"w.*"}}}};
    live_server replica = live_server::start(server_kind::mysql_97);

    void follow_both() {
        make_native_replica(replica, pair.source());
        wait_until_caught_up(replica, pair.source(), 60s);
        for (const auto port : {pair.source().port(), replica.port()}) {
            pair.options().source_hosts.push_back(fmt::format("127.0.0.1:{}", port));
        }
        pair.write_task_file();
    }
    void end(running_task& task) {
        task.signal(SIGTERM);
        const auto stopped = task.wait(60s);
        ASSERT_TRUE(stopped && stopped->code == 0) << task.error() << task.output();
    }
};

TEST_F(fail_over, follows_a_replica_that_was_promoted) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    workload load(pair.source(), {.writers = 2, .seed = seed});
    load.prepare();
    follow_both();
    const auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;

    auto task = pair.start_task();
    load.start();
    std::this_thread::sleep_for(3s);
    load.stop();
    // Without semi-synchronous replication a replica may be behind what the source has sent to us.
    wait_until_caught_up(replica, pair.source(), 60s);
    pair.source().kill_9();
    replica.root().exec("STOP REPLICA; RESET REPLICA ALL");
    workload more(replica, {.writers = 2, .seed = seed + 1});
    more.start();
    std::this_thread::sleep_for(4s);
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    more.stop();
    EXPECT_GT(more.transactions(), 0U);

    // The old source comes back and stands first in the list, without what happened since.
    EXPECT_TRUE(comes_true([&] {
        return pair.target().root().scalar("SELECT log_file FROM understudy.checkpoint")[0] == '~';
    })) << task.error()
        << task.output();
    end(task);
    pair.source().restart();
    const auto caught_up = pair.run_task();
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(caught_up.error + caught_up.output, HasSubstr("lacks what we have"));
    auto now = replica.root();
    EXPECT_THAT(compare(now, pair.target_sql(), pair.objects()), IsEmpty());
}

TEST_F(fail_over, waits_rather_than_follow_a_replica_that_lacks_what_we_have) {
    pair.source_sql().exec("CREATE DATABASE w; CREATE TABLE w.t (id INT PRIMARY KEY); "
                           "INSERT INTO w.t VALUES (1)");
    follow_both();
    ASSERT_EQ(pair.run_task().status.code, 0);
    auto task = pair.start_task();
    const auto arrives = [&](int id) {
        return comes_true([&] {
            return pair.target_sql().scalar(
                       fmt::format("SELECT COUNT(*) FROM w.t WHERE id = {}", id)) == "1";
        });
    };
    pair.source_sql().exec("INSERT INTO w.t VALUES (2)");
    ASSERT_TRUE(arrives(2)) << task.error() << task.output();
    wait_until_caught_up(replica, pair.source(), 60s);
    replica.root().exec("STOP REPLICA");
    pair.source_sql().exec("INSERT INTO w.t VALUES (3)");
    ASSERT_TRUE(arrives(3)) << task.error() << task.output();
    pair.source().kill_9();
    EXPECT_TRUE(comes_true([&] {
        return (task.error() + task.output()).contains("it lacks what we have");
    })) << task.error()
        << task.output();
    EXPECT_TRUE(task.running());

    pair.source().restart();
    pair.source_sql().exec("INSERT INTO w.t VALUES (4)");
    EXPECT_TRUE(arrives(4)) << task.error() << task.output();
    end(task);
    EXPECT_THAT(pair.compare(), IsEmpty());
}

// By GTID the names of the source's log files do not matter, to a native replica either.
struct new_log_files : testing::Test {
    source_and_target pair{
        server_kind::mysql_97, server_kind::mysql_97, {.objects = {.include = {"w.*"}}}};

    void SetUp() override {
        pair.source_sql().exec("CREATE DATABASE w; CREATE TABLE w.t (id INT PRIMARY KEY, v INT); "
                               "INSERT INTO w.t VALUES (1, 1)");
        ASSERT_EQ(pair.run_task().status.code, 0);
        pair.source_sql().exec("INSERT INTO w.t VALUES (2, 1)");
        ASSERT_EQ(pair.run_task().status.code, 0);
    }
    // What comes in the new files arrives, exactly: a row that is in the way is noticed.
    void expect_goes_on() {
        pair.source_sql().exec("INSERT INTO w.t VALUES (3, 1); UPDATE w.t SET v = v + 1");
        for (int run = 0; run < 2; ++run) {
            const auto done = pair.run_task();
            ASSERT_EQ(done.status.code, 0) << done.error << done.output;
            EXPECT_THAT(pair.compare(), IsEmpty());
            pair.source_sql().exec("FLUSH BINARY LOGS; INSERT INTO w.t VALUES (10 + " +
                                   std::to_string(run) + ", 1)");
        }
        ASSERT_EQ(pair.run_task().status.code, 0);
        pair.target_sql().exec("INSERT INTO w.t VALUES (20, 0)");
        pair.source_sql().exec("INSERT INTO w.t VALUES (20, 1)");
        const auto stopped = pair.run_task();
        EXPECT_EQ(stopped.status.code, 1) << stopped.output;
        EXPECT_THAT(stopped.error, HasSubstr("is on the target already"));
    }
};

TEST_F(new_log_files, of_a_source_that_was_reset_are_followed) {
    auto& sql = pair.source_sql();
    sql.exec("FLUSH BINARY LOGS; FLUSH BINARY LOGS; INSERT INTO w.t VALUES (4, 1)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    const auto executed = sql.scalar("SELECT @@GLOBAL.gtid_executed");
    sql.exec("RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '" + executed + "'");
    expect_goes_on();
}

TEST_F(new_log_files, with_another_name_are_followed) {
    pair.source().restart({"--log-bin=a-name-before"});
    expect_goes_on();
}

// The replica has received what we have and has not applied it yet when its source dies; later the
// old source takes its place again, while there is always somebody who writes.
TEST_F(fail_over, waits_for_a_replica_that_lags_and_follows_back) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    workload load(pair.source(), {.writers = 2, .rows = 300, .seed = seed});
    load.prepare();
    follow_both();
    const auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;
    auto task = pair.start_task();
    const auto says = [&](const std::string& text) {
        return comes_true([&] { return (task.error() + task.output()).contains(text); });
    };
    const auto follows_file = [&](const std::string& begin) {
        return comes_true([&] {
            return pair.target()
                .root()
                .scalar("SELECT log_file FROM understudy.checkpoint")
                .starts_with(begin);
        });
    };
    const auto executed = [](const live_server& server) {
        return server.root().scalar("SELECT @@GLOBAL.gtid_executed");
    };

    replica.root().exec("STOP REPLICA SQL_THREAD");
    load.start();
    std::this_thread::sleep_for(2s);
    load.stop();
    const auto all = executed(pair.source());
    ASSERT_TRUE(comes_true([&] {
        return replica.root().scalar(
                   "SELECT GTID_SUBSET('" + all +
                   "', CONCAT(@@GLOBAL.gtid_executed, ',', (SELECT RECEIVED_TRANSACTION_SET FROM "
                   "performance_schema.replication_connection_status)))") == "1" &&
               pair.target().root().scalar("SELECT GTID_SUBSET('" + all +
                                           "', gtid_set) FROM understudy.checkpoint") == "1";
    })) << task.error()
        << task.output();
    pair.source().kill_9();
    EXPECT_TRUE(says("lacks what we have")) << task.error() << task.output();
    replica.root().exec("START REPLICA SQL_THREAD");
    ASSERT_EQ(replica.root().scalar("SELECT WAIT_FOR_EXECUTED_GTID_SET('" + all + "', 60)"), "0");
    replica.root().exec("STOP REPLICA; RESET REPLICA ALL");
    workload more(replica, {.writers = 2, .seed = seed + 1});
    more.start();
    EXPECT_TRUE(follows_file("~00000001~")) << task.error() << task.output();

    pair.source().restart();
    make_native_replica(pair.source(), replica);
    std::this_thread::sleep_for(1s);
    more.stop();
    wait_until_caught_up(pair.source(), replica, 60s);
    replica.kill_9();
    pair.source().root().exec("STOP REPLICA; RESET REPLICA ALL");
    workload again(pair.source(), {.writers = 2, .seed = seed + 2});
    again.start();
    EXPECT_TRUE(follows_file("~00000002~")) << task.error() << task.output();
    again.stop();
    EXPECT_GT(more.transactions() * again.transactions(), 0U);
    end(task);
    const auto caught_up = pair.run_task();
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

} // namespace
} // namespace understudy::test
