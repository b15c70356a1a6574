// pt-online-schema-change as it is, and gh-ost's statements, of single selected tables and of whole
// databases, under their own names and under others.

#include "tests/support/background_writer.hpp"
#include "tests/support/schema_change_tools.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

// Writes to shop.orders as long as it lives.
void write(sql_client& sql, int i) {
    try {
        sql.exec(
            fmt::format("INSERT INTO shop.orders (note) VALUES ('w{0}'); UPDATE shop.orders SET "
                        "note = 'u{0}' WHERE id = 1 + {0} % 500; DELETE FROM shop.orders WHERE "
                        "id "
                        "= 500 + {0}",
                        i));
    } catch (const sql_error&) {
        return; // a lock of the cut-over; the next one gets through
    }
}

struct how {
    const char* name;
    std::vector<std::string> include;
    std::map<std::string, std::string> rename;
    server_kind source = server_kind::mysql_97;
};

void PrintTo(const how& value, std::ostream* out) {
    *out << value.name;
}

const std::vector<how> of_each_source{
    {"a_database", {"shop.*"}, {}},
    {"a_single_renamed_table", {"shop.orders"}, {{"shop.orders", "dw.facts"}}},
    {"a_database_of_mysql_56", {"shop.*"}, {}, server_kind::mysql_56},
    {"a_single_renamed_table_of_mariadb",
     {"shop.orders"},
     {{"shop.orders", "dw.facts"}},
     server_kind::mariadb_1011}};

class online_schema_change : public testing::TestWithParam<how> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = GetParam().include;
        made.objects.rename = GetParam().rename;
        made.source.extra_args = made.target.extra_args = {"--log-bin-trust-function-creators=1"};
        return made;
    }
    void SetUp() override {
        auto& sql = pair.source_sql();
        sql.exec("CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE TABLE shop.orders (id INT "
                 "PRIMARY KEY AUTO_INCREMENT, note VARCHAR(50)) ENGINE=InnoDB; INSERT INTO "
                 "shop.orders (note) VALUES ('r')");
        for (int have = 1; have < 1000; have *= 2)
            sql.exec("INSERT INTO shop.orders (note) SELECT CONCAT('r', id) FROM shop.orders");
        sql.exec("CREATE USER pt@localhost IDENTIFIED BY 'pt'; GRANT ALL ON *.* TO pt@localhost");
    }
    void pt_online_schema_change(const std::string& change) {
        test::pt_online_schema_change(pair.source(), orders, change);
    }
    void gh_ost(const std::string& change) {
        begin_gh_ost(pair.source(), orders, change);
        end_gh_ost(pair.source(), orders);
    }
    const changed_table orders{"shop", "orders", "`id`, `note`"};
    source_and_target pair{GetParam().source, server_kind::mysql_97, options()};
};

TEST_P(online_schema_change, arrives_while_rows_change) {
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 5ms, write);
        std::this_thread::sleep_for(2s);
        pt_online_schema_change("ADD COLUMN a INT DEFAULT 7, ADD KEY (note)");
    }
    gh_ost("modify note varchar(99), add column b int default 8");
    pair.source_sql().exec("INSERT INTO shop.orders (note, a, b) VALUES ('last', 1, 2)");
    task.signal(SIGTERM);
    EXPECT_TRUE(task.wait(60s).has_value());
    const auto done = pair.run_task();
    EXPECT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

// The target has the table's own rows, altered, and nothing of the tools' tables.
class schema_change_as_alter : public online_schema_change {
protected:
    void SetUp() override {
        pair.options().more_of_task_file = "online_schema_changes = \"alter\"\n";
        pair.write_task_file();
        online_schema_change::SetUp();
        const auto copied = pair.run_task();
        ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;
    }
    // What the target's own log says was executed there since the last call.
    std::uint64_t executed(const std::string& variable) {
        return std::stoull(
            pair.target_sql().query("SHOW GLOBAL STATUS LIKE '" + variable + "'")[0][1].value());
    }
    void expect_equal() {
        const auto done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_THAT(pair.compare(), IsEmpty());
        EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.tables WHERE "
                                           "table_schema IN ('shop', 'dw')"),
                  "1");
        EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.schema_change"), "0");
    }
};

// What older servers log of it too.
class schema_change_as_alter_of_each_source : public schema_change_as_alter {};

TEST_P(schema_change_as_alter_of_each_source, changes_the_table_itself_while_rows_change) {
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 5ms, write);
        pt_online_schema_change("ADD COLUMN a INT DEFAULT 7, ADD KEY (note)");
    }
    gh_ost("modify note varchar(99), add column b int default 8, drop key note");
    gh_ost("modify id bigint auto_increment");
    pair.source_sql().exec("INSERT INTO shop.orders (note, a, b) VALUES ('last', 1, 2)");
    task.signal(SIGTERM);
    EXPECT_TRUE(task.wait(60s).has_value());
    expect_equal();
    // None of them was copied: its swaps are the only renames.
    EXPECT_EQ(executed("Com_rename_table"), 0U);
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
}

TEST_P(schema_change_as_alter, copies_the_table_where_an_alter_would_not_be_exact) {
    pair.source_sql().exec("SET SESSION time_zone = '+00:00'");
    gh_ost("add column at datetime(6) default current_timestamp(6)");
    expect_equal();
    gh_ost("drop column at, add column at int default 4");
    expect_equal();
}

TEST_P(schema_change_as_alter, copies_the_table_where_the_change_had_begun_before) {
    // Of a task that was told to only now.
    pair.options().more_of_task_file.clear();
    pair.write_task_file();
    auto& sql = pair.source_sql();
    sql.exec("CREATE TABLE shop._orders_gho LIKE shop.orders; ALTER TABLE shop._orders_gho ADD "
             "COLUMN c INT DEFAULT 3; INSERT INTO shop._orders_gho (id, note) SELECT id, note FROM "
             "shop.orders");
    const auto before = pair.run_task();
    ASSERT_EQ(before.status.code, 0) << before.error << before.output;
    pair.options().more_of_task_file = "online_schema_changes = \"alter\"\n";
    pair.write_task_file();
    sql.exec("RENAME TABLE shop.orders TO shop._orders_del, shop._orders_gho TO shop.orders; DROP "
             "TABLE shop._orders_del; INSERT INTO shop.orders (note, c) VALUES ('x', 9)");
    expect_equal();
}

TEST_P(schema_change_as_alter, survives_kills) {
    for (int i = 0; i < 4; ++i) {
        auto task = pair.start_task();
        std::thread change(
            [this, i] { gh_ost(fmt::format("add column k{} int default {}", i, i)); });
        std::this_thread::sleep_for(std::chrono::milliseconds(900 + 250 * i));
        task.kill_9();
        change.join();
    }
    expect_equal();
}

INSTANTIATE_TEST_SUITE_P(
    of, schema_change_as_alter,
    testing::Values(how{"a_database", {"shop.*"}, {}},
                    how{"a_single_renamed_table", {"shop.orders"}, {{"shop.orders", "dw.facts"}}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(of, schema_change_as_alter_of_each_source,
                         testing::ValuesIn(of_each_source),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(of, online_schema_change, testing::ValuesIn(of_each_source),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace understudy::test
