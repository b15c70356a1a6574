// Two processes with the same task: the one that came last goes on, the other writes nothing more.

#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <csignal>
#include <functional>
#include <stdexcept>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto patience = 60s;

void wait_until(const char* what, const std::function<bool()>& reached) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!reached()) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error(std::string("waited in vain: ") + what);
        std::this_thread::sleep_for(20ms);
    }
}

pair_options options_for(bool gtid) {
    pair_options made;
    made.objects.include = {"w.*"};
    made.target.gtid = gtid;
    made.more_of_task_file = "[initial]\nchunk_bytes = \"64KiB\"\nconnections = 2\n";
    return made;
}

std::vector<std::string> elsewhere(const source_and_target& pair) {
    return {"--data-dir", pair.task_file().parent_path() / "other", "--until", "caught-up"};
}

std::string fenced_message(running_task& task) {
    const auto end = task.wait(patience);
    if (!end) return "it still runs";
    EXPECT_NE(end->code, 0);
    return task.error() + task.output();
}

// In the middle of whatever it does: with rows, the checkpoint or the lock around a DDL held.
void put_to_sleep(running_task& task) {
    task.signal(SIGSTOP);
}

// But not with the lock of a table without a key at the source, which lasts for milliseconds:
// nobody ends sessions there, so that the next process would wait for it as long as this one
// sleeps.
void put_to_sleep_in_the_copy(running_task& task, sql_client& source) {
    const std::string locks =
        "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE object_schema = 'w' AND "
        "object_name = 'plain' AND lock_status = 'GRANTED' AND lock_type IN ('SHARED_READ_ONLY', "
        "'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE')";
    put_to_sleep(task);
    while (source.scalar(locks) != "0") {
        task.signal(SIGCONT);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        put_to_sleep(task);
    }
}

class fencing : public testing::TestWithParam<bool> {}; // GTIDs on the target

TEST_P(fencing, ends_a_process_that_slept_while_another_copied_and_followed) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_for(GetParam()));
    workload load(pair.source(), {.writers = 2, .rows = 4000, .pause_microseconds = 5000});
    load.prepare();
    pair.source_sql().exec("CREATE TABLE w.plain (n INT, v VARCHAR(200)); INSERT INTO w.plain "
                           "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE "
                           "i < 1000) SELECT i % 50, REPEAT('x', i % 200) FROM r");
    load.start();
    // The first sleeps in the copy, the second in the stream, in the middle of whatever they do.
    auto first = pair.start_task();
    wait_until("rows of the copy", [&] {
        return pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.tables WHERE "
                                        "table_name = 'copy_progress'") == "1" &&
               pair.target_sql().scalar("SELECT COALESCE(SUM(row_count), 0) > 0 FROM "
                                        "understudy.copy_progress") == "1";
    });
    put_to_sleep_in_the_copy(first, pair.source_sql());
    auto second = pair.start_task({"--data-dir", pair.task_file().parent_path() / "second"});
    wait_until("the second in the stream", [&] {
        EXPECT_TRUE(second.running()) << second.error();
        return pair.target_sql().scalar("SELECT stage FROM understudy.checkpoint") == "streaming";
    });
    std::this_thread::sleep_for(1s);
    put_to_sleep(second);
    // Each attempt of a process takes over once more.
    const char* const epoch = "SELECT epoch FROM understudy.checkpoint";
    const auto before = pair.target_sql().scalar(epoch);
    auto third = pair.start_task({"--data-dir", pair.task_file().parent_path() / "third"});
    wait_until("the third", [&] { return pair.target_sql().scalar(epoch) != before; });
    std::this_thread::sleep_for(500ms);
    first.signal(SIGCONT);
    second.signal(SIGCONT);
    EXPECT_THAT(fenced_message(first), HasSubstr("another process"));
    EXPECT_THAT(fenced_message(second), HasSubstr("another process"));
    load.stop();
    third.kill_9();
    const auto caught_up = pair.run_task(elsewhere(pair));
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

// The statement goes on in the server while the process that sent it sleeps.
TEST_P(fencing, lets_a_statement_end_before_another_process_asks_for_it) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_for(GetParam()));
    pair.source_sql().exec("CREATE DATABASE w; CREATE TABLE w.a (id INT PRIMARY KEY); INSERT INTO "
                           "w.a VALUES (1)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.target_sql().exec("BEGIN; SELECT * FROM w.a"); // no RENAME can end meanwhile
    auto first = pair.start_task();
    pair.source_sql().exec("RENAME TABLE w.a TO w.b; INSERT INTO w.b VALUES (2); RENAME TABLE w.b "
                           "TO w.c");
    auto watcher = pair.target().root();
    wait_until("the RENAME", [&] {
        return watcher.scalar("SELECT COUNT(*) FROM information_schema.processlist WHERE info "
                              "LIKE 'RENAME TABLE%'") == "1";
    });
    first.signal(SIGSTOP);
    auto second = pair.start_task(elsewhere(pair));
    wait_until("the second",
               [&] { return watcher.scalar("SELECT epoch FROM understudy.checkpoint") == "3"; });
    std::this_thread::sleep_for(1s);
    EXPECT_TRUE(second.running()) << second.error();
    EXPECT_EQ(watcher.scalar("SELECT GROUP_CONCAT(table_name) FROM information_schema.tables WHERE "
                             "table_schema = 'w'"),
              "a");
    // From here on only the session that executed it is in the way, and nobody will end it.
    pair.target_sql().exec("COMMIT");
    const auto end = second.wait(patience);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->code, 0) << second.error() << second.output();
    first.signal(SIGCONT);
    EXPECT_THAT(fenced_message(first), HasSubstr("another process"));
    EXPECT_THAT(pair.compare(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(with_and_without_gtids, fencing, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "fingerprint"; });

} // namespace
} // namespace understudy::test
