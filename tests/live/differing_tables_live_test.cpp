// Tables that were on the target before, are defined otherwise, and are set aside for that
// (conflict.differing_tables = "set-aside"), until somebody mends them.

#include "tests/support/background_writer.hpp"
#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class set_aside : public testing::TestWithParam<bool> {
protected:
    // Without the schema all tables have been made by others.
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shop.*"};
        made.more_of_task_file =
            fmt::format("[conflict]\nexisting_tables = \"ignore\"\ndiffering_tables = "
                        "\"set-aside\"\n[initial]\nchunk_bytes = \"64KiB\"\nschema = {}\n",
                        GetParam());
        return made;
    }
    void make_tables() {
        pair.source_sql().exec(
            "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); CREATE TABLE "
            "shop.u (id INT PRIMARY KEY, v INT); INSERT INTO shop.t VALUES (1, 1), (2, 2), (3, 3); "
            "INSERT INTO shop.u VALUES (1, 1)");
        pair.target_sql().exec(
            "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, w INT); CREATE TABLE "
            "shop.u (id INT PRIMARY KEY, v INT); INSERT INTO shop.t VALUES (2, 20), (9, 90)");
    }
    finished_process ask(const std::string& verb) {
        return pair.run_program({verb, pair.task_file(), "--table", "shop.t"});
    }
    void run() {
        const auto ended = pair.run_task();
        ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
    }
    std::string rows(const std::string& table) {
        return pair.target_sql().scalar(
            "SELECT IFNULL(GROUP_CONCAT(id, ':', v ORDER BY id), '') FROM shop." + table);
    }
    std::string entries() {
        return pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.quarantine");
    }

    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97, options()};
};

TEST_P(set_aside, tables_let_all_others_go_on_and_are_copied_beside_their_rows_once_mended) {
    make_tables();
    const auto checked = pair.run_program({"precheck", pair.task_file()});
    EXPECT_EQ(checked.status.code, 0) << checked.output;
    EXPECT_THAT(checked.output, AllOf(HasSubstr("`shop`.`t` (column 2 is v there, w here)"),
                                      HasSubstr("they are set aside")));
    const auto begun = pair.run_task();
    EXPECT_EQ(begun.status.code, 1);
    EXPECT_THAT(begun.error,
                AllOf(HasSubstr("tables that are set aside: shop.t"),
                      HasSubstr("it was on the target before and is defined otherwise"),
                      HasSubstr("understudy resume"), HasSubstr("`v` int")));
    EXPECT_EQ(rows("u"), "1:1");
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id, ':', w ORDER BY id) FROM shop.t"),
              "2:20,9:90");

    pair.source_sql().exec(
        "UPDATE shop.t SET v = 11 WHERE id = 1; INSERT INTO shop.u VALUES (2, 2)");
    EXPECT_EQ(pair.run_task().status.code, 1);
    EXPECT_EQ(rows("u"), "1:1,2:2");
    // Not mended: it stays where it is.
    EXPECT_THAT(ask("resume").output, HasSubstr("is copied while the task runs, beside the rows"));
    const auto again = pair.run_task();
    EXPECT_EQ(again.status.code, 1);
    EXPECT_THAT(again.error, HasSubstr("does not have the columns of `shop`.`t`"));

    pair.target_sql().exec("ALTER TABLE shop.t RENAME COLUMN w TO v");
    ASSERT_EQ(ask("resume").status.code, 0);
    run();
    EXPECT_EQ(rows("t"), "1:11,2:20,3:3,9:90");
    EXPECT_EQ(entries(), "0");
    // Its rows are overwritten from here on, as those of any table that is kept.
    pair.target_sql().exec("DELETE FROM shop.t WHERE id = 3");
    pair.source_sql().exec("UPDATE shop.t SET v = v + 100; INSERT INTO shop.t VALUES (9, 9)");
    run();
    EXPECT_EQ(rows("t"), "1:111,2:102,3:103,9:9");
}

TEST_P(set_aside, tables_may_be_dropped_and_copied_anew) {
    make_tables();
    EXPECT_EQ(pair.run_task().status.code, 1);
    const auto asked = ask("reload");
    ASSERT_EQ(asked.status.code, 0) << asked.error;
    EXPECT_THAT(asked.output, HasSubstr("with the rows and columns that only the target has"));
    run();
    EXPECT_EQ(rows("t"), "1:1,2:2,3:3");
    pair.source_sql().exec("UPDATE shop.t SET v = 5 WHERE id = 2");
    run();
    EXPECT_EQ(rows("t"), "1:1,2:5,3:3");
}

TEST_P(set_aside, tables_take_those_along_that_foreign_keys_link) {
    pair.source_sql().exec(
        "CREATE DATABASE shop; CREATE TABLE shop.p (id INT PRIMARY KEY, v INT); CREATE TABLE "
        "shop.t (id INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES shop.p (id)); INSERT INTO "
        "shop.p VALUES (1, 1); INSERT INTO shop.t VALUES (1, 1)");
    pair.target_sql().exec(
        "CREATE DATABASE shop; CREATE TABLE shop.p (id INT PRIMARY KEY, v BIGINT); CREATE TABLE "
        "shop.t (id INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES shop.p (id))");
    EXPECT_EQ(pair.run_task().status.code, 1);
    EXPECT_EQ(rows("t"), "");
    pair.source_sql().exec("INSERT INTO shop.p VALUES (2, 2); INSERT INTO shop.t VALUES (2, 2)");
    pair.target_sql().exec("ALTER TABLE shop.p MODIFY v INT");
    ASSERT_EQ(ask("resume").status.code, 0);
    run();
    EXPECT_EQ(rows("t"), "1:1,2:2");
    EXPECT_EQ(rows("p"), "1:1,2:2");
}

TEST_P(set_aside, tables_are_exact_beside_writers_and_kills) {
    make_tables();
    pair.source_sql().exec(
        "SET SESSION cte_max_recursion_depth = 20000; INSERT INTO shop.t WITH RECURSIVE n (i) AS "
        "(SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) SELECT i, i FROM n");
    pair.target_sql().exec("INSERT INTO shop.t SELECT 100000 + id, 7 FROM shop.t");
    {
        const background_writer load(pair.source(), 2ms, [](sql_client& sql, int i) {
            const int id = 10 + (i * 37) % 8000;
            sql.exec(fmt::format("UPDATE shop.t SET v = v + 1 WHERE id = {0}; DELETE FROM shop.t "
                                 "WHERE id = {0} + 1; UPDATE shop.t SET id = id + 20000 WHERE id = "
                                 "{0} + 2; REPLACE INTO shop.u VALUES ({0}, {1})",
                                 id, i));
        });
        for (int crash = 0; crash < 5; ++crash) {
            if (crash == 1) pair.target_sql().exec("ALTER TABLE shop.t RENAME COLUMN w TO v");
            if (crash == 1) ASSERT_EQ(ask("resume").status.code, 0);
            auto task = pair.start_task();
            std::this_thread::sleep_for(1200ms + 500ms * crash);
            EXPECT_TRUE(task.running()) << task.error() << task.output();
            task.kill_9();
        }
    }
    run();
    EXPECT_EQ(entries(), "0");
    const std::string where = " WHERE id NOT IN (2, 9) AND id < 100000 ORDER BY id";
    EXPECT_EQ(pair.target_sql().query("SELECT * FROM shop.t" + where),
              pair.source_sql().query("SELECT * FROM shop.t" + where));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.t WHERE id >= 100000 OR (id, v) "
                                       "IN ((2, 20), (9, 90))"),
              "4");
    EXPECT_EQ(pair.target_sql().query("SELECT * FROM shop.u ORDER BY id"),
              pair.source_sql().query("SELECT * FROM shop.u ORDER BY id"));
}

// Rows of before and after it would be there side by side.
TEST_P(set_aside, tables_whose_definition_changes_while_they_are_copied_are_not_mixed) {
    make_tables();
    pair.options().more_of_task_file += "rows_per_second_max = 200\n";
    pair.write_task_file();
    pair.source_sql().exec(
        "SET SESSION cte_max_recursion_depth = 20000; INSERT INTO shop.t WITH RECURSIVE n (i) AS "
        "(SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, i FROM n");
    EXPECT_EQ(pair.run_task().status.code, 1);
    pair.target_sql().exec("ALTER TABLE shop.t RENAME COLUMN w TO v");
    ASSERT_EQ(ask("resume").status.code, 0);
    {
        auto task = pair.start_task();
        for (int i = 0; i < 100 && rows("t").size() < 100; ++i)
            std::this_thread::sleep_for(100ms);
        pair.source_sql().exec("ALTER TABLE shop.t ADD COLUMN more INT");
        task.kill_9();
    }
    pair.options().more_of_task_file.erase(pair.options().more_of_task_file.find("rows_per"));
    pair.write_task_file();
    for (int i = 0; i < 2; ++i) {
        const auto ended = pair.run_task();
        EXPECT_EQ(ended.status.code, 1);
        EXPECT_THAT(ended.error, HasSubstr("shop.t"));
        ASSERT_EQ(ask("resume").status.code, 0);
    }
    EXPECT_THAT(pair.run_task().error, HasSubstr("they cannot be kept"));
    ASSERT_EQ(ask("reload").status.code, 0);
    run();
    EXPECT_THAT(pair.compare(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(schema, set_aside, testing::Values(true, false), [](const auto& info) {
    return info.param ? "made_by_the_task" : "made_by_others";
});

} // namespace
} // namespace understudy::test
