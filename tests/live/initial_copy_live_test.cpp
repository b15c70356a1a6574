// The initial copy by the program as a whole, while others write: tables with an invisible primary
// key, foreign keys in a circle, and a table that is large enough to be read in several parts.

#include "tests/support/background_writer.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

// A writer may be refused a lock, or a row whose parent went meanwhile; its next step gets through.
void try_exec(sql_client& sql, const std::string& statements) {
    try {
        sql.exec(statements);
    } catch (const sql_error&) {
        sql.exec("ROLLBACK");
    }
}

// Rows of one table that the copy has written so far; 0 while it is not begun.
std::uint64_t rows_copied(source_and_target& pair, const std::string& table) {
    try {
        return std::stoull(pair.target_sql().scalar(
            "SELECT COALESCE(SUM(row_count), 0) FROM understudy.copy_progress WHERE source_object "
            "= '" +
            table + "'"));
    } catch (const sql_error&) {
        return 0; // the meta database is not there yet
    }
}

void wait_for_rows(source_and_target& pair, running_task& task, const std::string& table) {
    EXPECT_TRUE(
        wait_until([&] { return rows_copied(pair, table) > 0 || !task.running(); }, 60s, 10ms));
    EXPECT_TRUE(task.running()) << task.error() << task.output();
}

void wait_for_end_of_copy(source_and_target& pair, running_task& task) {
    const auto is_through = [&] {
        try {
            return pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.copy_progress WHERE "
                                            "kind = 'data' AND state <> 'copied'") == "0" ||
                   !task.running();
        } catch (const sql_error&) {
            return !task.running();
        }
    };
    EXPECT_TRUE(wait_until(is_through, 60s, 50ms));
    EXPECT_TRUE(task.running()) << task.error() << task.output();
}

// What the source has now arrives, so the task is in its stream.
void wait_for_marker(source_and_target& pair, running_task& task) {
    pair.source_sql().exec("CREATE TABLE shop.marker (id INT PRIMARY KEY)");
    const auto is_there = [&] {
        return pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.tables WHERE "
                                        "table_schema = 'shop' AND table_name = 'marker'") == "1" ||
               !task.running();
    };
    EXPECT_TRUE(wait_until(is_there, 60s, 50ms));
    EXPECT_TRUE(task.running()) << task.error() << task.output();
}

void expect_equal_after(source_and_target& pair, running_task& task) {
    wait_for_marker(pair, task);
    task.signal(SIGTERM);
    const auto ended = task.wait(60s);
    ASSERT_TRUE(ended && ended->code == 0) << task.error() << task.output();
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
}

class invisible_key : public testing::Test {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shop.*"};
        made.source.extra_args = {"--sql-generate-invisible-primary-key=ON"};
        made.more_of_task_file =
            "[initial]\nchunk_bytes = \"64KiB\"\nrows_per_second_max = 15000\n";
        return made;
    }
    void SetUp() override {
        // Gaps and an order of their own: what is numbered anew on the target has other values.
        source().exec(
            "CREATE DATABASE shop; USE shop; SET SESSION cte_max_recursion_depth = 100000; CREATE "
            "TABLE notes (v VARCHAR(60), n INT, KEY (n)); INSERT INTO notes WITH RECURSIVE s (i) "
            "AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 30000) SELECT CONCAT('note ', i "
            "% 50), i % 7 FROM s; DELETE FROM notes WHERE my_row_id % 3 = 0; UPDATE notes SET "
            "my_row_id = my_row_id + 1000000 WHERE my_row_id % 10 = 1; CREATE TABLE codes (code "
            "VARCHAR(20) UNIQUE, v INT); INSERT INTO codes SELECT CONCAT('c', my_row_id), "
            "n FROM notes LIMIT 2000; DELETE FROM codes WHERE my_row_id < 100; CREATE TABLE twins "
            "(v INT); INSERT INTO twins VALUES (1), (1), (1), (2); DELETE FROM twins WHERE "
            "my_row_id = 2; CREATE TABLE keyed (id INT PRIMARY KEY); INSERT INTO keyed VALUES (7)");
    }
    sql_client& source() { return pair.source_sql(); }
    static void write(sql_client& sql, int i) {
        try_exec(sql, fmt::format("INSERT INTO shop.notes (v, n) VALUES ('new {0}', {0}), ('new "
                                  "{0}', {0}); UPDATE shop.notes SET v = 'changed {0}' WHERE "
                                  "my_row_id = {1}; DELETE FROM shop.notes WHERE my_row_id = {2}; "
                                  "UPDATE shop.notes SET my_row_id = my_row_id + 5000000 WHERE "
                                  "my_row_id = {3}; UPDATE shop.codes SET v = {0} ORDER BY code "
                                  "LIMIT 3; INSERT INTO shop.twins VALUES ({0} % 3)",
                                  i, 1 + i * 37 % 30000, 1 + i * 91 % 30000, 1 + i * 53 % 30000));
    }
    void expect_same_numbers(const std::string& table) {
        const std::string all = "SELECT my_row_id, v FROM shop." + table + " ORDER BY my_row_id";
        EXPECT_EQ(source().query(all), pair.target_sql().query(all)) << table;
        EXPECT_EQ(pair.target_sql().scalar("SELECT CONCAT(column_type, ' ', column_key, ' ', "
                                           "extra) FROM information_schema.columns WHERE "
                                           "table_schema = 'shop' AND column_name = 'my_row_id' "
                                           "AND table_name = '" +
                                           table + "'"),
                  "bigint unsigned PRI auto_increment INVISIBLE")
            << table;
    }

    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97, options()};
};

TEST_F(invisible_key, that_the_source_made_arrives_with_its_values_while_rows_change) {
    ASSERT_EQ(pair.target_sql().scalar("SELECT @@GLOBAL.sql_generate_invisible_primary_key"), "0");
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 2ms, write);
        wait_for_rows(pair, task, "notes");
        task.kill_9();
        task = pair.start_task();
        wait_for_end_of_copy(pair, task);
    }
    // Statements bring the source's setting, or the columns that it led to there.
    source().exec(
        "USE shop; CREATE TABLE later (v INT); INSERT INTO later VALUES (1), (2), (3); DELETE FROM "
        "later WHERE v = 2; CREATE TABLE alike LIKE notes; INSERT INTO alike (v) VALUES ('a'); "
        "CREATE TABLE chosen AS SELECT v FROM later; INSERT INTO chosen VALUES (9); ALTER TABLE "
        "notes ADD COLUMN w INT DEFAULT 5 FIRST; UPDATE notes SET w = 6 WHERE my_row_id % 11 = 0; "
        "TRUNCATE TABLE twins; INSERT INTO twins VALUES (8); SET SESSION "
        "sql_generate_invisible_primary_key = OFF; CREATE TABLE keyless (v INT); INSERT INTO "
        "keyless VALUES (1), (1)");
    expect_equal_after(pair, task);
    for (const char* table : {"notes", "codes", "twins", "later", "alike", "chosen"})
        expect_same_numbers(table);
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.columns WHERE "
                                       "table_schema = 'shop' AND table_name = 'keyless'"),
              "1");
    source().exec("USE shop; ALTER TABLE notes ALTER COLUMN my_row_id SET VISIBLE; INSERT INTO "
                  "notes (my_row_id, v) VALUES (900, 'given') ON DUPLICATE KEY UPDATE v = 'taken'; "
                  "ALTER TABLE later DROP PRIMARY KEY, DROP COLUMN my_row_id, ADD COLUMN id INT "
                  "PRIMARY KEY AUTO_INCREMENT");
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

// Two and three tables that refer to each other in a circle, with ON DELETE CASCADE.
class foreign_key_circle : public testing::TestWithParam<server_kind> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shop.*"};
        made.more_of_task_file =
            "[initial]\nchunk_bytes = \"64KiB\"\nrows_per_second_max = 10000\n";
        return made;
    }
    void SetUp() override {
        const std::string table = "CREATE TABLE {} (id INT PRIMARY KEY AUTO_INCREMENT, {}_id INT, "
                                  "v VARCHAR(60)) ENGINE=InnoDB;";
        std::string sql = "CREATE DATABASE shop; USE shop;";
        for (const auto& [child, parent] : references)
            sql += fmt::format(fmt::runtime(table), child, parent);
        source().exec(sql);
        for (const auto& [child, parent] : references) {
            source().exec(fmt::format("INSERT INTO {0} (v) VALUES ('1'), ('2'), ('3'), ('4'), "
                                      "('5')",
                                      child));
            for (int i = 0; i < 10; ++i)
                source().exec(
                    fmt::format("INSERT INTO {0} (v) SELECT CONCAT('row ', id) FROM {0}", child));
        }
        // Each row refers to the one with its number; AUTO_INCREMENT left the same gaps in all.
        for (const auto& [child, parent] : references) {
            source().exec(fmt::format(
                "UPDATE {0} SET {1}_id = id; ALTER TABLE {0} ADD CONSTRAINT {0}_to_{1} FOREIGN KEY "
                "({1}_id) REFERENCES {1} (id) ON DELETE CASCADE",
                child, parent));
        }
    }
    sql_client& source() { return pair.source_sql(); }
    static void write(sql_client& sql, int i) {
        try_exec(sql, fmt::format(
                          // A new circle of two, closed by an UPDATE.
                          "USE shop; START TRANSACTION; INSERT INTO man (v) VALUES ('m{0}'); SET "
                          "@man = LAST_INSERT_ID(); INSERT INTO wife (man_id, v) VALUES (@man, "
                          "'w{0}'); UPDATE man SET wife_id = LAST_INSERT_ID() WHERE id = @man; "
                          "COMMIT;"
                          // And one of three.
                          "START TRANSACTION; INSERT INTO stone (v) VALUES ('s{0}'); SET @stone = "
                          "LAST_INSERT_ID(); INSERT INTO shears (stone_id, v) VALUES (@stone, "
                          "'c{0}'); INSERT INTO paper (shears_id, v) VALUES (LAST_INSERT_ID(), "
                          "'p{0}'); UPDATE stone SET paper_id = LAST_INSERT_ID() WHERE id = "
                          "@stone; COMMIT;"
                          // Opened, and then deleted from its one end to the other.
                          "UPDATE man SET wife_id = NULL WHERE id = {1}; DELETE FROM man WHERE id "
                          "= {1}; UPDATE stone SET paper_id = NULL WHERE id = {2}; DELETE FROM "
                          "stone WHERE id = {2};"
                          // Deleted while it is closed.
                          "DELETE FROM man WHERE id = {5}; DELETE FROM shears WHERE id = {5};"
                          // Many refer to one.
                          "UPDATE wife SET man_id = {3}, v = 'moved {0}' WHERE id = {4}; UPDATE "
                          "paper SET shears_id = {3} WHERE id BETWEEN {4} AND {4} + 3",
                          i, 1 + i * 7 % 4000, 1 + i * 11 % 4000, 1 + i * 13 % 4000,
                          1 + i * 17 % 4000, 4500 + i));
    }

    static constexpr std::array<std::pair<const char*, const char*>, 5> references{
        {{"man", "wife"},
         {"wife", "man"},
         {"stone", "paper"},
         {"shears", "stone"},
         {"paper", "shears"}}};
    source_and_target pair{GetParam(), server_kind::mysql_97, options()};
};

TEST_P(foreign_key_circle, arrives_whole_while_rows_of_it_change) {
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 4ms, write);
        wait_for_rows(pair, task, "stone");
        task.kill_9();
        task = pair.start_task();
        wait_for_end_of_copy(pair, task);
    }
    expect_equal_after(pair, task);
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema."
                                       "referential_constraints WHERE constraint_schema = 'shop' "
                                       "AND delete_rule = 'CASCADE'"),
              "5");
    // MySQL from 9.6 on leaves some itself where a cascade comes back to the table it began in.
    for (const auto& [child, parent] : references) {
        const auto orphans =
            fmt::format("SELECT COUNT(*) FROM shop.{0} c LEFT JOIN shop.{1} p ON p.id = c.{1}_id "
                        "WHERE c.{1}_id IS NOT NULL AND p.id IS NULL",
                        child, parent);
        EXPECT_EQ(pair.target_sql().scalar(orphans), source().scalar(orphans)) << child;
    }
    // The keys are in force, and the stream goes on through them.
    EXPECT_THROW(pair.target_sql().exec("INSERT INTO shop.wife (man_id) VALUES (99999999)"),
                 sql_error);
    source().exec("USE shop; ALTER TABLE man DROP FOREIGN KEY man_to_wife; DELETE FROM man WHERE "
                  "id < 50; ALTER TABLE paper ADD COLUMN note INT DEFAULT 5; DELETE "
                  "FROM wife WHERE id > 4000");
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(of, foreign_key_circle,
                         testing::Values(server_kind::mysql_97, server_kind::mysql_56,
                                         server_kind::mariadb_1011),
                         [](const auto& of) { return test_name(of.param); });

// 1.2 million rows of a key that goes from below 2^63 to above it. The server doubles them.
void make_large_table(sql_client& sql) {
    sql.exec("SET SESSION sql_log_bin = 0; CREATE DATABASE shop; CREATE TABLE shop.visits (id "
             "BIGINT UNSIGNED, day SMALLINT NOT NULL, n INT, PRIMARY KEY (id, day), KEY (n)); "
             "INSERT INTO shop.visits VALUES (9223372036854175808, 0, 0)");
    for (int have = 1; have < 1'200'000; have *= 2) {
        sql.exec(fmt::format("INSERT INTO shop.visits SELECT id + {0}, (n + {0}) % 365, n + {0} "
                             "FROM shop.visits WHERE n + {0} < 1200000",
                             have));
    }
    sql.exec("ANALYZE TABLE shop.visits; SET SESSION sql_log_bin = 1");
}

TEST(large_table, is_copied_in_parts_that_go_on_after_kills_while_rows_change) {
    pair_options options;
    options.objects.include = {"shop.*"};
    options.more_of_task_file = "[initial]\nchunk_bytes = \"1MiB\"\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    make_large_table(pair.source_sql());
    const auto write = [](sql_client& sql, int i) {
        const std::string id = "9223372036854175808";
        const auto row = [i](std::uint64_t step) {
            return static_cast<std::uint64_t>(i) * step % 1'200'000;
        };
        try_exec(sql,
                 fmt::format("UPDATE shop.visits SET n = n + 1 WHERE id BETWEEN {0} + {1} AND "
                             "{0} + {1} + 20; DELETE FROM shop.visits WHERE id = {0} + {2}; "
                             "INSERT INTO shop.visits VALUES ({0} + {3}, 400, {3}), ({0} + "
                             "1200000 + {4}, 1, {4}), ({0} - 1 - {4}, 1, {4}); UPDATE "
                             "shop.visits SET id = id + 1300000 WHERE id = {0} + {5}; UPDATE "
                             "shop.visits SET day = day + 500 WHERE id = {0} + {6}",
                             id, row(7919), row(104729), row(1299709), i, row(15485), row(32452)));
    };
    // What is written of each part that has begun.
    const auto parts = [&] {
        std::vector<std::uint64_t> rows;
        for (const auto& row : pair.target_sql().query(
                 "SELECT row_count FROM understudy.copy_progress WHERE kind = 'data' AND "
                 "source_object = 'visits' AND row_count > 0 ORDER BY part"))
            rows.push_back(std::stoull(row[0].value()));
        return rows;
    };
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 2ms, write);
        for (const std::uint64_t rows : {150'000ULL, 500'000ULL}) {
            EXPECT_TRUE(wait_until(
                [&] { return rows_copied(pair, "visits") > rows || !task.running(); }, 60s, 5ms));
            EXPECT_TRUE(task.running()) << task.error() << task.output();
            task.kill_9();
            const auto killed_at = parts();
            EXPECT_THAT(killed_at, SizeIs(2)) << "both parts were to have begun";
            EXPECT_LT(rows_copied(pair, "visits"), 1'150'000) << "the kill came too late";
            task = pair.start_task();
            std::this_thread::sleep_for(500ms);
            const auto then = parts();
            ASSERT_THAT(then, SizeIs(2));
            for (std::size_t i = 0; i < 2; ++i)
                EXPECT_GE(then[i], killed_at[i]) << "part " << i << " began anew";
        }
        wait_for_end_of_copy(pair, task);
    }
    expect_equal_after(pair, task);
}

// Nearly all rows have one value of the first column of their key, the second is text.
TEST(large_table, with_text_for_a_key_is_copied_in_parts_that_go_on_after_a_kill) {
    pair_options options;
    options.objects.include = {"shop.*"};
    options.more_of_task_file = "[initial]\nchunk_bytes = \"1MiB\"\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    auto& sql = pair.source_sql();
    sql.exec("SET SESSION sql_log_bin = 0; CREATE DATABASE shop; CREATE TABLE shop.visits (kind "
             "VARCHAR(10), k CHAR(32), n INT, PRIMARY KEY (kind, k)); INSERT INTO shop.visits "
             "VALUES ('view', LEFT(SHA2(0, 256), 32), 0)");
    for (int have = 1; have < 1'100'000; have *= 2) {
        sql.exec(fmt::format(
            "INSERT INTO shop.visits SELECT IF((n + {0}) % 50 = 0, 'Click', "
            "'view'), LEFT(SHA2(n + {0}, 256), 32), n + {0} FROM shop.visits WHERE n + {0} < "
            "1100000",
            have));
    }
    sql.exec("ANALYZE TABLE shop.visits; SET SESSION sql_log_bin = 1");
    const auto write = [](sql_client& client, int i) {
        try_exec(client,
                 fmt::format(
                     "UPDATE shop.visits SET n = -1 WHERE k = LEFT(SHA2({0}, 256), 32) AND kind IN "
                     "('view', 'click'); DELETE FROM shop.visits WHERE k = "
                     "LEFT(SHA2({1}, 256), 32) AND kind IN ('view', 'click'); INSERT INTO "
                     "shop.visits VALUES ('view', LEFT(SHA2(-{0}, 256), 32), {0})",
                     i * 7919 % 1'100'000, i * 15'485 % 1'100'000));
    };
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 2ms, write);
        EXPECT_TRUE(wait_until(
            [&] { return rows_copied(pair, "visits") > 200'000 || !task.running(); }, 60s, 5ms));
        EXPECT_TRUE(task.running()) << task.error() << task.output();
        task.kill_9();
        EXPECT_EQ(pair.target_sql().scalar(
                      "SELECT COUNT(*) FROM understudy.copy_progress WHERE kind = 'data' AND "
                      "source_object = 'visits' AND row_count > 0"),
                  "2");
        EXPECT_LT(rows_copied(pair, "visits"), 1'050'000) << "the kill came too late";
        task = pair.start_task();
        wait_for_end_of_copy(pair, task);
    }
    expect_equal_after(pair, task);
}

} // namespace
} // namespace understudy::test
