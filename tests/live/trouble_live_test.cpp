// What happens when the target is not as it should be, and how the applier is held back.

#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <tuple>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using spec = state::task_spec;
using action = spec::conflict_action;
using namespace std::chrono_literals;

class conflict : public testing::TestWithParam<spec::writer> {
protected:
    static rig_options options(std::function<void(spec&)> adjust) {
        rig_options made;
        made.writer = GetParam();
        made.adjust = std::move(adjust);
        return made;
    }
    static constexpr auto tables = "CREATE DATABASE t; USE t; CREATE TABLE a (id INT PRIMARY KEY, "
                                   "u INT, v VARCHAR(20), UNIQUE "
                                   "(u)); CREATE TABLE b (id INT PRIMARY KEY, v INT); INSERT INTO "
                                   "a VALUES (1, 1, 'a'), (2, 2, "
                                   "'b'), (3, 3, 'c'), (4, 4, 'd'); INSERT INTO b VALUES (1, 1)";
    // The target loses 2, has another 3, has 6 of its own, and another row with 7's unique value.
    static void spoil(applier_rig& rig) {
        rig.target().exec("USE t; DELETE FROM a WHERE id = 2; UPDATE a SET v = 'other' WHERE id = "
                          "3; INSERT INTO a VALUES (6, 6, 'mine'), (70, 7, 'mine')");
    }
    static void change(applier_rig& rig) {
        rig.source().exec(
            "USE t; INSERT INTO b VALUES (2, 2); BEGIN; UPDATE a SET v = CONCAT(v, '!'); INSERT "
            "INTO b VALUES (3, 3); COMMIT; INSERT INTO a VALUES (6, 6, 'f'), (7, 7, 'g'); DELETE "
            "FROM a WHERE id = 1; UPDATE b SET v = v + 1");
    }
};

TEST_P(conflict, is_overwritten_where_the_task_says_so) {
    applier_rig rig(options([](spec& task) { task.apply.conflicts.overwrite = {"t.a"}; }));
    rig.exec_both(tables);
    rig.begin();
    spoil(rig);
    change(rig);
    EXPECT_EQ(rig.catch_up(), "");
    // 70 gave way to the row of the source with its unique value.
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.status().conflicts_overwritten, 3U);
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(CONCAT(change_kind, ' ', row_key) ORDER BY "
                                  "id) FROM understudy.conflict WHERE done = 'overwritten'"),
              "UPDATE `id` = 2,INSERT `id` = 6,INSERT `id` = 7");
}

TEST_P(conflict, is_ignored_where_the_task_says_so) {
    applier_rig rig(options([](spec& task) {
        task.apply.on_conflict = action::ignore;
        task.apply.conflicts.stop = {"t.b"};
    }));
    rig.exec_both(tables);
    rig.begin();
    spoil(rig);
    change(rig);
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id, v ORDER BY id) FROM t.a"),
              "3c!,4d!,6mine,70mine");
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM t.b"),
              "1:2,2:3,3:4");
    EXPECT_EQ(rig.status().conflicts_ignored, 3U);
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM understudy.conflict"), "3");
    rig.target().exec("DELETE FROM t.b WHERE id = 2");
    rig.source().exec("UPDATE t.b SET v = 0 WHERE id = 2");
    EXPECT_THAT(rig.catch_up(), HasSubstr("no row with this key"));
}

INSTANTIATE_TEST_SUITE_P(of, conflict,
                         testing::Values(spec::writer::row_image, spec::writer::automatic,
                                         spec::writer::sql),
                         [](const auto& info) {
                             return info.param == spec::writer::sql         ? "sql"
                                    : info.param == spec::writer::automatic ? "automatic"
                                                                            : "row_image";
                         });

TEST(trouble, of_a_read_only_target_is_named) {
    applier_rig rig({.target_privileges = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, "
                                          "REPLICATION_APPLIER ON *.*"});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1)");
    EXPECT_EQ(rig.catch_up(), "");
    rig.source().exec("INSERT INTO t.a VALUES (2)");
    rig.target().exec("SET GLOBAL super_read_only = ON");
    std::string error;
    try {
        error = rig.catch_up();
    } catch (const std::exception& refused) {
        error = refused.what();
    }
    EXPECT_THAT(error, HasSubstr("read-only"));
    rig.target().exec("SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

// More than a MEMORY table may hold is what a full disk says, too.
TEST(trouble, of_a_full_target_is_waited_out) {
    applier_rig rig;
    rig.exec_both("CREATE DATABASE t; SET max_heap_table_size = 16384; CREATE TABLE t.m (id INT "
                  "PRIMARY KEY, v CHAR(200)) ENGINE=MEMORY; SET max_heap_table_size = DEFAULT");
    rig.source().exec("SET max_heap_table_size = 16777216; ALTER TABLE t.m ENGINE=MEMORY");
    rig.begin();
    rig.source().exec("INSERT INTO t.m WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 "
                      "FROM n WHERE i < 900) SELECT i, REPEAT('x', 200) FROM n");
    bool mended = false;
    rig.meanwhile = [&] {
        if (mended || rig.status().retries == 0) return;
        EXPECT_THAT(rig.status().applier_note, HasSubstr("full"));
        rig.target().exec("SET max_heap_table_size = 16777216; ALTER TABLE t.m ENGINE=MEMORY");
        mended = true;
    };
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_TRUE(mended);
    EXPECT_THAT(rig.differences(), IsEmpty());
}

// One that was restored from a backup, or promoted before it had everything.
TEST(trouble, of_a_target_that_fell_back_is_made_good_from_its_checkpoint) {
    applier_rig rig;
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v INT)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1, 1)");
    EXPECT_EQ(rig.catch_up(), "");
    rig.target().exec("CREATE TABLE understudy.kept AS SELECT * FROM understudy.checkpoint");
    rig.source().exec("INSERT INTO t.a VALUES (2, 2); UPDATE t.a SET v = 10 WHERE id = 1");
    EXPECT_EQ(rig.catch_up(), "");
    rig.target().exec(
        "START TRANSACTION; DELETE FROM t.a WHERE id = 2; UPDATE t.a SET v = 1 WHERE id = 1; "
        "UPDATE "
        "understudy.checkpoint AS c JOIN understudy.kept AS k USING (task) SET c.log_file = "
        "k.log_file, c.log_offset = k.log_offset, c.gtid_set = k.gtid_set; COMMIT; DROP TABLE "
        "understudy.kept");
    rig.source().exec("INSERT INTO t.a VALUES (3, 3)");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

// Another server under the same address, which nobody has replicated into.
TEST(trouble, of_a_target_without_a_checkpoint_is_named) {
    applier_rig rig;
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v INT)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1, 1)");
    // Nothing can be inserted before the checkpoint is gone.
    rig.target().exec("START TRANSACTION");
    std::ignore = rig.target().query("SELECT * FROM t.a FOR UPDATE");
    bool lost = false;
    rig.meanwhile = [&] {
        if (lost) return;
        const auto waiting = rig.target().query("SELECT id FROM information_schema.processlist "
                                                "WHERE user = 'apply' AND command = 'Query'");
        if (waiting.empty()) return;
        lost = true;
        rig.target().exec("DELETE FROM understudy.checkpoint");
        for (const auto& row : waiting)
            rig.target().exec("KILL " + row.at(0).value());
        rig.target().exec("COMMIT");
    };
    EXPECT_THAT(rig.catch_up(), HasSubstr("the checkpoint of task rig is gone from the target"));
    EXPECT_TRUE(lost);
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.a"), "0");
}

TEST(throttle, keeps_to_the_rows_per_second) {
    rig_options options;
    options.adjust = [](spec& task) {
        task.apply.throttle.rows_per_second = 100;
        task.apply.group_rows_max = 50;
    };
    applier_rig rig(options);
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY)");
    rig.begin();
    for (int i = 0; i < 300; ++i)
        rig.source().exec(fmt::format("INSERT INTO t.a VALUES ({})", i));
    std::string reason;
    rig.meanwhile = [&] {
        if (reason.empty()) reason = rig.status().throttled;
    };
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_GT(std::chrono::steady_clock::now() - start, 2s);
    EXPECT_THAT(reason, HasSubstr("rows_per_second"));
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST(throttle, waits_while_many_threads_run_on_the_target) {
    rig_options options;
    options.adjust = [](spec& task) { task.apply.throttle.threads_running_max = 4; };
    applier_rig rig(options);
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1)");
    std::vector<std::jthread> busy;
    for (int i = 0; i < 6; ++i)
        busy.emplace_back([&rig] { rig.target_server().root().exec("DO SLEEP(4)"); });
    std::this_thread::sleep_for(500ms);
    std::string reason;
    rig.meanwhile = [&] {
        if (reason.empty()) reason = rig.status().throttled;
    };
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(reason, HasSubstr("threads run on the target"));
    EXPECT_THAT(rig.status().throttled, IsEmpty());
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST(throttle, waits_for_replicas_of_the_target) {
    rig_options options;
    options.adjust = [](spec& task) {
        task.apply.throttle.replica_lag_max = 5s;
        // Any server will do for one that is no replica.
        task.apply.throttle.replicas = {{"127.0.0.1", task.target.port}};
    };
    applier_rig rig(options);
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1)");
    EXPECT_THAT(rig.catch_up(5s), HasSubstr("not caught up"));
    EXPECT_THAT(rig.status().throttled, HasSubstr("is not a replica"));
}

} // namespace
} // namespace understudy::test
