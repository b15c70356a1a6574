// objects.on_rename = "follow": a selected table that is renamed to a name outside goes on there.

#include "tests/live/source_case.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class followed_rename : public testing::TestWithParam<source_case> {
protected:
    followed_rename() : pair_(GetParam().kind, server_kind::mysql_97, options()) {
        source().exec("CREATE DATABASE shop; USE shop; CREATE TABLE orders (id INT PRIMARY KEY, v "
                      "VARCHAR(20)); CREATE TABLE other (id INT PRIMARY KEY); CREATE TABLE outside "
                      "(id INT PRIMARY KEY); INSERT INTO orders VALUES (1, 'a'), (2, 'b'); INSERT "
                      "INTO other VALUES (1); INSERT INTO outside VALUES (7)");
        const auto copied = pair_.run_task();
        EXPECT_EQ(copied.status.code, 0) << copied.error << copied.output;
    }
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shop.orders", "shop.other"};
        made.more_of_task_file = "on_rename = \"follow\"\n";
        made.source.gtid = made.target.gtid = GetParam().gtid;
        return made;
    }
    sql_client& source() { return pair_.source_sql(); }
    sql_client& target() { return pair_.target_sql(); }
    // These tables are equal, and the target has no others.
    void expect_equal(std::vector<std::string> tables) {
        const auto done = pair_.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        object_selection all;
        std::string names;
        for (const std::string& table : tables) {
            all.include.push_back("shop." + table);
            names += (names.empty() ? "" : ",") + table;
        }
        EXPECT_THAT(compare(source(), target(), all), IsEmpty());
        EXPECT_EQ(target().scalar("SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM "
                                  "information_schema.tables WHERE table_schema = 'shop'"),
                  names);
    }

    source_and_target pair_;
};

// What older servers log of it too.
class followed_rename_of_each_source : public followed_rename {};

TEST_P(followed_rename_of_each_source, keeps_the_table_under_its_new_name) {
    source().exec("USE shop; RENAME TABLE orders TO orders_2025; INSERT INTO orders_2025 VALUES "
                  "(3, 'c'); CREATE TABLE orders (id INT PRIMARY KEY, n INT); INSERT INTO orders "
                  "VALUES (9, 9); ALTER TABLE orders_2025 ADD COLUMN more INT; UPDATE orders_2025 "
                  "SET more = id");
    expect_equal({"orders", "orders_2025", "other"});
    source().exec("USE shop; DELETE FROM orders_2025 WHERE id = 1; ALTER TABLE orders_2025 RENAME "
                  "TO history; INSERT INTO history VALUES (4, 'd', 4)");
    expect_equal({"history", "orders", "other"});
    // A name is free again when its table has gone.
    source().exec(
        "USE shop; CREATE TABLE orders_2025 (id INT PRIMARY KEY); RENAME TABLE history TO "
        "h1, h1 TO h2; INSERT INTO h2 VALUES (5, 'e', 5)");
    expect_equal({"h2", "orders", "other"});
    source().exec(
        "USE shop; DROP TABLE h2; CREATE TABLE h2 (id INT PRIMARY KEY); DROP TABLE other; "
        "RENAME TABLE orders TO other");
    expect_equal({"other"});
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM understudy.followed"), "0");
}

TEST_P(followed_rename, into_another_database_makes_that_on_the_target) {
    source().exec("CREATE DATABASE archive; RENAME TABLE shop.orders TO archive.orders_2025; "
                  "INSERT INTO archive.orders_2025 VALUES (3, 'c'); ALTER TABLE "
                  "archive.orders_2025 ADD COLUMN more INT");
    expect_equal({"other"});
    object_selection moved;
    moved.include = {"archive.orders_2025"};
    EXPECT_THAT(compare(source(), target(), moved), IsEmpty());
}

TEST_P(followed_rename_of_each_source, into_the_selection_copies) {
    source().exec("USE shop; RENAME TABLE orders TO orders_old, outside TO orders; INSERT INTO "
                  "orders VALUES (8)");
    expect_equal({"orders", "other"});
    source().exec("USE shop; RENAME TABLE orders TO kept; RENAME TABLE kept TO orders; INSERT INTO "
                  "orders VALUES (10)");
    expect_equal({"orders", "other"});
}

TEST_P(followed_rename_of_each_source, survives_kills) {
    for (int i = 0; i < 6; ++i) {
        auto task = pair_.start_task();
        std::thread load([&, sql = pair_.source().root()]() mutable {
            const std::string from = i == 0 ? "orders" : fmt::format("old_{}", i - 1);
            sql.exec(fmt::format("USE shop; INSERT INTO {0} VALUES ({2}, 'x'); RENAME TABLE {0} TO "
                                 "{1}; INSERT INTO {1} VALUES ({3}, 'y'); INSERT INTO other VALUES "
                                 "({2})",
                                 from, fmt::format("old_{}", i), 100 + i, 200 + i));
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(700 + 350 * i));
        load.join();
        EXPECT_TRUE(task.running()) << task.error() << task.output();
        task.kill_9();
    }
    expect_equal({"old_5", "other"});
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM understudy.followed"), "1");
}

TEST_P(followed_rename, goes_on_while_the_task_runs) {
    auto task = pair_.start_task();
    source().exec("USE shop; RENAME TABLE orders TO orders_2025; INSERT INTO orders_2025 VALUES "
                  "(3, 'c')");
    const auto is_there = [&] {
        return target().scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema "
                               "= 'shop' AND table_name = 'orders_2025'") == "1" &&
               target().scalar("SELECT COUNT(*) FROM shop.orders_2025") == "3";
    };
    EXPECT_TRUE(wait_until(is_there, 30s, 100ms)) << task.error() << task.output();
    task.signal(SIGTERM);
    const auto ended = task.wait(60s);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->code, 0) << task.error();
    expect_equal({"orders_2025", "other"});
}

TEST_P(followed_rename, is_known_to_commands_by_the_new_name) {
    source().exec("USE shop; RENAME TABLE orders TO orders_2025; INSERT INTO orders_2025 VALUES "
                  "(3, 'c')");
    expect_equal({"orders_2025", "other"});
    const auto command = [&](const char* verb, const char* table) {
        return pair_
            .run_program(
                {verb, pair_.task_file(), "--table", table, "--data-dir", pair_.data_dir()})
            .status.code;
    };
    EXPECT_EQ(command("reload", "shop.outside"), 2);
    target().exec("DELETE FROM shop.orders_2025");
    EXPECT_EQ(command("quarantine", "shop.orders_2025"), 0);
    EXPECT_EQ(pair_.run_task().status.code, 1); // it is set aside
    EXPECT_EQ(command("reload", "shop.orders_2025"), 0);
    expect_equal({"orders_2025", "other"});
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM shop.orders_2025"), "3");
}

INSTANTIATE_TEST_SUITE_P(, followed_rename,
                         testing::Values(source_case{}, source_case{server_kind::mysql_97, false}),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(, followed_rename_of_each_source,
                         testing::Values(source_case{}, source_case{server_kind::mysql_97, false},
                                         source_case{server_kind::mysql_56},
                                         source_case{server_kind::mariadb_1011}),
                         name_of_case);

// The three policies, one after the other, where older servers log the statements.
class rename_of_older_source : public testing::TestWithParam<source_case> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shop.orders", "shop.other", "late.t*"};
        made.source.gtid = GetParam().gtid;
        return made;
    }
    void use(const std::string& policy) {
        pair.options().more_of_task_file = "on_rename = \"" + policy + "\"\n";
        pair.write_task_file();
    }
    void expect_equal(std::vector<std::string> tables) {
        const auto done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_THAT(compare(source(), pair.target_sql(), {.include = std::move(tables)}),
                    IsEmpty());
    }
    sql_client& source() { return pair.source_sql(); }

    source_and_target pair{GetParam().kind, server_kind::mysql_97, options()};
};

TEST_P(rename_of_older_source, stops_backfills_and_is_followed_as_the_task_says) {
    use("stop");
    source().exec(
        "CREATE DATABASE shop; CREATE DATABASE late; USE shop; CREATE TABLE orders (id INT PRIMARY "
        "KEY, v VARCHAR(20)) ENGINE=InnoDB; CREATE TABLE other (id INT PRIMARY KEY) ENGINE=InnoDB; "
        "CREATE TABLE outside (id INT PRIMARY KEY, n INT) ENGINE=InnoDB; CREATE TABLE late.t1 (id "
        "INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO orders VALUES (1, 'a'), (2, 'b'); INSERT INTO "
        "outside VALUES (7, 7)");
    expect_equal({"shop.orders", "shop.other", "late.*"});
    // Many at once, across databases and in a ring, all of them selected.
    source().exec("RENAME TABLE shop.orders TO late.t2, late.t1 TO shop.orders, shop.other TO "
                  "late.t1, late.t2 TO shop.other; INSERT INTO shop.other VALUES (3, 'c'); ALTER "
                  "TABLE shop.orders ADD w INT; INSERT INTO shop.orders VALUES (9, 9); INSERT INTO "
                  "late.t1 VALUES (5)");
    expect_equal({"shop.orders", "shop.other", "late.*"});

    source().exec("USE shop; RENAME TABLE outside TO inside, orders TO outside, inside TO "
                  "orders; INSERT INTO orders VALUES (8, 8)");
    const auto stopped = pair.run_task();
    EXPECT_NE(stopped.status.code, 0);
    EXPECT_THAT(stopped.error + stopped.output, HasSubstr("RENAME TABLE"));
    use("backfill");
    expect_equal({"shop.orders", "shop.other", "late.*"});
    source().exec("USE shop; ALTER TABLE orders ADD m INT DEFAULT 4, RENAME TO away; INSERT INTO "
                  "away VALUES (10, 1, 1); RENAME TABLE away TO orders; UPDATE orders SET m = 6");
    expect_equal({"shop.orders", "shop.other", "late.*"});

    use("follow");
    source().exec(
        "USE shop; RENAME TABLE other TO other_1, late.t1 TO late.x1; ALTER TABLE other_1 "
        "ADD k INT, ADD KEY (k); INSERT INTO other_1 VALUES (11, 'k', 11); INSERT INTO "
        "late.x1 VALUES (12); CREATE TABLE other (id INT PRIMARY KEY) ENGINE=InnoDB; "
        "INSERT INTO other VALUES (13)");
    expect_equal({"shop.orders", "shop.other", "shop.other_1", "late.*"});
}

INSTANTIATE_TEST_SUITE_P(, rename_of_older_source,
                         testing::Values(source_case{server_kind::mysql_56, false},
                                         source_case{server_kind::mariadb_1011}),
                         name_of_case);

} // namespace
} // namespace understudy::test
