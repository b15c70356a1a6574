// Tables that were on the target before and are defined otherwise: the columns that both sides have
// are copied and followed (conflict.differing_tables = "common-columns").

#include "tests/support/background_writer.hpp"
#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr auto wanted = "[conflict]\nexisting_tables = \"ignore\"\ndiffering_tables = "
                        "\"common-columns\"\n[initial]\nchunk_bytes = \"64KiB\"\n";

pair_options options(std::string more = {}) {
    pair_options made;
    made.objects.include = {"shop.*"};
    made.source.extra_args = {"--binlog-row-metadata=FULL"};
    made.more_of_task_file = wanted + std::move(more);
    return made;
}

// Names, order and types differ; `card` is the source's alone, `note` and `rank` the target's.
constexpr auto source_table =
    "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT "
    "UNSIGNED, card VARCHAR(20), mail VARCHAR(20) COLLATE utf8mb4_bin, "
    "UNIQUE KEY (mail)); CREATE TABLE shop.same (id INT PRIMARY KEY)";
constexpr auto target_table =
    "CREATE DATABASE shop; CREATE TABLE shop.t (note VARCHAR(20) NOT NULL DEFAULT 'none', Mail "
    "VARCHAR(60) COLLATE utf8mb4_bin, V BIGINT UNSIGNED, `rank` INT AUTO_INCREMENT PRIMARY KEY, id "
    "BIGINT NOT NULL, UNIQUE KEY (id), UNIQUE KEY (mail))";

class common_columns : public testing::TestWithParam<std::string> {
protected:
    std::string rows() {
        return pair.target_sql().scalar("SELECT GROUP_CONCAT(id, ':', v, ':', IFNULL(mail, '-'), "
                                        "':', note ORDER BY id) FROM shop.t");
    }
    void run() {
        const auto ended = pair.run_task();
        ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
    }
    finished_process stopped() {
        auto ended = pair.run_task();
        EXPECT_NE(ended.status.code, 0);
        return ended;
    }

    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97,
                           options("[apply]\nwriter = \"" + GetParam() + "\"\n")};
};

TEST_P(common_columns, are_copied_and_followed_and_others_stay_as_they_are) {
    pair.source_sql().exec(std::string(source_table) +
                           "; INSERT INTO shop.t VALUES (1, 1, 'x', 'a'), (2, 2, 'x', 'b'), (3, 3, "
                           "'x', NULL), (4, 4, 'x', 'd'), (5, 5, 'x', 'e')");
    pair.target_sql().exec(std::string(target_table) +
                           "; INSERT INTO shop.t (id, v, mail, note) VALUES (2, 20, 'bb', 'two'), "
                           "(9, 90, 'i', 'nine'), (10, 100, 'j', 'ten')");
    const auto checked = pair.run_program({"precheck", pair.task_file()});
    EXPECT_EQ(checked.status.code, 0) << checked.output;
    EXPECT_THAT(checked.output, HasSubstr("`shop`.`t` (left out of the source: `card`; on the "
                                          "target alone: `note`, `rank`)"));
    run();
    EXPECT_EQ(rows(), "1:1:a:none,2:20:bb:two,3:3:-:none,4:4:d:none,5:5:e:none,9:90:i:nine,"
                      "10:100:j:ten");

    pair.target_sql().exec("DELETE FROM shop.t WHERE id IN (3, 4); UPDATE shop.t SET note = 'five' "
                           "WHERE id = 5");
    // A change; one of a row that is missing; a missing one deleted; a row that is there inserted;
    // a key that changes to a free one, and to one that is taken; a unique value that is taken.
    pair.source_sql().exec(
        "UPDATE shop.t SET v = 200, card = 'y' WHERE id = 2; UPDATE shop.t SET v = 30 WHERE id = "
        "3; DELETE FROM shop.t WHERE id = 4; INSERT INTO shop.t VALUES (9, 99, 'x', 'n'); UPDATE "
        "shop.t SET id = 50 WHERE id = 5; UPDATE shop.t SET id = 10 WHERE id = 1; UPDATE shop.t "
        "SET card = 'z'");
    const auto followed = pair.run_task();
    ASSERT_EQ(followed.status.code, 0) << followed.error << followed.output;
    // At each start.
    EXPECT_THAT(followed.error + followed.output,
                HasSubstr("`shop`.`t` goes into a table that was on the target before and is "
                          "defined otherwise: columns are found by their names; left out of the "
                          "source: `card`; on the target alone: `note`, `rank`"));
    EXPECT_EQ(rows(), "2:200:b:two,3:30:-:none,9:99:n:nine,10:1:a:ten,50:5:e:five");
    EXPECT_GE(std::stoi(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.conflict")), 4);

    pair.target_sql().exec("INSERT INTO shop.t (id, v, mail, note) VALUES (70, 7, 'taken', 'x')");
    pair.source_sql().exec("UPDATE shop.t SET mail = 'taken', id = 51 WHERE id = 50");
    run();
    EXPECT_EQ(rows(), "2:200:b:two,3:30:-:none,9:99:n:nine,10:1:a:ten,51:5:taken:five");
}

TEST_P(common_columns, hold_through_crashes_while_they_are_copied) {
    pair.source_sql().exec(
        std::string(source_table) +
        "; SET SESSION cte_max_recursion_depth = 20000; INSERT INTO shop.t (id, v, card) WITH "
        "RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT i * 2, "
        "i, REPEAT('c', 20) FROM n");
    pair.target_sql().exec(std::string(target_table) +
                           "; SET SESSION cte_max_recursion_depth = 20000; INSERT INTO shop.t (id, "
                           "v, note) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
                           "n WHERE i < 1500) SELECT i * 7, 0, CONCAT('n', i * 7) FROM n");
    {
        const background_writer load(pair.source(), 2ms, [](sql_client& sql, int i) {
            const int id = 2 + (i * 74) % 12000;
            sql.exec(fmt::format(
                "UPDATE shop.t SET v = v + 1, mail = 'm{0}' WHERE id = {1}; UPDATE shop.t SET mail "
                "= NULL WHERE id = {1}; UPDATE shop.t SET id = id + 100000 WHERE id = {1} + 4; "
                "DELETE FROM shop.t WHERE id = {1} + 6; INSERT IGNORE INTO shop.t VALUES ({1} + 7, "
                "{0}, 'x', NULL)",
                i, id));
        });
        for (int crash = 0; crash < 4; ++crash) {
            auto task = pair.start_task();
            std::this_thread::sleep_for(1300ms + 400ms * crash);
            EXPECT_TRUE(task.running()) << task.error() << task.output();
            task.kill_9();
        }
    }
    // Rows that were in the way when they were copied are the target's until they change.
    pair.source_sql().exec("UPDATE shop.t SET v = v + 1000000");
    run();
    EXPECT_EQ(
        pair.target_sql().query("SELECT id, v, mail FROM shop.t WHERE v >= 1000000 ORDER BY id"),
        pair.source_sql().query("SELECT id, v, mail FROM shop.t ORDER BY id"));
    // Nobody else's note, and those of rows that the source never had.
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.t WHERE note NOT IN ('none', "
                                       "CONCAT('n', id), CONCAT('n', id - 100000))"),
              "0");
    EXPECT_GT(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.t WHERE note <> 'none' AND v >= "
                                       "1000000"),
              "0");
}

TEST_P(common_columns, follow_statements_that_concern_both_and_stop_at_others) {
    pair.source_sql().exec(std::string(source_table) +
                           "; INSERT INTO shop.t VALUES (1, 1, 'x', 'a')");
    pair.target_sql().exec(target_table);
    run();
    pair.source_sql().exec(
        "ALTER TABLE shop.t ADD COLUMN more VARCHAR(10) DEFAULT 'm' FIRST, MODIFY "
        "v BIGINT UNSIGNED; UPDATE shop.t SET more = 'n'; INSERT INTO shop.t "
        "(id, v) VALUES (2, 2)");
    run();
    EXPECT_EQ(
        pair.target_sql().scalar("SELECT GROUP_CONCAT(id, more, note ORDER BY id) FROM shop.t"),
        "1nnone,2mnone");
    for (const std::string statement :
         {"ALTER TABLE shop.t DROP COLUMN card", "ALTER TABLE shop.t ADD COLUMN note INT"}) {
        SCOPED_TRACE(statement);
        pair.source_sql().exec(statement);
        const auto ended = stopped();
        EXPECT_THAT(ended.error, HasSubstr("this column is on one side alone"));
        std::smatch place;
        ASSERT_TRUE(std::regex_search(ended.error, place, std::regex("--at '([^']*)'")))
            << ended.error;
        const auto left_out = pair.run_program({"skip", pair.task_file(), "--at", place[1]});
        ASSERT_EQ(left_out.status.code, 0) << left_out.error;
        if (statement.ends_with("INT"))
            pair.target_sql().exec("ALTER TABLE shop.t RENAME COLUMN note TO note3; ALTER TABLE "
                                   "shop.t ADD COLUMN note INT");
        pair.source_sql().exec("UPDATE shop.t SET v = v + 1");
        if (statement.ends_with("INT")) {
            EXPECT_THAT(stopped().error, HasSubstr("the target has the column `note3`"));
            pair.target_sql().exec("ALTER TABLE shop.t DROP COLUMN note3");
        }
        run();
    }
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM shop.t"),
              "1:3,2:4");
}

// Side by side with others, and merged as far as that cannot be seen.
TEST_P(common_columns, are_exact_where_the_task_says_so) {
    pair.options().more_of_task_file += "conflicts.stop = [\"shop.t\"]\n";
    pair.write_task_file();
    pair.source_sql().exec(std::string(source_table) +
                           "; INSERT INTO shop.t VALUES (1, 1, 'x', 'a'), (2, 2, 'x', 'b')");
    pair.target_sql().exec(target_table);
    run();
    pair.target_sql().exec("UPDATE shop.t SET note = CONCAT('n', id)");
    pair.source_sql().exec(
        "DELETE FROM shop.t WHERE id = 1; INSERT INTO shop.t VALUES (1, 10, 'x', "
        "'a'); UPDATE shop.t SET v = 20, id = 3 WHERE id = 2; START "
        "TRANSACTION; INSERT INTO shop.t VALUES (4, 4, 'x', 'd'); UPDATE shop.t "
        "SET v = 40 WHERE id = 4; DELETE FROM shop.t WHERE id = 4; COMMIT");
    run();
    EXPECT_EQ(rows(), "1:10:a:none,3:20:b:n2");
    pair.target_sql().exec("DELETE FROM shop.t WHERE id = 1");
    pair.source_sql().exec("UPDATE shop.t SET v = 11 WHERE id = 1");
    EXPECT_THAT(stopped().error, HasSubstr("`shop`.`t`"));
}

TEST_P(common_columns, are_those_of_a_table_that_is_copied_anew) {
    pair.source_sql().exec(std::string(source_table) +
                           "; INSERT INTO shop.t VALUES (1, 1, 'x', 'a'), (2, 2, 'x', 'b')");
    pair.target_sql().exec(std::string(target_table) + "; INSERT INTO shop.t (id) VALUES (9)");
    run();
    const auto asked = pair.run_program({"reload", pair.task_file(), "--table", "shop.t"});
    ASSERT_EQ(asked.status.code, 0) << asked.error;
    EXPECT_THAT(asked.output, HasSubstr("with the rows and columns that only the target has"));
    run();
    pair.source_sql().exec("UPDATE shop.t SET v = 20 WHERE id = 2");
    run();
    EXPECT_EQ(pair.target_sql().query("SELECT * FROM shop.t ORDER BY id"),
              pair.source_sql().query("SELECT id, v, mail FROM shop.t ORDER BY id"));
}

// Where the target lacks columns and has no others, all is as with drop_columns: rows are written
// as images, and a tool may put its copy in the table's place.
TEST_P(common_columns, of_a_target_without_others_are_written_as_any) {
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.d (id INT PRIMARY KEY, gone "
                           "INT, v INT); INSERT INTO shop.d VALUES (1, 1, 1), (2, 2, 2)");
    pair.target_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.d (id INT PRIMARY KEY, v INT); "
                           "INSERT INTO shop.d VALUES (2, 20), (3, 30)");
    run();
    pair.source_sql().exec(
        "INSERT INTO shop.d VALUES (3, 3, 3), (4, 4, 4); UPDATE shop.d SET v = 10 WHERE id = 1; "
        "DELETE FROM shop.d WHERE id = 2; CREATE TABLE shop._d_gho LIKE shop.d; ALTER TABLE "
        "shop._d_gho ADD COLUMN more INT DEFAULT 7; INSERT INTO shop._d_gho (id, gone, v) SELECT * "
        "FROM shop.d; RENAME TABLE shop.d TO shop._d_del, shop._d_gho TO shop.d; DROP TABLE "
        "shop._d_del; UPDATE shop.d SET v = 40 WHERE id = 4");
    run();
    EXPECT_EQ(pair.target_sql().query("SELECT * FROM shop.d ORDER BY id"),
              pair.source_sql().query("SELECT id, v, more FROM shop.d ORDER BY id"));
    const auto shown = pair.run_program({"status", "--json", "--data-dir", pair.data_dir()});
    const bool as_sql = std::regex_search(shown.output, std::regex("\"shop\\.d\": *\""));
    EXPECT_EQ(as_sql, GetParam() == "sql") << shown.output;
}

// Keys that servers make by themselves, and columns that SELECT * does not show.
TEST_P(common_columns, may_be_invisible) {
    pair.source_sql().exec(
        "CREATE DATABASE shop; SET SESSION sql_generate_invisible_primary_key = ON; CREATE TABLE "
        "shop.g (v INT, gone INT INVISIBLE, i INT INVISIBLE, x INT AS (v + 1)); INSERT INTO shop.g "
        "(v, gone, i) VALUES (1, 1, 1), (2, 2, 2)");
    pair.target_sql().exec(
        "CREATE DATABASE shop; SET SESSION sql_generate_invisible_primary_key = ON; CREATE TABLE "
        "shop.g (x INT AS (v * 10) STORED, i INT, v INT, own INT DEFAULT 5 INVISIBLE)");
    run();
    pair.source_sql().exec(
        "UPDATE shop.g SET i = 20 WHERE v = 2; INSERT INTO shop.g (v) VALUES (3); "
        "DELETE FROM shop.g WHERE v = 1");
    run();
    EXPECT_EQ(
        pair.target_sql().scalar("SELECT GROUP_CONCAT(my_row_id, ':', v, ':', IFNULL(i, '-'), "
                                 "':', x, ':', own ORDER BY v) FROM shop.g"),
        "2:2:20:20:5,3:3:-:30:5");
}

INSTANTIATE_TEST_SUITE_P(by, common_columns, testing::Values("auto", "sql"),
                         [](const auto& info) { return info.param; });

TEST(differing_tables, that_cannot_take_the_columns_of_both_are_all_listed) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options());
    pair.source_sql().exec(
        "CREATE DATABASE shop; CREATE TABLE shop.fits (id INT PRIMARY KEY, v INT); CREATE TABLE "
        "shop.narrow (id INT PRIMARY KEY, v BIGINT, s VARCHAR(9)); CREATE TABLE shop.strict (id "
        "INT PRIMARY KEY, v INT); CREATE TABLE shop.keyed (id INT, k INT, v INT, PRIMARY KEY (id, "
        "k)); CREATE TABLE shop.made (id INT PRIMARY KEY, v INT); CREATE TABLE shop.uniq (id INT "
        "PRIMARY KEY, v INT); INSERT INTO shop.fits VALUES (1, 1)");
    pair.target_sql().exec(
        "CREATE DATABASE shop; CREATE TABLE shop.fits (v INT, id INT PRIMARY KEY); CREATE TABLE "
        "shop.narrow (id INT PRIMARY KEY, v INT, s CHAR(20)); CREATE TABLE shop.strict (id INT "
        "PRIMARY KEY, w INT NOT NULL); CREATE TABLE shop.keyed (id INT PRIMARY KEY, v INT); CREATE "
        "TABLE shop.made (id INT PRIMARY KEY, v INT AS (id * 2), w INT); CREATE TABLE shop.uniq "
        "(id "
        "INT PRIMARY KEY, v INT, w INT, UNIQUE KEY (v)); CREATE TRIGGER shop.tr AFTER INSERT ON "
        "shop.uniq FOR EACH ROW DO 0");
    const auto lists_all = AllOf(
        HasSubstr("`v` is BIGINT on the source and int on the target, which may not hold its"),
        HasSubstr("`s` is VARCHAR of at most 36 bytes on the source and char(20)"),
        HasSubstr("`w` is on the target alone, and NOT NULL without"),
        HasSubstr("`k` is part of a unique key of the source, and not on the target"),
        HasSubstr("`v` is computed on the target alone"),
        HasSubstr("its unique key `v` (`v`) is none of the source's"),
        HasSubstr("it has the trigger `tr`"));
    const auto checked = pair.run_task();
    EXPECT_NE(checked.status.code, 0);
    EXPECT_THAT(checked.error, lists_all);
    pair.options().more_of_task_file += "[precheck]\nwaive = [\"target.definitions\"]\n";
    pair.write_task_file();
    const auto refused = pair.run_task();
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.error, AllOf(lists_all, HasSubstr("`shop`.`narrow` on the target cannot "
                                                          "take the columns")));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.fits"), "0");

    pair.target_sql().exec("DROP TABLE shop.narrow, shop.strict, shop.keyed, shop.made, shop.uniq");
    const auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error;
    EXPECT_EQ(pair.target_sql().scalar("SELECT id FROM shop.fits"), "1");
}

TEST(differing_tables, need_the_names_of_columns_in_the_log) {
    auto how = options();
    how.source.extra_args.clear();
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, how);
    pair.source_sql().exec(source_table);
    pair.target_sql().exec(target_table);
    const auto checked = pair.run_task();
    EXPECT_NE(checked.status.code, 0);
    EXPECT_THAT(checked.error, HasSubstr("binlog_row_metadata = MINIMAL"));
}

TEST(differing_tables, of_an_old_source_are_refused_with_the_reason) {
    auto how = options();
    how.source.extra_args.clear();
    source_and_target pair(server_kind::mysql_56, server_kind::mysql_97, how);
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)");
    pair.target_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, w INT)");
    const auto checked = pair.run_task();
    EXPECT_NE(checked.status.code, 0);
    EXPECT_THAT(checked.error, HasSubstr("this server cannot log them"));
}

struct other_server {
    std::string name;
    server_kind source;
    server_kind target;
};

class common_columns_of : public testing::TestWithParam<other_server> {};

TEST_P(common_columns_of, other_servers_are_copied_and_followed) {
    auto how = options();
    how.target.extra_args = {"--max-allowed-packet=64M"};
    source_and_target pair(GetParam().source, GetParam().target, how);
    pair.source_sql().exec(
        "CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; CREATE TABLE "
        "shop.t (id INT PRIMARY KEY, s VARCHAR(10), gone INT, d DATETIME); INSERT INTO shop.t "
        "VALUES (1, 'a', 1, '2026-01-01'), (2, 'b', 2, NULL)");
    pair.target_sql().exec(
        "CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; CREATE TABLE "
        "shop.t (d DATETIME(3), s TEXT, own INT DEFAULT 7, id BIGINT PRIMARY KEY); INSERT INTO "
        "shop.t VALUES (NULL, 'mine', 8, 2)");
    const auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;
    const auto rows = [&] {
        return pair.target_sql().scalar("SELECT GROUP_CONCAT(id, s, own ORDER BY id) FROM shop.t");
    };
    EXPECT_EQ(rows(), "1a7,2mine8");
    pair.source_sql().exec("UPDATE shop.t SET s = 'c', gone = 9 WHERE id = 2; INSERT INTO shop.t "
                           "VALUES (3, 'd', 1, NULL); DELETE FROM shop.t WHERE id = 1");
    const auto followed = pair.run_task();
    ASSERT_EQ(followed.status.code, 0) << followed.error << followed.output;
    EXPECT_EQ(rows(), "2c8,3d7");
}

INSTANTIATE_TEST_SUITE_P(
    servers, common_columns_of,
    testing::Values(other_server{"from_mariadb", server_kind::mariadb_1011, server_kind::mysql_97},
                    other_server{"into_mariadb", server_kind::mysql_97, server_kind::mariadb_1011}),
    [](const auto& info) { return info.param.name; });

} // namespace
} // namespace understudy::test
