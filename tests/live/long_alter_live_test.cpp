// A long ALTER holds back its own table only.

#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

// By GTID, or by file and position.
class long_alter : public testing::TestWithParam<bool> {
protected:
    long_alter() : pair_(server_kind::mysql_97, server_kind::mysql_97, options()) {
        source().exec(
            "CREATE DATABASE t; USE t; CREATE TABLE large (id INT PRIMARY KEY, v VARCHAR(200)); "
            "CREATE TABLE child (id INT PRIMARY KEY, l INT, FOREIGN KEY (l) REFERENCES large "
            "(id)); CREATE TABLE other (id INT PRIMARY KEY, n INT); SET SESSION "
            "cte_max_recursion_depth = 10000; INSERT INTO large WITH RECURSIVE n AS (SELECT 1 AS i "
            "UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, REPEAT('v', 100) FROM n; "
            "INSERT INTO child VALUES (1, 1); INSERT INTO other VALUES (1, 0)");
    }
    static pair_options options() {
        pair_options made;
        made.objects.include = {"t.*"};
        if (!GetParam()) made.source.gtid = made.target.gtid = false;
        made.more_of_task_file = "[apply]\nalter_aside_bytes = \"64KiB\"\n";
        return made;
    }
    void copy() {
        const auto copied = pair_.run_task();
        ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;
    }
    // A reader of the table, behind whom its ALTER has to wait.
    sql_client hold_large() {
        sql_client reader(pair_.target_account());
        reader.exec("START TRANSACTION; SELECT COUNT(*) FROM t.large");
        return reader;
    }
    bool target_says(const std::string& query, const std::string& wanted) {
        const auto says = [&] { return pair_.target_sql().scalar(query) == wanted; };
        return wait_until(says, 30s, 50ms);
    }
    void expect_equal() {
        const auto done = pair_.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_THAT(pair_.compare(), IsEmpty());
        EXPECT_EQ(pair_.target_sql().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
    }
    sql_client& source() { return pair_.source_sql(); }

    source_and_target pair_;
};

constexpr auto changes =
    "ALTER TABLE large ADD COLUMN more INT DEFAULT 7, ADD INDEX (v); INSERT INTO large VALUES "
    "(9001, 'new', 8); INSERT INTO child VALUES (2, 9001); UPDATE other SET n = 1; CREATE TABLE "
    "late (id INT PRIMARY KEY); INSERT INTO late VALUES (5)";

TEST_P(long_alter, holds_back_only_what_belongs_to_its_table) {
    copy();
    auto task = pair_.start_task();
    auto reader = hold_large();
    source().exec(changes);
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = "
                            "'t' AND table_name = 'late'",
                            "1"))
        << task.error() << task.output();
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM t.late", "1"));
    EXPECT_EQ(pair_.target_sql().scalar("SELECT n FROM t.other"), "1");
    EXPECT_EQ(pair_.target_sql().scalar("SELECT COUNT(*) FROM t.child"), "1");
    EXPECT_EQ(pair_.target_sql().scalar("SELECT COUNT(*) FROM information_schema.columns WHERE "
                                        "table_schema = 't' AND column_name = 'more'"),
              "0");
    reader.exec("COMMIT");
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM t.child", "2"));
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM understudy.quarantine", "0"));
    // It is like any other again.
    source().exec(
        "DELETE FROM child; DELETE FROM large WHERE id > 10; CREATE INDEX i ON large (id, v)");
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM t.large", "10"));
    task.signal(SIGTERM);
    static_cast<void>(task.wait(60s));
    expect_equal();
}

TEST_P(long_alter, survives_kills) {
    copy();
    // Long enough to be met in the middle.
    source().exec("INSERT INTO large SELECT a.id * 100000 + b.id, a.v FROM large a JOIN large b ON "
                  "b.id <= 20 WHERE a.id < 5001");
    auto task = pair_.start_task();
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM t.large", "105000"));
    source().exec(changes);
    for (int kills = 0; kills < 4; ++kills) {
        std::this_thread::sleep_for(std::chrono::milliseconds(300 * kills));
        task.kill_9();
        source().exec("INSERT INTO large (id) VALUES (" + std::to_string(-1 - kills) + ")");
        task = pair_.start_task();
    }
    source().exec("UPDATE other SET n = 2");
    EXPECT_TRUE(target_says("SELECT n FROM t.other", "2")) << task.error() << task.output();
    task.kill_9();
    expect_equal();
}

TEST_P(long_alter, that_is_refused_stops_the_task_and_goes_on_when_mended) {
    copy();
    pair_.target_sql().exec("ALTER TABLE t.large ADD COLUMN more INT");
    source().exec("ALTER TABLE t.large ADD COLUMN more INT; UPDATE t.other SET n = 1");
    for (int tries = 0; tries < 2; ++tries) {
        const auto stopped = pair_.run_task();
        EXPECT_EQ(stopped.status.code, 1);
        EXPECT_THAT(stopped.error + stopped.output, HasSubstr("ADD COLUMN more INT"));
        EXPECT_THAT(stopped.error + stopped.output, HasSubstr("1060"));
    }
    pair_.target_sql().exec("ALTER TABLE t.large DROP COLUMN more");
    expect_equal();
}

INSTANTIATE_TEST_SUITE_P(, long_alter, testing::Bool(),
                         [](const auto& of) { return of.param ? "gtid" : "position"; });

} // namespace
} // namespace understudy::test
