// The whole way: a source with data and writers, `understudy run`, an equal target.

#include "tests/live/memory_limit.hpp"
#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/sysbench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

struct kinds {
    std::string name;
    server_kind source;
    server_kind target;
    bool gtid;
    bool as_sql = false;
};

void PrintTo(const kinds& value, std::ostream* out) {
    *out << value.name;
}

class replication : public testing::TestWithParam<kinds> {
protected:
    static pair_options options(std::vector<std::string> include) {
        pair_options made;
        made.objects.include = std::move(include);
        made.source.gtid = GetParam().gtid;
        if (GetParam().as_sql) made.more_of_task_file = "[apply]\nwriter = \"sql\"\n";
        return made;
    }
};

constexpr auto shop = R"(
CREATE DATABASE shop;
USE shop;
CREATE TABLE customer (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), note TEXT) ENGINE=InnoDB;
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, total DECIMAL(12,2),
    FOREIGN KEY (customer_id) REFERENCES customer (id)) ENGINE=InnoDB;
CREATE TABLE visit (at DATETIME, page VARCHAR(100)) ENGINE=InnoDB;
CREATE VIEW big AS SELECT * FROM orders WHERE total > 100;
CREATE PROCEDURE add_visit(p VARCHAR(100)) INSERT INTO visit VALUES (NOW(), p);
CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN 2 * x;
CREATE TRIGGER note BEFORE INSERT ON customer FOR EACH ROW SET NEW.note = CONCAT('new: ', NEW.name);
INSERT INTO customer (name) VALUES ('Ada'), ('Zoë'), (NULL);
INSERT INTO orders (customer_id, total) VALUES (1, 99.5), (2, 1200), (2, 0);
INSERT INTO visit VALUES ('2026-01-01', '/'), ('2026-01-01', '/'), (NULL, NULL);
)";

// One by one: of several statements in one packet the source keeps the separator in the bodies of
// programs.
void create_shop(sql_client& sql, bool with_triggers) {
    const std::string_view all = shop;
    for (std::size_t begin = 0; begin < all.size();) {
        const auto end = all.find(";\n", begin);
        if (end == std::string_view::npos) break;
        const auto text = all.substr(begin, end - begin);
        if (with_triggers || !text.starts_with("CREATE TRIGGER")) sql.exec(text);
        begin = end + 2;
    }
}

TEST_P(replication, copies_a_small_database_and_follows_it) {
    source_and_target pair(GetParam().source, GetParam().target, options({"shop.*"}));
    pair.source_sql().exec("SET GLOBAL log_bin_trust_function_creators = 1");
    create_shop(pair.source_sql(), !GetParam().as_sql);
    // Alone: of several statements in one packet the source keeps the separator in the event's
    // body.
    pair.source_sql().exec(
        "CREATE EVENT shop.tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.visit WHERE at < "
        "NOW() - INTERVAL 1 YEAR");
    auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;
    EXPECT_THAT(pair.compare(), IsEmpty());

    pair.source_sql().exec(
        "USE shop; INSERT INTO customer (name) VALUES ('Grace'); UPDATE orders SET total = total + "
        "1;"
        "DELETE FROM visit LIMIT 1; CREATE TABLE later (a INT PRIMARY KEY, b VARCHAR(10));"
        "INSERT INTO later VALUES (1, 'x'), (2, NULL); ALTER TABLE later ADD c INT DEFAULT 5;"
        "UPDATE later SET c = 6 WHERE a = 2; CREATE OR REPLACE VIEW big AS SELECT id FROM orders; "
        "TRUNCATE visit;"
        "RENAME TABLE later TO latest; INSERT INTO latest VALUES (3, 'z', 1); DROP PROCEDURE "
        "add_visit;"
        "UPDATE customer SET id = 100 WHERE id = 3; FLUSH BINARY LOGS");
    auto followed = pair.run_task();
    ASSERT_EQ(followed.status.code, 0) << followed.error << followed.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
    EXPECT_LT(followed.status.memory_max_kib, memory_max_kib);
}

TEST_P(replication, stays_exact_under_writers_before_during_and_after_the_copy) {
    source_and_target pair(GetParam().source, GetParam().target, options({"w.*", "sbtest.*"}));
    const auto seed = static_cast<std::uint64_t>(
        std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000);
    SCOPED_TRACE("seed " + std::to_string(seed));
    workload load(pair.source(), {.seed = seed});
    load.prepare();
    sysbench bench(pair.source(), {.tables = 4, .rows = 5000, .threads = 8, .random_seed = seed});
    bench.prepare();
    load.start();
    bench.start(600s);
    std::this_thread::sleep_for(1s);
    auto task = pair.start_task();
    std::this_thread::sleep_for(12s);
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    bench.stop();
    load.stop();
    EXPECT_GT(load.transactions(), 100U);
    task.signal(SIGTERM);
    const auto stopped = task.wait(60s);
    ASSERT_TRUE(stopped.has_value());
    EXPECT_EQ(stopped->code, 0) << task.error() << task.output();
    EXPECT_LT(stopped->memory_max_kib, memory_max_kib);

    auto caught_up = pair.run_task();
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    of, replication,
    testing::Values(
        kinds{"mysql_97_by_gtid", server_kind::mysql_97, server_kind::mysql_97, true},
        kinds{"mysql_97_as_sql", server_kind::mysql_97, server_kind::mysql_97, true, true},
        kinds{"mysql_97_by_position", server_kind::mysql_97, server_kind::mysql_97, false},
        kinds{"mysql_56_to_97", server_kind::mysql_56, server_kind::mysql_97, true},
        kinds{"mysql_56_to_97_by_position", server_kind::mysql_56, server_kind::mysql_97, false}),
    [](const auto& param) { return param.param.name; });

TEST(selection, renames_tables_and_databases_in_the_copy_the_stream_and_ddl) {
    pair_options options;
    options.objects.include = {"shop.*", "crm.customers"};
    options.objects.exclude = {"shop.tmp_*"};
    options.objects.rename = {{"shop.orders", "dw.orders"}, {"crm", "crm_copy"}};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    auto& sql = pair.source_sql();
    sql.exec(
        "CREATE DATABASE shop; CREATE DATABASE crm; CREATE DATABASE other;"
        "CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT); CREATE TABLE shop.items (id INT "
        "PRIMARY KEY, order_id INT,"
        " FOREIGN KEY (order_id) REFERENCES shop.orders (id));"
        "CREATE TABLE shop.tmp_1 (id INT PRIMARY KEY); CREATE TABLE crm.customers (id INT PRIMARY "
        "KEY, n VARCHAR(9));"
        "CREATE TABLE crm.secrets (id INT PRIMARY KEY); CREATE TABLE other.t (id INT PRIMARY KEY);"
        "INSERT INTO shop.orders VALUES (1, 1), (2, 2); INSERT INTO shop.items VALUES (1, 1), (2, "
        "2);"
        "INSERT INTO crm.customers VALUES (1, 'a')");
    auto first = pair.run_task();
    ASSERT_EQ(first.status.code, 0) << first.error << first.output;
    EXPECT_THAT(pair.compare({.definitions = false}), IsEmpty());
    sql.exec("INSERT INTO shop.orders VALUES (3, 3); INSERT INTO shop.items VALUES (3, 3); INSERT "
             "INTO shop.tmp_1 VALUES (1);"
             "UPDATE crm.customers SET n = 'b'; ALTER TABLE shop.orders ADD w INT DEFAULT 4; USE "
             "crm; ALTER TABLE customers ADD x INT;"
             "ALTER TABLE secrets ADD x INT; USE other; ALTER TABLE t ADD x INT; CREATE INDEX i ON "
             "shop.orders (w);"
             "INSERT INTO shop.orders VALUES (4, 4, 4); DROP TABLE shop.tmp_1; CREATE TABLE "
             "shop.extra (a INT PRIMARY KEY);"
             "INSERT INTO shop.extra VALUES (1); TRUNCATE shop.extra; INSERT INTO shop.extra "
             "VALUES (2)");
    // The definition that has to differ: the foreign key follows its parent.
    EXPECT_EQ(pair.target_sql().scalar(
                  "SELECT CONCAT(unique_constraint_schema, '.', referenced_table_name) FROM "
                  "information_schema.referential_constraints WHERE constraint_schema = 'shop'"),
              "dw.orders");
    auto second = pair.run_task();
    ASSERT_EQ(second.status.code, 0) << second.error << second.output;
    EXPECT_THAT(pair.compare({.definitions = false}), IsEmpty());
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.schemata WHERE "
                                       "schema_name IN ('other', 'crm')"),
              "0");
}

// Alone, groups once were looked for a second later when they came while another was written.
TEST(delay, is_short_while_changes_come_one_by_one) {
    pair_options options;
    options.objects.include = {"shop.*"};
    options.more_of_task_file = "[apply]\nworkers = 1\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    auto task = pair.start_task();
    const auto seen = [&] {
        return std::stoi(pair.target_sql().scalar("SELECT COALESCE(MAX(id), 0) FROM shop.a"));
    };
    pair.source_sql().exec("INSERT INTO shop.a VALUES (1)");
    while (seen() < 1) {
        ASSERT_TRUE(task.running()) << task.error();
        std::this_thread::sleep_for(10ms);
    }
    constexpr int count = 300;
    std::vector<std::chrono::steady_clock::time_point> committed(count + 2);
    std::jthread writer([&] {
        auto sql = pair.source().root();
        for (int i = 2; i <= count; ++i) {
            std::this_thread::sleep_for(5ms);
            sql.exec("INSERT INTO shop.a VALUES (" + std::to_string(i) + ")");
            committed[static_cast<std::size_t>(i)] = std::chrono::steady_clock::now();
        }
    });
    std::vector<std::chrono::steady_clock::time_point> arrived(count + 2);
    for (int known = 1; known < count;) {
        ASSERT_TRUE(task.running()) << task.error();
        for (const int now = seen(); known < now;)
            arrived[static_cast<std::size_t>(++known)] = std::chrono::steady_clock::now();
    }
    writer.join();
    std::vector<std::chrono::steady_clock::duration> delays;
    for (std::size_t i = 2; i <= count; ++i)
        delays.push_back(arrived[i] - committed[i]);
    std::ranges::sort(delays);
    EXPECT_LT(delays[delays.size() / 2], 300ms);
    task.kill_9();
}

TEST(selection, stops_at_a_statement_it_cannot_rename_and_names_it) {
    pair_options options;
    options.objects.include = {"shop.*"};
    options.objects.rename = {{"shop.orders", "dw.orders"}};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.source_sql().exec("USE shop; CREATE PROCEDURE all_orders() BEGIN "
                           "PREPARE s FROM 'SELECT * FROM orders'; EXECUTE s; END");
    const auto stopped = pair.run_task({"--until", "caught-up"}, 60s);
    EXPECT_EQ(stopped.status.code, 1);
    EXPECT_THAT(stopped.error + stopped.output, HasSubstr("all_orders"));
}

} // namespace
} // namespace understudy::test
