// A table in trouble is set aside, the rest goes on, and later it catches up.

#include "applier/errc.hpp"
#include "applier/quarantine_store.hpp"
#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace understudy::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using spec = state::task_spec;
using namespace std::chrono_literals;

struct killed : std::exception {};

class quarantine : public testing::TestWithParam<spec::writer> {
protected:
    static rig_options options(std::vector<std::string> patterns = {"t.*"}) {
        rig_options made;
        made.writer = GetParam();
        made.adjust = [patterns](spec& task) { task.apply.conflicts.quarantine = patterns; };
        return made;
    }
    static std::vector<std::string> set_aside(const applier_rig& rig) {
        std::vector<std::string> names;
        for (const auto& one : rig.status().quarantine)
            names.insert(names.end(), one.tables.begin(), one.tables.end());
        return names;
    }
    static std::string count_of(applier_rig& rig, const std::string& table) {
        return rig.target().scalar("SELECT COUNT(*) FROM " + table);
    }
    static void expect_nothing_left(applier_rig& rig) {
        EXPECT_EQ(count_of(rig, "understudy.quarantine"), "0");
        EXPECT_EQ(count_of(rig, "understudy.quarantine_table"), "0");
        EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(task) FROM understudy.checkpoint"),
                  "rig");
        EXPECT_THAT(rig.status().quarantine, IsEmpty());
    }
    static constexpr auto tables =
        "CREATE DATABASE t; USE t; CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(20)); CREATE "
        "TABLE "
        "b (id INT PRIMARY KEY, v INT); CREATE TABLE k (v INT); INSERT INTO a VALUES (1, 'a'), (2, "
        "'b'); INSERT INTO b VALUES (1, 1); INSERT INTO k VALUES (1), (1)";
};

TEST_P(quarantine, lets_the_rest_go_on_and_catches_up_in_order) {
    applier_rig rig(options());
    rig.exec_both(tables);
    rig.begin();
    rig.target().exec("DELETE FROM t.a WHERE id = 2");
    rig.source().exec(
        "USE t; INSERT INTO a VALUES (3, 'c'); BEGIN; UPDATE a SET v = 'x' WHERE id = 2; INSERT "
        "INTO b VALUES (2, 2); COMMIT; INSERT INTO k VALUES (1); UPDATE a SET v = CONCAT(v, '!')");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(set_aside(rig), ElementsAre("t.a"));
    EXPECT_THAT(rig.status().quarantine[0].why, HasSubstr("no row with this key"));
    // Up to its trouble it was applied, and the others to the end.
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id, v ORDER BY id) FROM t.a"), "1a,3c");
    EXPECT_EQ(count_of(rig, "t.b"), "2");
    EXPECT_EQ(count_of(rig, "t.k"), "3");

    rig.source().exec("USE t; ALTER TABLE a ADD w INT DEFAULT 7; INSERT INTO a (id, v) VALUES (4, "
                      "'d'); INSERT INTO b VALUES (4, 4); DELETE FROM a WHERE id = 1");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(count_of(rig, "t.b"), "3");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM information_schema.columns WHERE "
                                  "table_schema = 't' AND column_name = 'w'"),
              "0");

    rig.target().exec("INSERT INTO t.a VALUES (2, 'b')");
    rig.resume({"t", "a"});
    rig.source().exec("USE t; UPDATE a SET v = 'late' WHERE id = 4; UPDATE b SET v = v + 1");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    expect_nothing_left(rig);
    rig.source().exec("USE t; UPDATE a SET v = 'later'; UPDATE b SET v = v + 1");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(quarantine, takes_the_tables_that_foreign_keys_link) {
    applier_rig rig(options());
    rig.exec_both(
        "CREATE DATABASE t; USE t; CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT "
        "PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE); CREATE TABLE b "
        "(id INT PRIMARY KEY); INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1, 1), (2, 2)");
    rig.begin();
    rig.target().exec("DELETE FROM t.c WHERE id = 2");
    rig.source().exec("USE t; UPDATE c SET id = 20 WHERE id = 2; INSERT INTO p VALUES (3); INSERT "
                      "INTO c VALUES (3, 3); DELETE FROM p WHERE id = 1; INSERT INTO b VALUES (1)");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(set_aside(rig), ElementsAre("t.c", "t.p"));
    EXPECT_EQ(count_of(rig, "t.p"), "2");
    EXPECT_EQ(count_of(rig, "t.b"), "1");
    rig.target().exec("INSERT INTO t.c VALUES (2, 2)");
    rig.resume({"t", "p"}); // either name will do
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    expect_nothing_left(rig);
}

TEST_P(quarantine, is_for_a_missing_and_a_different_table_too) {
    applier_rig rig(options({"t.a", "t.b"}));
    rig.exec_both(tables);
    rig.begin();
    rig.target().exec("DROP TABLE t.a; DELETE FROM t.b; ALTER TABLE t.b MODIFY v DATETIME");
    rig.source().exec("USE t; INSERT INTO a VALUES (3, 'c'); INSERT INTO b VALUES (2, 2); INSERT "
                      "INTO k VALUES (5)");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(set_aside(rig), ElementsAre("t.a", "t.b"));
    EXPECT_EQ(count_of(rig, "t.k"), "3");
    // One is mended badly: it stays, with the new reason.
    rig.target().exec(
        "CREATE TABLE t.a (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t.a VALUES "
        "(3, 'mine')");
    rig.resume({"t", "a"});
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(set_aside(rig), ElementsAre("t.a", "t.b"));
    EXPECT_THAT(rig.status().quarantine[0].why, HasSubstr("is on the target already"));
    EXPECT_FALSE(rig.status().quarantine[0].resuming);

    rig.target().exec(
        "DELETE FROM t.a; INSERT INTO t.a VALUES (1, 'a'), (2, 'b'); DROP TABLE t.b; "
        "CREATE TABLE t.b (id INT PRIMARY KEY, v INT); INSERT INTO t.b VALUES (1, 1)");
    rig.resume({"t", "a"});
    rig.resume({"t", "b"});
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    expect_nothing_left(rig);
}

TEST_P(quarantine, catches_up_no_faster_than_the_throttle_lets_it) {
    rig_options how = options();
    how.adjust = [](spec& task) {
        task.apply.conflicts.quarantine = {"t.*"};
        task.apply.throttle.rows_per_second = 100;
        task.apply.group_rows_max = 50;
    };
    applier_rig rig(how);
    rig.exec_both(tables);
    rig.begin();
    rig.target().exec("DELETE FROM t.a WHERE id = 2");
    rig.source().exec("UPDATE t.a SET v = 'x' WHERE id = 2");
    for (int i = 10; i < 310; ++i)
        rig.source().exec(fmt::format("INSERT INTO t.a VALUES ({}, 'waits')", i));
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(set_aside(rig), ElementsAre("t.a"));
    EXPECT_EQ(count_of(rig, "t.a"), "1");

    rig.target().exec("INSERT INTO t.a VALUES (2, 'b')");
    rig.resume({"t", "a"});
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_GT(std::chrono::steady_clock::now() - start, 2s);
    EXPECT_THAT(rig.differences(), IsEmpty());
    expect_nothing_left(rig);
}

TEST_P(quarantine, is_there_for_an_operator_and_stops_what_cannot_wait) {
    applier_rig rig(options({}));
    rig.exec_both(tables);
    rig.begin();
    rig.target().exec("DELETE FROM t.a WHERE id = 2");
    rig.source().exec("USE t; UPDATE a SET v = 'x' WHERE id = 2; INSERT INTO b VALUES (2, 2)");
    EXPECT_THAT(rig.catch_up(), HasSubstr("no row with this key")); // nobody said quarantine
    rig.set_aside({"t", "a"});
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(count_of(rig, "t.b"), "2");

    rig.source().exec("USE t; RENAME TABLE a TO a2; INSERT INTO a2 VALUES (9, 'n')");
    EXPECT_THAT(rig.catch_up(), HasSubstr("understudy resume TASK --table t.a"));
    rig.target().exec("INSERT INTO t.a VALUES (2, 'b')");
    rig.resume({"t", "a"});
    // It waits for the table, which joins, and goes on.
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    expect_nothing_left(rig);
}

// Whoever works on an entry looks first whether it is still what was read: one that has been copied
// would be copied once more, and be taken for whole after a crash in the middle of that.
TEST_P(quarantine, tells_that_an_entry_has_changed) {
    applier_rig rig(options());
    rig.exec_both(tables);
    rig.begin();
    rig.set_aside({"t", "a"});
    const auto session = rig.connect();
    const applier::quarantine_store store("understudy", "rig");
    const auto entries = store.load(*session);
    ASSERT_TRUE(entries) << entries.error().what;
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_TRUE(store.check_unchanged(*session, entries->front()));
    ASSERT_TRUE(store.reload(*session, {"t", "a"}, "for this test"));
    const auto changed = store.check_unchanged(*session, entries->front());
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, applier::errc::cancelled);
}

TEST_P(quarantine, takes_a_statement_that_the_target_refused) {
    applier_rig rig(options({}));
    rig.exec_both(tables);
    rig.begin();
    rig.target().exec("ALTER TABLE t.a ADD w INT");
    rig.source().exec(
        "USE t; ALTER TABLE a ADD w INT; ALTER TABLE b ADD w INT; INSERT INTO a VALUES "
        "(3, 'c', 3); INSERT INTO b VALUES (3, 3, 3)");
    EXPECT_THAT(rig.catch_up(), HasSubstr("Duplicate column name 'w'"));
    rig.set_aside({"t", "a"});
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT w FROM t.b WHERE id = 3"), "3");
    rig.resume({"t", "a"});
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.status().quarantine[0].why, HasSubstr("Duplicate column name 'w'"));
    rig.target().exec("ALTER TABLE t.a DROP w");
    rig.resume({"t", "a"});
    EXPECT_EQ(rig.catch_up(), "");
    rig.source().exec("ALTER TABLE t.k ADD w INT; TRUNCATE TABLE t.a");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    expect_nothing_left(rig);
}

// What differs between the writers is not what ends here.
class quarantine_of_row_images : public quarantine {};

TEST_P(quarantine_of_row_images, survives_an_end_at_every_step) {
    applier_rig rig(options());
    rig.exec_both(tables);
    rig.begin();
    int round = 0;
    for (const char* const step : {"before set aside", "after set aside", "after group of catch-up",
                                   "before join", "after join", "after intent", "after execute"}) {
        SCOPED_TRACE(step);
        ++round;
        int ends = 0;
        rig.on_step = [&](std::string_view now) {
            if (now == step && ends++ == 0) throw killed();
        };
        const auto run = [&] {
            try {
                EXPECT_EQ(rig.catch_up(), "");
            } catch (const killed&) {
                EXPECT_EQ(rig.catch_up(), "");
            }
        };
        rig.target().exec("CREATE TABLE understudy.kept AS SELECT * FROM t.a WHERE id = 2; DELETE "
                          "FROM t.a WHERE id = 2");
        rig.source().exec(fmt::format("USE t; UPDATE a SET v = 'x{0}' WHERE id = 2; INSERT INTO b "
                                      "VALUES (100 + {0}, 2)",
                                      round));
        run();
        EXPECT_THAT(set_aside(rig), ElementsAre("t.a"));
        rig.source().exec(fmt::format(
            "USE t; ALTER TABLE a ADD w{0} INT DEFAULT 1; INSERT INTO a (id, v) VALUES (50 + {0}, "
            "'e'); UPDATE a SET w{0} = w{0} + 1; INSERT INTO b VALUES (200 + {0}, 3)",
            round));
        run();
        rig.target().exec("INSERT INTO t.a SELECT * FROM understudy.kept; DROP TABLE "
                          "understudy.kept");
        rig.resume({"t", "a"});
        run();
        EXPECT_GT(ends, 0);
        EXPECT_THAT(rig.differences(), IsEmpty());
        expect_nothing_left(rig);
        if (HasFailure()) return;
    }
}

TEST_P(quarantine, catches_up_while_the_stream_goes_on) {
    applier_rig rig(options());
    rig.exec_both(tables);
    rig.begin();
    rig.target().exec("DELETE FROM t.a WHERE id = 2");
    rig.source().exec("UPDATE t.a SET v = 'x' WHERE id = 2");
    for (int i = 10; i < 200; ++i)
        rig.source().exec(fmt::format("INSERT INTO t.a VALUES ({0}, 'n'); UPDATE t.a SET v = '{0}' "
                                      "WHERE id = {0} - 5; INSERT INTO t.b VALUES ({0}, 0)",
                                      i));
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(count_of(rig, "t.b"), "191");
    rig.target().exec("INSERT INTO t.a VALUES (2, 'b')");
    rig.resume({"t", "a"});
    int i = 200;
    rig.meanwhile = [&] {
        if (i >= 300) return;
        rig.source().exec(fmt::format("INSERT INTO t.b VALUES ({0}, 1); INSERT INTO t.a VALUES "
                                      "({0}, 'm'); DELETE FROM t.a WHERE id = {0} - 100",
                                      i));
        ++i;
    };
    EXPECT_EQ(rig.catch_up(), "");
    rig.meanwhile = {};
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    expect_nothing_left(rig);
}

INSTANTIATE_TEST_SUITE_P(of, quarantine,
                         testing::Values(spec::writer::row_image, spec::writer::sql),
                         [](const auto& info) {
                             return info.param == spec::writer::sql ? "sql" : "row_image";
                         });

INSTANTIATE_TEST_SUITE_P(of, quarantine_of_row_images, testing::Values(spec::writer::row_image));

} // namespace
} // namespace understudy::test
