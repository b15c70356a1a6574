// Tables that are copied anew while everything else goes on.

#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <random>
#include <regex>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

// By GTID, or by file and position.
class reload : public testing::TestWithParam<bool> {
protected:
    static pair_options options(const std::string& database) {
        pair_options made;
        made.objects.include = {database + ".*"};
        if (!GetParam()) made.source.gtid = made.target.gtid = false;
        made.more_of_task_file = "[initial]\nchunk_bytes = \"64KiB\"\n";
        return made;
    }
    static int ask_for(source_and_target& pair, const std::string& table,
                       const std::string& verb = "reload") {
        return pair
            .run_program({verb, pair.task_file(), "--table", table, "--data-dir", pair.data_dir()})
            .status.code;
    }
    static void expect_to_stop_until_skipped(source_and_target& pair) {
        const auto stopped = pair.run_task();
        EXPECT_EQ(stopped.status.code, 1);
        std::smatch place;
        ASSERT_TRUE(std::regex_search(stopped.error, place, std::regex("TASK.toml --at '([^']*)'")))
            << stopped.error << stopped.output;
        EXPECT_EQ(pair.run_program({"skip", pair.task_file(), "--at", place[1].str()}).status.code,
                  0);
    }
    static void expect_equal_after_a_run(source_and_target& pair) {
        const auto done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_THAT(pair.compare(), IsEmpty());
        expect_nothing_left(pair);
    }
    static void expect_nothing_left(source_and_target& pair) {
        for (const std::string table : {"quarantine", "quarantine_table"}) {
            EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy." + table), "0");
        }
        for (const std::string table : {"checkpoint", "copy_progress"}) {
            EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy." + table +
                                               " WHERE task LIKE '#%'"),
                      "0");
        }
    }
};

TEST_P(reload, mends_tables_that_differ) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options("shop"));
    pair.source_sql().exec(
        "CREATE DATABASE shop; USE shop; CREATE TABLE a (id INT PRIMARY KEY, v INT); "
        "CREATE TABLE gone (id INT PRIMARY KEY); CREATE TABLE b (id INT PRIMARY KEY); "
        "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN "
        "KEY (p) REFERENCES p (id) ON DELETE CASCADE); CREATE TABLE k (v INT); CREATE TRIGGER "
        "on_a BEFORE INSERT ON a FOR EACH ROW SET NEW.v = NEW.v + 1; "
        "INSERT INTO a VALUES (1, 1), (2, 2); INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES "
        "(1, 1), (2, 2); INSERT INTO gone VALUES (1); INSERT INTO k VALUES (1), (1)");
    ASSERT_EQ(pair.run_task().status.code, 0);

    EXPECT_EQ(ask_for(pair, "shop"), 2);
    EXPECT_EQ(ask_for(pair, "other.a"), 2);
    // What stopped the task, and was never followed since, and what nobody has noticed.
    pair.target_sql().exec("USE shop; DELETE FROM a; DELETE FROM c WHERE id = 2; ALTER TABLE k ADD "
                           "w INT; DROP TABLE gone");
    pair.source_sql().exec(
        "USE shop; UPDATE a SET v = 9 WHERE id = 2; ALTER TABLE a ADD w INT DEFAULT 5; "
        "INSERT INTO k VALUES (2); UPDATE gone SET id = 2; INSERT INTO b VALUES (1)");
    EXPECT_EQ(pair.run_task().status.code, 1);
    for (const char* table : {"shop.a", "shop.c", "shop.k", "shop.gone"})
        EXPECT_EQ(ask_for(pair, table), 0) << table;
    EXPECT_EQ(ask_for(pair, "shop.a"), 1); // once is enough
    expect_equal_after_a_run(pair);

    pair.source_sql().exec("USE shop; INSERT INTO a (id, v) VALUES (3, 3); DELETE FROM p WHERE id "
                           "= 2; UPDATE k SET v = 7; INSERT INTO gone VALUES (5)");
    expect_equal_after_a_run(pair);
}

TEST_P(reload, stays_exact_beside_writers_ddl_and_kills) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options("w"));
    workload load(pair.source(),
                  {.writers = 2, .rows = 6000, .seed = seed, .pause_microseconds = 3000});
    load.prepare();
    ASSERT_EQ(pair.run_task().status.code, 0);
    const auto names = pair.source_sql().query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'w' AND table_type "
        "= 'BASE TABLE' ORDER BY table_name");
    ASSERT_FALSE(names.empty());
    load.start();
    std::this_thread::sleep_for(500ms);
    for (const auto& row : names) {
        const std::string table = "w." + row[0].value();
        pair.target_sql().exec("SET foreign_key_checks = 0; DELETE FROM " + table + " LIMIT 7");
        std::ignore = ask_for(pair, table);
    }
    for (int i = 0; i < 8; ++i) {
        auto task = pair.start_task();
        std::this_thread::sleep_for(
            std::chrono::milliseconds(std::uniform_int_distribution(300, 2500)(random)));
        if (i % 2 == 0) {
            const std::string table = names[static_cast<std::size_t>(i) % names.size()][0].value();
            pair.source_sql().exec("ALTER TABLE w." + table + " ADD COLUMN extra_" +
                                   std::to_string(i) + " INT DEFAULT 3 INVISIBLE");
            std::this_thread::sleep_for(300ms);
        }
        EXPECT_TRUE(task.running()) << task.error() << task.output();
        task.kill_9();
    }
    load.stop();
    expect_equal_after_a_run(pair);
}

// Tables come into the selection and leave it, by themselves and many at once, also between one
// that is being copied and others; with rows written to all of them.
TEST_P(reload, follows_names_that_are_renamed_across_the_selection) {
    auto made = options("shop");
    made.objects.include = {"shop.*"};
    made.objects.exclude = {"shop.tmp_*"};
    made.more_of_task_file = "on_rename = \"backfill\"\n" + made.more_of_task_file;
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, made);
    const std::string parts = "(id INT PRIMARY KEY, v INT)";
    pair.source_sql().exec("CREATE DATABASE shop; CREATE DATABASE old; USE shop; CREATE TABLE a " +
                           parts + "; CREATE TABLE b " + parts + "; CREATE TABLE c " + parts +
                           "; CREATE TABLE tmp_a " + parts + "; CREATE TABLE old.x " + parts +
                           "; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 2); INSERT "
                           "INTO tmp_a VALUES (1, 3), (2, 3); INSERT INTO old.x VALUES (7, 7)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    auto task = pair.start_task();
    const auto wait_until_equal = [&] {
        std::vector<std::string> differences;
        for (int i = 0; i < 100; ++i) {
            try {
                differences = pair.compare();
            } catch (const std::exception& changed_meanwhile) {
                differences = {changed_meanwhile.what()};
            }
            if (differences.empty()) break;
            std::this_thread::sleep_for(200ms);
        }
        return differences;
    };
    pair.source_sql().exec("USE shop; RENAME TABLE a TO old.a; INSERT INTO old.a VALUES (5, 5)");
    EXPECT_THAT(wait_until_equal(), IsEmpty());
    pair.source_sql().exec("USE shop; RENAME TABLE old.x TO x; INSERT INTO x VALUES (8, 8)");
    EXPECT_THAT(wait_until_equal(), IsEmpty());
    pair.source_sql().exec("USE shop; ALTER TABLE old.a RENAME TO a; UPDATE a SET v = v + 1");
    EXPECT_THAT(wait_until_equal(), IsEmpty());
    // A swap as schema change tools do it, and what goes on with the names behind it.
    for (int i = 0; i < 3; ++i) {
        pair.source_sql().exec(
            "USE shop; RENAME TABLE b TO tmp_b, tmp_a TO b; INSERT INTO b VALUES (" +
            std::to_string(10 + i) +
            ", 1); RENAME TABLE b TO d, c TO b, d TO c; INSERT INTO c "
            "VALUES (" +
            std::to_string(20 + i) +
            ", 1); CREATE TABLE like_b LIKE b; INSERT INTO "
            "like_b VALUES (1, 1); DROP TABLE like_b; RENAME TABLE tmp_b TO tmp_a");
    }
    EXPECT_THAT(wait_until_equal(), IsEmpty());
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    task.kill_9();
    pair.source_sql().exec(
        "USE shop; RENAME TABLE c TO old.c, x TO c; INSERT INTO c VALUES (9, 9)");
    expect_equal_after_a_run(pair);
}

TEST_P(reload, brings_tables_that_were_added_to_the_task) {
    auto made = options("shop");
    made.objects.include = {"shop.a"};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, made);
    pair.source_sql().exec(
        "CREATE DATABASE shop; CREATE DATABASE more; CREATE TABLE shop.a (id INT PRIMARY KEY); "
        "CREATE TABLE shop.b (id INT PRIMARY KEY, v INT); CREATE TABLE more.c (id INT PRIMARY "
        "KEY); "
        "INSERT INTO shop.a VALUES (1), (2); INSERT INTO shop.b VALUES (1, 1); INSERT INTO more.c "
        "VALUES (1)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.source_sql().exec("UPDATE shop.b SET v = 2; INSERT INTO shop.a VALUES (3)");
    pair.options().objects.include = {"shop.a", "shop.b", "more.c"};
    pair.options().objects.rename = {{"more.c", "shop.c"}};
    pair.write_task_file();
    pair.source_sql().exec("UPDATE shop.b SET v = 3; INSERT INTO more.c VALUES (2)");
    // What the target has under a name that is new to the task is not ours to drop.
    pair.target_sql().exec("CREATE TABLE shop.c (mine INT)");
    const auto refused = pair.run_task();
    EXPECT_EQ(refused.status.code, 1);
    EXPECT_THAT(refused.error + refused.output, testing::HasSubstr("`shop`.`c` already"));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.c"), "0");
    pair.target_sql().exec("DROP TABLE shop.c");
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id) FROM shop.c"), "1,2");
    pair.source_sql().exec("UPDATE shop.b SET v = 4; INSERT INTO more.c VALUES (3)");
    EXPECT_EQ(pair.run_task().status.code, 0);
    EXPECT_THAT(pair.compare(), IsEmpty());
    expect_nothing_left(pair);
}

// A view that comes before its table, children of new tables and of one that was there before.
TEST_P(reload, brings_what_belongs_together_when_it_was_added) {
    auto made = options("shop");
    made.objects.include = {"shop.parent"};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, made);
    pair.source_sql().exec(
        "CREATE DATABASE shop; USE shop; CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE b "
        "(id INT PRIMARY KEY, v INT); CREATE VIEW a AS SELECT * FROM b; CREATE TABLE child (id INT "
        "PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES b (id) ON DELETE CASCADE); CREATE TABLE "
        "second (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id)); INSERT INTO "
        "parent VALUES (1), (2); INSERT INTO b VALUES (1, 1), (2, 2); INSERT INTO child VALUES "
        "(1, 1), (2, 2); INSERT INTO second VALUES (1, 1)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.options().objects.include = {"shop.*"};
    pair.write_task_file();
    pair.source_sql().exec("DELETE FROM b WHERE id = 2; INSERT INTO second VALUES (2, 2)");
    auto task = pair.start_task();
    std::this_thread::sleep_for(800ms);
    pair.source_sql().exec("INSERT INTO b VALUES (3, 3); INSERT INTO child VALUES (3, 3); DELETE "
                           "FROM second; DELETE FROM parent; INSERT INTO parent VALUES (5)");
    task.kill_9();
    expect_equal_after_a_run(pair);
}

TEST_P(reload, brings_what_has_other_names_or_rows_since_the_definition_was_changed) {
    auto made = options("shop");
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, made);
    pair.source_sql().exec(
        "SET GLOBAL binlog_row_metadata = FULL; CREATE DATABASE shop; USE shop; CREATE TABLE a (id "
        "INT PRIMARY KEY, v INT); CREATE TABLE "
        "b (id INT PRIMARY KEY, v INT); CREATE TABLE c (id INT PRIMARY KEY); INSERT INTO a VALUES "
        "(1, 1), (2, 2); INSERT INTO b VALUES (1, 1), (2, 2); INSERT INTO c VALUES (1)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.target_sql().exec("INSERT INTO shop.c VALUES (7)"); // shows whether it is copied anew
    const std::string before = pair.options().more_of_task_file;
    pair.options().objects.rename = {{"shop.a", "shop.a2"}};
    pair.options().more_of_task_file = before + "[objects.tables.\"shop.b\"]\nwhere = \"v > 1\"\n";
    pair.write_task_file();
    pair.source_sql().exec("INSERT INTO a VALUES (3, 3); INSERT INTO b VALUES (3, 3), (4, 0)");
    auto task = pair.start_task();
    for (int i = 0; i < 3; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(400 + 300 * i));
        task.kill_9();
        pair.source_sql().exec("INSERT INTO a VALUES (" + std::to_string(10 + i) + ", 3)");
        task = pair.start_task();
    }
    task.kill_9();
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id) FROM shop.a2"), "1,2,3,10,11,12");
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id) FROM shop.b"), "2,3");
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id) FROM shop.c"), "1,7");
    // Nothing more to do at the next start.
    pair.target_sql().exec("INSERT INTO shop.b VALUES (9, 9)");
    EXPECT_EQ(pair.run_task().status.code, 0);
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id) FROM shop.b"), "2,3,9");
    expect_nothing_left(pair);
}

// What changed them before they were read is in them, and what changes them behind is followed;
// so is what was made meanwhile.
TEST_P(reload, brings_routines_and_events_of_databases_that_were_added) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options("shop"));
    pair.source_sql().exec(
        "CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY); CREATE DATABASE more; "
        "CREATE TABLE more.c (id INT PRIMARY KEY); INSERT INTO more.c VALUES (1); CREATE PROCEDURE "
        "more.old() SELECT 1; CREATE FUNCTION more.f() RETURNS INT DETERMINISTIC RETURN 1; CREATE "
        "EVENT more.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM more.c");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.source_sql().exec(
        "DROP PROCEDURE more.old; CREATE PROCEDURE more.p() SELECT 2; ALTER EVENT more.e RENAME TO "
        "more.e2; ALTER DATABASE more CHARACTER SET latin1; CREATE DATABASE fresh; CREATE TABLE "
        "fresh.t (id INT PRIMARY KEY); INSERT INTO fresh.t VALUES (1); CREATE PROCEDURE fresh.p() "
        "SELECT * FROM fresh.t; CREATE DATABASE bare; CREATE FUNCTION bare.f() RETURNS INT "
        "DETERMINISTIC RETURN 2");
    pair.options().objects.include = {"shop.*", "more.*", "fresh.*", "bare.*"};
    pair.options().objects.rename = {{"fresh", "newer"}};
    pair.write_task_file();
    pair.target_sql().exec("CREATE DATABASE more; CREATE PROCEDURE more.p() SELECT 'mine'");
    const auto refused = pair.run_task();
    EXPECT_EQ(refused.status.code, 1);
    EXPECT_THAT(refused.error + refused.output, testing::HasSubstr("procedure `more`.`p` already"));
    pair.target_sql().exec("DROP DATABASE more");
    for (int round = 0; round < 4; ++round) {
        auto task = pair.start_task();
        const std::string number = std::to_string(round);
        for (int i = 0; i < 4; ++i) {
            pair.source_sql().exec("CREATE PROCEDURE more.p" + number + std::to_string(i) +
                                   "() SELECT 3; DROP FUNCTION IF EXISTS bare.f" +
                                   std::to_string(i) + "; CREATE FUNCTION bare.f" +
                                   std::to_string(i) + "() RETURNS INT DETERMINISTIC RETURN " +
                                   number + "; ALTER EVENT more.e2 ON SCHEDULE EVERY " +
                                   std::to_string(2 + i) + " DAY");
            std::this_thread::sleep_for(std::chrono::milliseconds(20 + 60 * round));
        }
        task.kill_9();
    }
    ASSERT_EQ(pair.run_task().status.code, 0);
    EXPECT_EQ(pair.target_sql().scalar("SELECT routine_definition FROM information_schema.routines "
                                       "WHERE routine_schema = 'newer' AND routine_name = 'p'"),
              "SELECT * FROM `newer`.`t`");
    pair.source_sql().exec("DROP PROCEDURE fresh.p");
    expect_equal_after_a_run(pair);
    pair.source_sql().exec("DROP PROCEDURE more.p; DROP EVENT more.e2; INSERT INTO fresh.t VALUES "
                           "(2); DROP DATABASE bare");
    expect_equal_after_a_run(pair);
    // They move with their database; the last copy of them is no reason to leave them out.
    pair.options().objects.rename["more"] = "archive";
    pair.write_task_file();
    pair.source_sql().exec("CREATE PROCEDURE more.later() SELECT 4");
    expect_equal_after_a_run(pair);
    pair.source_sql().exec("DROP PROCEDURE more.later; INSERT INTO shop.a VALUES (1)");
    expect_equal_after_a_run(pair);
    expect_equal_after_a_run(pair);
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.program_copy"), "0");
}

TEST_P(reload, stops_where_a_database_was_made_anew_before_its_routines_were_copied) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options("shop"));
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY); CREATE "
                           "DATABASE more; CREATE PROCEDURE more.p() SELECT 1");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.source_sql().exec("DROP DATABASE more; CREATE DATABASE more; CREATE PROCEDURE more.p() "
                           "SELECT 2; INSERT INTO shop.a VALUES (1)");
    pair.options().objects.include = {"shop.*", "more.*"};
    pair.write_task_file();
    expect_to_stop_until_skipped(pair);
    expect_equal_after_a_run(pair);
}

// The copy is behind the statement, and the statement cannot wait for it.
TEST_P(reload, stops_at_what_concerns_the_whole_database) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options("shop"));
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY); INSERT "
                           "INTO shop.a VALUES (1), (2)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.target_sql().exec("DELETE FROM shop.a");
    EXPECT_EQ(ask_for(pair, "shop.a"), 0);
    const std::string statement = "ALTER DATABASE shop CHARACTER SET latin1";
    pair.source_sql().exec(statement + "; INSERT INTO shop.a VALUES (3)");
    expect_to_stop_until_skipped(pair);
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    pair.target_sql().exec(statement);
    EXPECT_THAT(pair.compare(), IsEmpty());
    expect_nothing_left(pair);
}

INSTANTIATE_TEST_SUITE_P(by, reload, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "position"; });

} // namespace
} // namespace understudy::test
