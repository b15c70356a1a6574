// Rows and columns that objects.tables leaves out, renames and adds: in the copy, in the stream,
// through crashes and DDL, as row images and as SQL.

#include "tests/live/source_case.hpp"
#include "tests/support/background_writer.hpp"
#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto rules = R"(
[initial]
chunk_bytes = "64KiB"

[objects.tables."shop.orders"]
where = "region = 'EU' AND total >= 10 OR status = 'paid'"
drop_columns = ["card"]
rename_columns = { customer = "customer_id" }
add_columns = { shard = 7, origin = "Zürich" }

[objects.tables."shop.log"]
where = "at >= '2026-06-01' AND NOT kind LIKE 'debug%'"
skip = ["delete"]
)";

// The same conditions for the server; text compares by its bytes.
constexpr auto wanted_orders =
    "SELECT 7, 'Zürich', id, region, total, customer, status{} FROM shop.orders WHERE "
    "CAST(region AS BINARY) = 'EU' AND total >= 10 OR status = 'paid' ORDER BY id";
constexpr auto found_orders =
    "SELECT shard, origin, id, region, total, customer_id, status{} FROM dw.facts ORDER BY id";

// Rows that come into the condition, leave it, stay and move, as long as it lives.
void write(sql_client& sql, int i) {
    sql.exec(
        fmt::format("UPDATE shop.orders SET region = ELT(1 + {0} % 3, 'EU', 'US', 'eu'), total = "
                    "{0} % 20 WHERE id BETWEEN {1} AND {1} + 9; INSERT INTO shop.orders (region, "
                    "total, card, customer, status) VALUES ('EU', {0} % 25, 'x', {0}, 'new'); "
                    "UPDATE shop.orders SET id = id + 1000000 WHERE id = {1} + 4; DELETE FROM "
                    "shop.orders WHERE id = {1} + 7; INSERT INTO shop.log (at, kind) VALUES "
                    "('2026-06-01' + INTERVAL {0} % 40 - 20 DAY, ELT(1 + {0} % 2, 'debug1', "
                    "'info'))",
                    i, 1 + (i * 37) % 5000));
}

struct rules_case {
    bool as_sql = false;
    source_case source{};
};

void PrintTo(const rules_case& one, std::ostream* out) {
    *out << (one.as_sql ? "sql" : "row_images") << "_of_" << name_of(one.source);
}

class table_rules : public testing::TestWithParam<rules_case> {
protected:
    static pair_options options(std::string more) {
        pair_options made;
        made.objects.include = {"shop.*"};
        made.objects.rename = {{"shop.orders", "dw.facts"}};
        made.source.extra_args = {"--binlog-row-metadata=FULL"};
        made.more_of_task_file = std::move(more);
        made.source.gtid = GetParam().source.gtid;
        if (GetParam().as_sql) made.more_of_task_file += "\n[apply]\nwriter = \"sql\"\n";
        return made;
    }
    static void prepare(sql_client& sql) {
        sql.exec(
            "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY "
            "KEY, region VARCHAR(2), total DECIMAL(8,2), card VARCHAR(20), customer INT, "
            "status ENUM('new','paid') CHARACTER SET latin1, KEY (customer), KEY (card)); "
            "CREATE TABLE shop.log (id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME, kind "
            "VARCHAR(20)); CREATE TABLE shop.n (i INT PRIMARY KEY); INSERT INTO shop.n VALUES (0)");
        for (int i = 1; i < 5000; i *= 2)
            sql.exec(fmt::format("INSERT INTO shop.n SELECT i + {} FROM shop.n", i));
        sql.exec("INSERT INTO shop.orders (region, total, card, customer, status) SELECT ELT(1 + i "
                 "% 4, 'EU', 'US', 'eu', NULL), i % 30, REPEAT('c', 20), i, ELT(1 + i % 7, 'paid', "
                 "'new', 'new', 'new', NULL, 'new', 'new') FROM shop.n WHERE i BETWEEN 1 AND 5000 "
                 "ORDER BY i; DROP TABLE shop.n; INSERT INTO shop.log (at, kind) "
                 "SELECT '2026-05-31' + INTERVAL id % 3 DAY, ELT(1 + id % 5, 'debug2', 'info', "
                 "'Debug', NULL, 'x') FROM shop.orders LIMIT 500");
    }
    static std::string in(std::string_view text, std::string_view more) {
        return fmt::format(fmt::runtime(text), more);
    }
};

TEST_P(table_rules, hold_in_copy_and_stream_through_crashes_and_ddl) {
    source_and_target pair(GetParam().source.kind, server_kind::mysql_97, options(rules));
    prepare(pair.source_sql());
    {
        const background_writer load(pair.source(), 2ms, write);
        for (int crash = 0; crash < 3; ++crash) {
            auto task = pair.start_task();
            std::this_thread::sleep_for(crash == 0 ? 1200ms : 2500ms);
            EXPECT_TRUE(task.running()) << task.error() << task.output();
            task.kill_9();
            if (crash == 1)
                pair.source_sql().exec(
                    "ALTER TABLE shop.orders ADD COLUMN note VARCHAR(20) DEFAULT 'x', ADD INDEX "
                    "(region)");
        }
    }
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    const auto wanted = pair.source_sql().query(in(wanted_orders, ", note"));
    EXPECT_GT(wanted.size(), 100U);
    EXPECT_EQ(pair.target_sql().query(in(found_orders, ", note")), wanted);
    const auto log = pair.source_sql().query(
        "SELECT id, at, kind FROM shop.log WHERE at >= '2026-06-01' AND NOT CAST(kind AS BINARY) "
        "LIKE 'debug%' ORDER BY id");
    EXPECT_EQ(pair.target_sql().query("SELECT id, at, kind FROM shop.log ORDER BY id"), log);

    pair.source_sql().exec(
        "DELETE FROM shop.log; UPDATE shop.orders SET region = 'EU', total = 10; "
        "UPDATE shop.orders SET card = 'y'");
    const auto more = pair.run_task();
    ASSERT_EQ(more.status.code, 0) << more.error << more.output;
    EXPECT_EQ(pair.target_sql().query(in(found_orders, "")),
              pair.source_sql().query(in(wanted_orders, "")));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.log"),
              std::to_string(log.size()));

    pair.source_sql().exec("ALTER TABLE shop.orders DROP COLUMN total");
    const auto stopped = pair.run_task();
    EXPECT_NE(stopped.status.code, 0);
    EXPECT_THAT(stopped.error + stopped.output,
                HasSubstr("it drops or renames `total`, which the condition `where` of "
                          "objects.tables asks for"));
}

TEST_P(table_rules, that_do_not_fit_are_refused_before_anything_is_written) {
    source_and_target pair(
        GetParam().source.kind, server_kind::mysql_97,
        options("[objects.tables.\"shop.orders\"]\nwhere = \"regoin = 'EU'\"\n"));
    prepare(pair.source_sql());
    const auto refused = pair.run_task();
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.error + refused.output, HasSubstr("it has no column `regoin`"));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.schemata WHERE "
                                       "schema_name IN ('dw', 'shop')"),
              "0");
}

INSTANTIATE_TEST_SUITE_P(of, table_rules,
                         testing::Values(rules_case{false}, rules_case{true},
                                         rules_case{false, {server_kind::mariadb_1011}},
                                         rules_case{true, {server_kind::mariadb_1011, false}}),
                         [](const auto& info) { return testing::PrintToString(info.param); });

// 5.6 cannot log the names of columns.
TEST(table_rules_of_mysql_56, are_refused_before_anything_is_written) {
    pair_options how;
    how.objects.include = {"shop.*"};
    how.more_of_task_file = "[objects.tables.\"shop.a\"]\nwhere = \"id > 1\"\n";
    source_and_target pair(server_kind::mysql_56, server_kind::mysql_97, how);
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY)");
    const auto refused = pair.run_task();
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.error + refused.output, HasSubstr("this server cannot log them"));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.schemata WHERE "
                                       "schema_name = 'shop'"),
              "0");
}

} // namespace
} // namespace understudy::test
