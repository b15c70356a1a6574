// Several tables of one source, or of two, in one table of the target: copy, stream, crashes, and
// what alters all of them.

#include "tests/support/background_writer.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

constexpr int shards = 3;

// Each has ids of its own, from n * 1,000,000 on.
void make_shard(sql_client& sql, int n, int rows) {
    sql.exec(fmt::format(
        "CREATE DATABASE shard_{0}; USE shard_{0}; CREATE TABLE orders (id BIGINT PRIMARY KEY, "
        "shop VARCHAR(20), total DECIMAL(8,2), KEY (shop)); CREATE TABLE visits (id INT PRIMARY "
        "KEY, n INT); INSERT INTO visits VALUES (1, 0); SET SESSION cte_max_recursion_depth = "
        "100000; INSERT INTO orders WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM "
        "n WHERE i < {1}) SELECT {0} * 1000000 + i, CONCAT('shop ', i % 7), i % 100 FROM n",
        n, rows));
}

std::string all_orders(int count, std::string_view columns) {
    std::string sql;
    for (int n = 1; n <= count; ++n)
        sql += fmt::format("{}SELECT {} FROM shard_{}.orders", n == 1 ? "" : " UNION ALL ", columns,
                           n);
    return sql + " ORDER BY id";
}

// Inserts, updates, moves and deletes rows of every shard, as long as it lives.
void write(sql_client& sql, int i) {
    const int shard = 1 + i % shards;
    sql.exec(
        fmt::format("UPDATE shard_{0}.orders SET total = total + 1 WHERE id BETWEEN {0} * "
                    "1000000 "
                    "+ {1} AND {0} * 1000000 + {1} + 9; INSERT INTO shard_{0}.orders (id, shop, "
                    "total) VALUES ({0} * 1000000 + 500000 + {2}, 'new', {2} % 50); DELETE FROM "
                    "shard_{0}.orders WHERE id = {0} * 1000000 + {1} + 3; UPDATE "
                    "shard_{0}.orders "
                    "SET id = id + 250000 WHERE id = {0} * 1000000 + {1} + 5; UPDATE "
                    "shard_{0}.visits SET n = n + 1",
                    shard, (i * 37) % 3000, i));
}

// As row images, or as SQL.
class merged_tables : public testing::TestWithParam<bool> {
protected:
    merged_tables() : pair_(server_kind::mysql_97, server_kind::mysql_97, options()) {
        for (int n = 1; n <= shards; ++n)
            make_shard(source(), n, 3000);
    }
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shard_*.*"};
        made.objects.rename = {{"shard_*.orders", "dw.orders"}};
        made.source.extra_args = {"--binlog-row-metadata=FULL"};
        made.more_of_task_file = "merge = [\"dw.orders\"]\nmerged_ddl = \"once\"\n[initial]\n"
                                 "chunk_bytes = \"64KiB\"\n";
        if (GetParam()) made.more_of_task_file += "[apply]\nwriter = \"sql\"\n";
        return made;
    }
    sql_client& source() { return pair_.source_sql(); }
    sql_client& target() { return pair_.target_sql(); }
    bool target_says(const std::string& query, const std::string& wanted) {
        return wait_until([&] { return target().scalar(query) == wanted; }, 30s, 50ms);
    }
    void expect_merged(int count = shards, std::string_view columns = "id, shop, total") {
        const auto done = pair_.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_EQ(source().query(all_orders(count, columns)),
                  target().query(fmt::format("SELECT {} FROM dw.orders ORDER BY id", columns)));
        for (int n = 1; n <= count; ++n) {
            const auto visits = fmt::format("SELECT n FROM shard_{}.visits", n);
            EXPECT_EQ(source().scalar(visits), target().scalar(visits));
        }
        EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
    }
    void expect_stop(const testing::Matcher<const std::string&>& what) {
        const auto stopped = pair_.run_task();
        EXPECT_EQ(stopped.status.code, 1);
        EXPECT_THAT(stopped.error + stopped.output, what);
    }

    source_and_target pair_;
};

TEST_P(merged_tables, hold_the_rows_of_all_through_crashes) {
    {
        const background_writer load(pair_.source(), 2ms, write);
        for (int crash = 0; crash < 3; ++crash) {
            auto task = pair_.start_task();
            std::this_thread::sleep_for(crash == 0 ? 1200ms : 2500ms);
            EXPECT_TRUE(task.running()) << task.error() << task.output();
            task.kill_9();
        }
    }
    expect_merged();
    // One that comes later has its definition already.
    make_shard(source(), 4, 50);
    expect_merged(4);
}

constexpr auto changed_columns = "id, shop, total, note";

TEST_P(merged_tables, are_altered_once_when_all_have_come_to_it) {
    expect_merged();
    auto task = pair_.start_task();
    source().exec(
        "ALTER TABLE shard_1.orders ADD COLUMN note VARCHAR(20) DEFAULT 'none'; INSERT "
        "INTO shard_1.orders VALUES (1900000, 'x', 1, 'one'); UPDATE shard_1.visits SET n "
        "= 70; INSERT INTO shard_2.orders VALUES (2900000, 'x', 1)");
    EXPECT_TRUE(target_says("SELECT n FROM shard_1.visits", "70")) << task.error() << task.output();
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM dw.orders WHERE id = 2900000", "1"));
    source().exec("USE shard_2; alter table /* the same */ `orders` add column note varchar(20) "
                  "default 'none'; UPDATE orders SET note = 'two' WHERE id = 2900000");
    const auto waits = [&] {
        return pair_.run_program({"status", "--data-dir", pair_.data_dir(), "--json"})
            .output.contains("waits for `shard_3`.`orders` of task test");
    };
    EXPECT_TRUE(wait_until(waits, 30s, 200ms))
        << pair_.run_program({"status", "--data-dir", pair_.data_dir(), "--json"}).output;
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM dw.orders WHERE id IN (1900000)"), "0");
    source().exec("USE shard_3; ALTER TABLE shard_3.orders ADD COLUMN note VARCHAR(20) DEFAULT "
                  "'none'; DELETE FROM orders WHERE id = 3000001");
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = "
                            "'dw' AND column_name = 'note'",
                            "1"))
        << task.error() << task.output();
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM dw.orders WHERE note = 'one'", "1"));
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM dw.orders WHERE note = 'two'", "1"));
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM understudy.quarantine", "0"));
    // All of them are like any other again.
    source().exec("CREATE INDEX n ON shard_1.orders (note); CREATE INDEX n ON shard_2.orders "
                  "(note); CREATE INDEX n ON shard_3.orders (note)");
    EXPECT_TRUE(target_says("SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema "
                            "= 'dw' AND index_name = 'n'",
                            "1"));
    task.signal(SIGTERM);
    static_cast<void>(task.wait(60s));
    expect_merged(shards, changed_columns);
}

TEST_P(merged_tables, are_altered_once_through_crashes) {
    expect_merged();
    {
        const background_writer load(pair_.source(), 2ms, write);
        for (int n = 1; n <= shards; ++n) {
            source().exec(fmt::format("ALTER TABLE shard_{0}.orders ADD COLUMN note VARCHAR(20) "
                                      "DEFAULT 'none', ADD INDEX (note, id)",
                                      n));
            for (int crash = 0; crash < 3; ++crash) {
                auto task = pair_.start_task();
                std::this_thread::sleep_for(std::chrono::milliseconds(500 + 400 * crash));
                EXPECT_TRUE(task.running()) << task.error() << task.output();
                task.kill_9();
            }
        }
    }
    expect_merged(shards, changed_columns);
}

TEST_P(merged_tables, that_differ_stop_the_task) {
    expect_merged();
    source().exec("ALTER TABLE shard_1.orders ADD COLUMN note VARCHAR(20); ALTER TABLE "
                  "shard_2.orders ADD COLUMN note VARCHAR(30)");
    expect_stop(AllOf(HasSubstr("`shard_2`.`orders` got"), HasSubstr("varchar ( 30 )"),
                      HasSubstr("`shard_1`.`orders` of task test got"), HasSubstr("varchar ( 20 )"))
                    .operator testing::Matcher<const std::string&>());
}

TEST_P(merged_tables, are_not_emptied_or_dropped_for_one_of_them) {
    expect_merged();
    source().exec("TRUNCATE TABLE shard_1.orders");
    expect_stop(HasSubstr("the rows of `shard_1`.`orders` are in `dw`.`orders`"));
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM dw.orders"), "9000");
}

TEST_P(merged_tables, with_one_key_in_two_stop_the_copy) {
    source().exec("INSERT INTO shard_2.orders VALUES (1000007, 'taken', 1)");
    expect_stop(AllOf(HasSubstr("1000007"), HasSubstr("has a key that its table of the target has"))
                    .operator testing::Matcher<const std::string&>());
}

// Its rows could not be told from those of others.
TEST_P(merged_tables, are_not_copied_anew_for_one_of_them) {
    expect_merged();
    const auto asked =
        pair_.run_program({"reload", pair_.task_file(), "--table", "shard_1.orders"});
    EXPECT_EQ(asked.status.code, 0) << asked.error << asked.output;
    expect_stop(HasSubstr("is merged into `dw`.`orders`"));
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM dw.orders"), "9000");
}

TEST_P(merged_tables, get_what_only_one_got_left_out_there) {
    expect_merged();
    source().exec("CREATE INDEX hot ON shard_1.orders (total)");
    const std::string executed = source().scalar("SELECT @@GLOBAL.gtid_executed");
    const std::string first = executed.substr(0, executed.find(':')) +
                              executed.substr(executed.rfind('-')).replace(0, 1, ":");
    source().exec("ALTER TABLE shard_1.orders ADD n INT; ALTER TABLE shard_2.orders ADD n INT; "
                  "ALTER TABLE shard_3.orders ADD n INT");
    const auto stopped = pair_.run_task();
    ASSERT_EQ(stopped.status.code, 1);
    const std::string said = stopped.error + stopped.output;
    const auto sql = said.find("UPDATE `understudy`.`merged_part`");
    const std::string last = "NOT `is_done`;";
    ASSERT_NE(sql, std::string::npos) << said;
    target().exec(said.substr(sql, said.find(last, sql) + last.size() - sql));
    const auto skipped = pair_.run_program({"skip", pair_.task_file(), "--at", first});
    EXPECT_EQ(skipped.status.code, 0) << skipped.error << skipped.output;
    expect_merged(shards, "id, shop, total, n");
}

INSTANTIATE_TEST_SUITE_P(, merged_tables, testing::Bool(),
                         [](const auto& of) { return of.param ? "sql" : "row_image"; });

// The same ids on both, which a column of the target tells apart.
class merged_sources : public testing::Test {
protected:
    merged_sources()
        : pair_(server_kind::mysql_97, server_kind::mysql_97, options(1)),
          second_(live_server::start(server_kind::mysql_97,
                                     {.extra_args = {"--binlog-row-metadata=FULL"}})) {
        for (auto* sql : {&pair_.source_sql(), &second_sql_}) {
            sql->exec("CREATE DATABASE shop; USE shop; CREATE TABLE orders (id INT AUTO_INCREMENT "
                      "PRIMARY KEY, name VARCHAR(20)); INSERT INTO orders (name) VALUES ('a'), "
                      "('b'), ('c')");
        }
        const sql_endpoint account = pair_.source_account();
        second_sql_.exec(fmt::format("CREATE USER {0}@'%' IDENTIFIED BY '{1}'; GRANT ALL ON *.* TO "
                                     "{0}@'%'",
                                     account.user, account.password));
        pair_.target_sql().exec(
            "CREATE DATABASE dw; CREATE TABLE dw.orders (shard BIGINT NOT NULL, id INT NOT NULL, "
            "name VARCHAR(20), PRIMARY KEY (shard, id))");
        write_second_task();
    }
    static pair_options options(int shard) {
        pair_options made;
        made.objects.include = {"shop.orders"};
        made.objects.rename = {{"shop.orders", "dw.orders"}};
        made.source.extra_args = {"--binlog-row-metadata=FULL"};
        made.more_of_task_file = fmt::format("merge = [\"dw.*\"]\nmerged_ddl = \"once\"\n"
                                             "[objects.tables.\"shop.orders\"]\nadd_columns = {{ "
                                             "shard = {} }}\n",
                                             shard);
        return made;
    }
    void write_second_task() {
        std::string text = file_text(pair_.task_file());
        const auto replace = [&](const std::string& from, const std::string& to) {
            const auto at = text.find(from);
            ASSERT_NE(at, std::string::npos) << from << " in " << text;
            text.replace(at, from.size(), to);
        };
        replace("name = \"test\"", "name = \"second\"");
        replace(fmt::format("port = {}", pair_.source().port()),
                fmt::format("port = {}", second_.port()));
        replace("shard = 1", "shard = 2");
        std::ofstream(second_task()) << text;
    }
    std::filesystem::path second_task() const { return directory_.path() / "second.toml"; }
    finished_process run_second() {
        return pair_.run_program({"run", second_task(), "--data-dir", directory_.path() / "data",
                                  "--until", "caught-up"});
    }
    void run_both() {
        const auto first = pair_.run_task();
        EXPECT_EQ(first.status.code, 0) << first.error << first.output;
        const auto second = run_second();
        EXPECT_EQ(second.status.code, 0) << second.error << second.output;
    }
    void expect_equal(std::string_view columns) {
        const auto wanted = fmt::format("SELECT {} FROM shop.orders ORDER BY id", columns);
        for (auto [shard, sql] : {std::pair(1, &pair_.source_sql()), std::pair(2, &second_sql_)}) {
            EXPECT_EQ(
                sql->query(wanted),
                pair_.target_sql().query(fmt::format(
                    "SELECT {} FROM dw.orders WHERE shard = {} ORDER BY id", columns, shard)));
        }
    }

    source_and_target pair_;
    scratch_directory directory_{"second"};
    live_server second_;
    sql_client second_sql_ = second_.root();
};

TEST_F(merged_sources, are_altered_once_for_both_tasks) {
    run_both();
    expect_equal("id, name");
    pair_.source_sql().exec("ALTER TABLE shop.orders ADD COLUMN n INT DEFAULT 5; INSERT INTO "
                            "shop.orders (name, n) VALUES ('d', 6); UPDATE shop.orders SET n = 9 "
                            "WHERE id = 1");
    auto task = pair_.start_task();
    const auto waits = [&] {
        return pair_.run_program({"status", "--data-dir", pair_.data_dir(), "--json"})
            .output.contains("waits for `shop`.`orders` of task second");
    };
    EXPECT_TRUE(wait_until(waits, 30s, 200ms)) << task.error() << task.output();
    second_sql_.exec("DELETE FROM shop.orders WHERE id = 2; ALTER TABLE shop.orders ADD COLUMN n "
                     "INT DEFAULT 5; INSERT INTO shop.orders (name, n) VALUES ('e', 7)");
    const auto second = run_second();
    EXPECT_EQ(second.status.code, 0) << second.error << second.output;
    task.signal(SIGTERM);
    static_cast<void>(task.wait(60s));
    run_both();
    expect_equal("id, name, n");
}

TEST_F(merged_sources, with_another_definition_stop_the_copy_and_leave_the_others) {
    const auto first = pair_.run_task();
    ASSERT_EQ(first.status.code, 0) << first.error << first.output;
    second_sql_.exec("ALTER TABLE shop.orders ADD COLUMN n INT");
    const auto second = run_second();
    EXPECT_EQ(second.status.code, 1);
    EXPECT_THAT(second.error + second.output,
                HasSubstr("does not have the columns of `shop`.`orders`"));
    EXPECT_EQ(pair_.target_sql().scalar("SELECT COUNT(*) FROM dw.orders"), "3");
}

} // namespace
} // namespace understudy::test
