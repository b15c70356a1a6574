// Online schema changes that have begun when the task starts: the tool's table is there, half
// filled, with its triggers, and is swapped in while the initial copy runs or behind it.

#include "tests/support/background_writer.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr int row_count = 6000;

void write(sql_client& sql, int i) {
    try {
        sql.exec(fmt::format("INSERT INTO shop.orders (note) VALUES ('w{0}'); UPDATE shop.orders "
                             "SET note = 'u{0}' WHERE id = 1 + {0} * 37 % {1}; DELETE FROM "
                             "shop.orders WHERE id = 1 + {0} * 91 % {1}",
                             i, row_count));
    } catch (const sql_error&) {
        return; // a lock of the cut-over; the next one gets through
    }
}

struct how {
    const char* name;
    std::vector<std::string> include;
    std::map<std::string, std::string> rename{};
    const char* more = "";
    server_kind source = server_kind::mysql_97;
};

void PrintTo(const how& value, std::ostream* out) {
    *out << value.name;
}

const std::vector<how> of_97{
    {"a_database", {"shop.*"}},
    {"a_single_table", {"shop.orders"}},
    {"a_single_renamed_table", {"shop.orders"}, {{"shop.orders", "dw.facts"}}},
    {"a_single_table_as_one_alter", {"shop.orders"}, {}, "online_schema_changes = \"alter\"\n"}};

std::vector<how> of_each_source() {
    auto all = of_97;
    all.push_back({"a_single_table_of_mysql_56", {"shop.orders"}, {}, "", server_kind::mysql_56});
    all.push_back({"a_database_of_mariadb", {"shop.*"}, {}, "", server_kind::mariadb_1011});
    return all;
}

class schema_change_that_has_begun : public testing::TestWithParam<how> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = GetParam().include;
        made.objects.rename = GetParam().rename;
        made.more_of_task_file = GetParam().more;
        made.source.extra_args = made.target.extra_args = {"--log-bin-trust-function-creators=1"};
        // The tool takes the number of rows from EXPLAIN; without one it copies them all at once.
        if (GetParam().source == server_kind::mysql_97)
            made.source.extra_args.emplace_back("--explain-format=TRADITIONAL");
        return made;
    }
    void SetUp() override {
        source().exec(
            "CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE TABLE shop.orders (id INT "
            "PRIMARY KEY AUTO_INCREMENT, note VARCHAR(50)) ENGINE=InnoDB; INSERT INTO "
            "shop.orders VALUES (1, 'r1')");
        for (int have = 1; have < row_count; have *= 2)
            source().exec(fmt::format("INSERT INTO shop.orders SELECT id + {0}, CONCAT('r', id + "
                                      "{0}) FROM shop.orders WHERE id + {0} <= {1}",
                                      have, row_count));
        source().exec("ANALYZE TABLE shop.orders; CREATE USER pt@localhost IDENTIFIED BY 'pt'; "
                      "GRANT ALL ON *.* TO pt@localhost");
    }
    // The tables of both names together are read in some seconds then.
    void slow_down_the_copy() {
        pair.options().more_of_task_file +=
            "[initial]\nchunk_bytes = \"64KiB\"\nrows_per_second_max = 1500\n";
        pair.write_task_file();
    }
    sql_client& source() { return pair.source_sql(); }

    // The tool, in the middle of its copy of the rows. It swaps some seconds later by itself.
    running_task begin_pt_online_schema_change(const std::string& change) {
        const auto output = directory.path() / "output";
        const auto error = directory.path() / "error";
        running_task tool(child_process::start(
                              {.argv = {"pt-online-schema-change", "--alter", change, "--execute",
                                        "--no-version-check", "--no-check-replication-filters",
                                        "--recursion-method=none", "--chunk-size=250",
                                        "--chunk-time=0", "--sleep=0.3",
                                        fmt::format("D=shop,t=orders,u=pt,p=pt,S={}",
                                                    pair.source().socket_path().string())},
                               .environment = {},
                               .output_file = output,
                               .error_file = error}),
                          output, error);
        const auto is_half_way = [&] {
            return !tool.running() || new_table_has_rows(row_count / 6);
        };
        EXPECT_TRUE(wait_until(is_half_way, 60s, 20ms));
        EXPECT_TRUE(tool.running()) << tool.error() << tool.output();
        return tool;
    }
    // Its triggers bring what is written meanwhile, too, so ids do not tell how far the tool is.
    bool new_table_has_rows(int count) {
        try {
            return std::stoi(source().scalar("SELECT COUNT(*) FROM shop._orders_new")) > count;
        } catch (const sql_error&) {
            return false; // it is not there yet
        }
    }
    bool target_has(const std::string& table, const std::string& where) {
        return pair.target_sql().scalar(
                   fmt::format("SELECT COUNT(*) FROM information_schema.{} WHERE table_schema IN "
                               "('shop', 'dw') AND {}",
                               table, where)) != "0";
    }
    void expect_swap_to_arrive(running_task& task, const std::string& column) {
        const auto is_there = [&] {
            return !task.running() ||
                   target_has("columns", fmt::format("table_name IN ('orders', 'facts') AND "
                                                     "column_name = '{}'",
                                                     column));
        };
        EXPECT_TRUE(wait_until(is_there, 60s, 50ms));
        EXPECT_TRUE(task.running()) << task.error() << task.output();
    }
    void expect_equal_after(running_task& task) {
        task.signal(SIGTERM);
        const auto ended = task.wait(60s);
        ASSERT_TRUE(ended && ended->code == 0) << task.error() << task.output();
        const auto done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_THAT(pair.compare(), IsEmpty());
        const bool is_renamed = !pair.objects().rename.empty();
        EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(table_name) FROM "
                                           "information_schema.tables WHERE table_schema IN "
                                           "('shop', 'dw')"),
                  is_renamed ? "facts" : "orders");
        EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.triggers WHERE "
                                           "trigger_schema IN ('shop', 'dw')"),
                  "0");
        EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
    }
    void expect_success(running_task& tool) {
        const auto ended = tool.wait(90s);
        ASSERT_TRUE(ended && ended->code == 0) << tool.error() << tool.output();
    }

    // What gh-ost sends, in its order and spelling: up to the middle of its copy of the rows …
    void begin_gh_ost(const std::string& change) {
        source().exec(fmt::format(
            "drop /* gh-ost */ table if exists `shop`.`_orders_gho`; drop /* gh-ost */ table if "
            "exists `shop`.`_orders_del`; drop /* gh-ost */ table if exists `shop`.`_orders_ghc`;"
            "create /* gh-ost */ table `shop`.`_orders_ghc` (id bigint unsigned auto_increment, "
            "last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, "
            "hint varchar(64) charset ascii not null, value varchar(4096) charset ascii not null, "
            "primary key(id), unique key hint_uidx(hint)) auto_increment=256;"
            "create /* gh-ost */ table `shop`.`_orders_gho` like `shop`.`orders`;"
            "alter /* gh-ost */ table `shop`.`_orders_gho` {};"
            "insert /* gh-ost */ into `shop`.`_orders_ghc` (id, hint, value) values (NULL, "
            "'state', 'GhostTableMigrated') on duplicate key update last_update=NOW(), "
            "value=VALUES(value)",
            change));
        copy_as_gh_ost(1, row_count / 2);
    }
    void copy_as_gh_ost(int first, int last) {
        source().exec(fmt::format(
            "insert /* gh-ost `shop`.`orders` */ ignore into `shop`.`_orders_gho` (`id`, `note`) "
            "(select `id`, `note` from `shop`.`orders` force index (`PRIMARY`) where `id` between "
            "{} and {} lock in share mode); insert /* gh-ost */ into `shop`.`_orders_ghc` (hint, "
            "value) values ('heartbeat', '{}') on duplicate key update value=VALUES(value)",
            first, last, last));
    }
    // … and from there to the end of its cut-over.
    void finish_gh_ost() {
        copy_as_gh_ost(row_count / 2 + 1, 100 * row_count);
        // The sentry table of the cut-over, and the swap that waits behind its lock.
        sql_client lock = pair.source().root();
        lock.exec("create /* gh-ost */ table `shop`.`_orders_del` (id int auto_increment primary "
                  "key) engine=InnoDB comment='ghost-cut-over-sentry';"
                  "lock /* gh-ost */ tables `shop`.`orders` write, `shop`.`_orders_gho` write, "
                  "`shop`.`_orders_del` write");
        // What came since the rows were copied; gh-ost takes it out of the log.
        lock.exec("replace into `shop`.`_orders_gho` (`id`, `note`) select `id`, `note` from "
                  "`shop`.`orders`; delete from `shop`.`_orders_gho` where `id` not in (select "
                  "`id` from `shop`.`orders`)");
        std::thread swap([sql = pair.source().root()]() mutable {
            sql.exec("rename /* gh-ost */ table `shop`.`orders` to `shop`.`_orders_del`, "
                     "`shop`.`_orders_gho` to `shop`.`orders`");
        });
        const auto stands_in_line = [&] {
            return source().scalar("SELECT COUNT(*) FROM information_schema.processlist WHERE "
                                   "state LIKE 'Waiting for table%' AND info LIKE 'rename%'") ==
                   "1";
        };
        EXPECT_TRUE(wait_until(stands_in_line, 30s, 20ms));
        lock.exec("drop /* gh-ost */ table if exists `shop`.`_orders_del`; unlock tables");
        swap.join();
        lock.exec("drop /* gh-ost */ table if exists `shop`.`_orders_ghc`;"
                  "drop /* gh-ost */ table if exists `shop`.`_orders_del`");
    }
    static bool streams(const running_task& task) { return task.error().contains("streaming"); }
    void expect_stream(running_task& task) {
        EXPECT_TRUE(wait_until([&] { return !task.running() || streams(task); }, 60s, 20ms));
        EXPECT_TRUE(task.running()) << task.error() << task.output();
    }

    source_and_target pair{GetParam().source, server_kind::mysql_97, options()};
    scratch_directory directory{"tool"};
};

// What older servers log of it too.
class schema_change_of_each_source_that_has_begun : public schema_change_that_has_begun {};

TEST_P(schema_change_that_has_begun, by_pt_online_schema_change_arrives_behind_the_copy) {
    {
        const background_writer busy(pair.source(), 5ms, write);
        auto tool = begin_pt_online_schema_change("ADD COLUMN a INT DEFAULT 7, ADD KEY (note)");
        auto task = pair.start_task();
        expect_stream(task);
        EXPECT_TRUE(tool.running()) << "the swap was to come behind the copy";
        expect_success(tool);
        expect_swap_to_arrive(task, "a");
        task.kill_9();
    }
    auto task = pair.start_task();
    source().exec("INSERT INTO shop.orders (note, a) VALUES ('last', 1); ALTER TABLE shop.orders "
                  "ADD COLUMN last INT");
    expect_swap_to_arrive(task, "last");
    expect_equal_after(task);
}

TEST_P(schema_change_of_each_source_that_has_begun,
       by_pt_online_schema_change_arrives_within_the_copy) {
    slow_down_the_copy();
    auto task = [&] {
        const background_writer busy(pair.source(), 5ms, write);
        auto tool = begin_pt_online_schema_change("ADD COLUMN a INT DEFAULT 7, ADD KEY (note)");
        // Near its end.
        EXPECT_TRUE(wait_until([&] { return new_table_has_rows(row_count * 4 / 5); }, 60s));
        auto started = pair.start_task();
        expect_success(tool);
        EXPECT_FALSE(streams(started)) << "the swap was to come within the copy";
        return started;
    }();
    expect_swap_to_arrive(task, "a");
    expect_equal_after(task);
}

TEST_P(schema_change_of_each_source_that_has_begun, by_gh_ost_arrives_behind_the_copy) {
    begin_gh_ost("add column b int default 8, modify note varchar(99)");
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 5ms, write);
        expect_stream(task);
        finish_gh_ost();
    }
    expect_swap_to_arrive(task, "b");
    expect_equal_after(task);
}

TEST_P(schema_change_that_has_begun, by_gh_ost_arrives_within_the_copy) {
    slow_down_the_copy();
    begin_gh_ost("add column b int default 8, modify note varchar(99)");
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 5ms, write);
        const auto is_begun = [&] { return target_has("tables", "table_type = 'BASE TABLE'"); };
        EXPECT_TRUE(wait_until(is_begun, 60s, 10ms));
        finish_gh_ost();
        EXPECT_FALSE(streams(task)) << "the swap was to come within the copy";
    }
    expect_swap_to_arrive(task, "b");
    expect_equal_after(task);
}

INSTANTIATE_TEST_SUITE_P(of, schema_change_that_has_begun, testing::ValuesIn(of_97),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(of, schema_change_of_each_source_that_has_begun,
                         testing::ValuesIn(of_each_source()),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace understudy::test
