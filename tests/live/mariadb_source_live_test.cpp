// MariaDB as the source of a MySQL target: the copy, the stream, definitions, restarts. Rows are
// compared; definitions of the two differ in words.

#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr comparison_options rows_only{.definitions = false, .rows = true, .checksums = false};

struct source_kind {
    server_kind server;
    bool gtid;
};

void PrintTo(const source_kind& value, std::ostream* out) {
    *out << to_string(value.server) << (value.gtid ? " by GTID" : " by file and position");
}

pair_options options(source_kind source, std::vector<std::string> include) {
    pair_options made;
    made.objects.include = std::move(include);
    made.source.gtid = source.gtid;
    // Left alone, 11.8 makes everything in collations that MySQL does not have.
    if (source.server == server_kind::mariadb_118)
        made.source.extra_args = {"--character-set-collations=", "--character-set-server=utf8mb4",
                                  "--collation-server=utf8mb4_general_ci", "--skip-ssl"};
    return made;
}

source_and_target make_pair(source_kind source, pair_options how) {
    return {source.server, server_kind::mysql_97, std::move(how)};
}

void expect_caught_up(source_and_target& pair) {
    const auto ended = pair.run_task();
    ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
    EXPECT_THAT(pair.compare(rows_only), IsEmpty());
}

class mariadb_source : public testing::TestWithParam<source_kind> {};

std::string name_of(const testing::TestParamInfo<source_kind>& info) {
    const bool old = info.param.server == server_kind::mariadb_1011;
    return std::string(old ? "1011" : "118") +
           (info.param.gtid ? "_by_gtid" : "_by_file_and_position");
}

INSTANTIATE_TEST_SUITE_P(of, mariadb_source,
                         testing::Values(source_kind{server_kind::mariadb_1011, false},
                                         source_kind{server_kind::mariadb_1011, true},
                                         source_kind{server_kind::mariadb_118, true}),
                         name_of);

// Since 11.4 events inside of a transaction have no position of their own.
TEST_P(mariadb_source, may_send_events_longer_than_all_before_them_in_the_file) {
    auto pair = make_pair(GetParam(), options(GetParam(), {"big.*"}));
    pair.source_sql().exec("SET GLOBAL max_allowed_packet = 64 << 20; CREATE DATABASE big; CREATE "
                           "TABLE big.t (id INT PRIMARY KEY, b LONGBLOB)");
    pair.target_sql().exec("SET GLOBAL max_allowed_packet = 64 << 20");
    expect_caught_up(pair);
    sql_client fresh = pair.source().root();
    for (const char* size : {"9000", "6000000"}) {
        fresh.exec("USE big; FLUSH BINARY LOGS");
        fresh.exec(std::string("INSERT INTO big.t SELECT seq + ") + size + ", REPEAT('x', " + size +
                   ") FROM seq_1_to_3");
    }
    fresh.exec("BEGIN; UPDATE big.t SET b = 'y' WHERE id % 3 = 0; DELETE FROM big.t WHERE id % 3 = "
               "1; COMMIT");
    expect_caught_up(pair);
}

// With writers and kills: 10.11 only.
class mariadb_source_under_writers : public mariadb_source {};

INSTANTIATE_TEST_SUITE_P(of, mariadb_source_under_writers,
                         testing::Values(source_kind{server_kind::mariadb_1011, false},
                                         source_kind{server_kind::mariadb_1011, true}),
                         name_of);

TEST_P(mariadb_source, is_copied_and_followed) {
    auto pair = make_pair(GetParam(), options(GetParam(), {"shop.*"}));
    auto& sql = pair.source_sql();
    for (const auto* statement :
         {"CREATE DATABASE shop CHARACTER SET utf8mb4",
          "CREATE TABLE shop.customer (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), "
          "since TIMESTAMP DEFAULT current_timestamp(), note TEXT DEFAULT 'none')",
          "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, "
          "total DECIMAL(12,2), FOREIGN KEY (customer_id) REFERENCES shop.customer (id) ON DELETE "
          "CASCADE)",
          "CREATE TABLE shop.visit (at DATETIME(3), page VARCHAR(100))",
          "CREATE VIEW shop.big AS SELECT * FROM shop.orders WHERE total > 100",
          "CREATE PROCEDURE shop.add_visit(p VARCHAR(100)) INSERT INTO shop.visit VALUES (NOW(), "
          "p)",
          "CREATE TRIGGER shop.note BEFORE INSERT ON shop.customer FOR EACH ROW SET NEW.note = "
          "CONCAT('new: ', NEW.name)",
          "INSERT INTO shop.customer (name) VALUES ('Ada'), ('Zoë'), (NULL)",
          "INSERT INTO shop.orders (customer_id, total) VALUES (1, 99.5), (2, 1200), (2, 0)",
          "INSERT INTO shop.visit VALUES ('2026-01-01', '/'), ('2026-01-01', '/'), (NULL, NULL)"})
        sql.exec(statement);
    expect_caught_up(pair);

    for (const auto* statement :
         {"USE shop", "INSERT INTO customer (name) VALUES ('Grace')",
          "UPDATE orders SET total = total + 1", "DELETE FROM visit LIMIT 1",
          "CREATE TABLE later (a INT PRIMARY KEY, b VARCHAR(10))",
          "INSERT INTO later VALUES (1, 'x'), (2, NULL)", "ALTER TABLE later ADD c INT DEFAULT 5",
          "UPDATE later SET c = 6 WHERE a = 2",
          "CREATE OR REPLACE VIEW big AS SELECT id FROM orders", "TRUNCATE visit",
          "RENAME TABLE later TO latest", "INSERT INTO latest VALUES (3, 'z', 1)",
          "DROP PROCEDURE add_visit", "UPDATE customer SET id = 100 WHERE id = 3",
          "DELETE FROM customer WHERE id = 2", "FLUSH BINARY LOGS",
          "CREATE TABLE taken AS SELECT id, name FROM customer",
          "INSERT INTO visit VALUES (NULL, 'x')"})
        sql.exec(statement);
    expect_caught_up(pair);
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.taken"), "3");
}

TEST_P(mariadb_source, brings_xa_transactions_at_their_commit) {
    auto pair = make_pair(GetParam(), options(GetParam(), {"shop.*"}));
    pair.source_sql().exec(
        "CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE TABLE shop.a (id INT "
        "PRIMARY KEY, v VARCHAR(20)); INSERT INTO shop.a VALUES (1, 'one')");
    expect_caught_up(pair);
    for (const std::string name : {"kept", "dropped"}) {
        pair.source().root().exec("USE shop; XA START '" + name +
                                  "','b',7; INSERT INTO a VALUES (" +
                                  (name == "kept" ? "10" : "20") + ", '" + name + "'); XA END '" +
                                  name + "','b',7; XA PREPARE '" + name + "','b',7");
    }
    pair.source().root().exec(
        "USE shop; XA START 'one'; UPDATE a SET v = 'uno' WHERE id = 1; XA END "
        "'one'; XA COMMIT 'one' ONE PHASE; INSERT INTO a VALUES (30, 'x')");
    expect_caught_up(pair);
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.prepared_xa"), "2");
    pair.source_sql().exec(
        "XA COMMIT 'kept','b',7; XA ROLLBACK 'dropped','b',7; UPDATE shop.a SET v "
        "= 'last' WHERE id = 10");
    expect_caught_up(pair);
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id, v ORDER BY id) FROM shop.a"),
              "1uno,10last,30x");
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.prepared_xa"), "0");
}

TEST_P(mariadb_source_under_writers, stays_exact_through_kills_of_both_sides) {
    const auto seed = static_cast<std::uint64_t>(
        std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000);
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto pair = make_pair(GetParam(), options(GetParam(), {"w.*"}));
    workload load(
        pair.source(),
        {.writers = 2, .seed = seed, .survives_restarts = true, .pause_microseconds = 2000});
    load.prepare();
    load.start();
    for (int i = 0; i < 5; ++i) {
        auto task = pair.start_task();
        std::this_thread::sleep_for(i < 2 ? 900ms : 2500ms);
        EXPECT_TRUE(task.running()) << task.error() << task.output();
        task.kill_9();
    }
    auto task = pair.start_task();
    std::this_thread::sleep_for(2s);
    pair.source().kill_9();
    std::this_thread::sleep_for(300ms);
    pair.source().restart();
    std::this_thread::sleep_for(3s);
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    load.stop();
    EXPECT_GT(load.transactions(), 100U);
    task.signal(SIGTERM);
    const auto stopped = task.wait(60s);
    ASSERT_TRUE(stopped && stopped->code == 0) << task.error() << task.output();
    expect_caught_up(pair);
}

TEST_P(mariadb_source, may_compress_its_log_and_its_columns) {
    auto how = options(GetParam(), {"c.*"});
    for (const auto* more :
         {"--log-bin-compress=ON", "--log-bin-compress-min-len=10", "--binlog-row-metadata=FULL"})
        how.source.extra_args.emplace_back(more);
    auto pair = make_pair(GetParam(), std::move(how));
    auto& sql = pair.source_sql();
    const std::string columns =
        " (id INT PRIMARY KEY, v VARCHAR(300) COMPRESSED, l VARCHAR(255) COMPRESSED "
        "CHARACTER SET latin1 NOT NULL DEFAULT '', b BLOB COMPRESSED, m MEDIUMTEXT COMPRESSED, t "
        "TIME(3), "
        "n BIGINT UNSIGNED)";
    const auto fill = [&](const std::string& table) {
        sql.exec("INSERT INTO " + table +
                 " VALUES (1, REPEAT('v', 300), REPEAT('l', 255), REPEAT('b', 60000), REPEAT('m', "
                 "700000), '-01:02:03.004', 18446744073709551615), (2, NULL, '', NULL, NULL, NULL, "
                 "NULL), (3, '', 'x', '', 'y', '00:00:00', 0)");
    };
    sql.exec("CREATE DATABASE c");
    sql.exec("CREATE TABLE c.copied" + columns);
    fill("c.copied");
    expect_caught_up(pair);
    sql.exec("CREATE TABLE c.streamed" + columns + " COMMENT '" + std::string(500, 'x') + "'");
    fill("c.streamed");
    sql.exec("SET column_compression_zlib_wrap = 1");
    for (const std::string table : {"c.copied", "c.streamed"}) {
        sql.exec("UPDATE " + table + " SET m = REPEAT('another ', 90000), v = l WHERE id <> 2");
        sql.exec("UPDATE " + table + " SET b = REPEAT('z', id * 100), v = NULL");
        sql.exec("INSERT INTO " + table + " (id, v) VALUES (9, REPEAT('w', 299))");
        sql.exec("DELETE FROM " + table + " WHERE id = 3");
    }
    expect_caught_up(pair);
    EXPECT_EQ(pair.target_sql().scalar("SELECT LENGTH(m) FROM c.streamed WHERE id = 1"), "720000");
}

TEST_P(mariadb_source, brings_its_definitions_in_words_of_mysql) {
    auto how = options(GetParam(), {"d.*"});
    how.objects.exclude = {"d.numbers"};
    auto pair = make_pair(GetParam(), std::move(how));
    auto& sql = pair.source_sql();
    sql.exec("CREATE DATABASE d");
    const std::string columns =
        " (id INT NOT NULL PRIMARY KEY, j JSON, t TEXT DEFAULT 'abc', e INT DEFAULT (1 + 2), d "
        "DATE "
        "DEFAULT curdate(), g INT AS (id + 1) PERSISTENT, gv INT AS (id + 2) VIRTUAL, i INT "
        "INVISIBLE DEFAULT 5, u CHAR(36) DEFAULT uuid(), at TIMESTAMP(6) NOT NULL DEFAULT "
        "current_timestamp(6) ON UPDATE current_timestamp(6), KEY k (e) IGNORED, CHECK (id > "
        "0)) PAGE_COMPRESSED=1";
    const auto fill = [&](const std::string& table) {
        sql.exec("INSERT INTO " + table + " (id, j) VALUES (1, '{\"a\": [1, 2.50]}'), (2, NULL)");
    };
    sql.exec("CREATE TABLE d.copied" + columns);
    sql.exec("CREATE TABLE d.checked (a INT PRIMARY KEY, CHECK (a <> 5))");
    fill("d.copied");
    expect_caught_up(pair);
    for (const auto& statement : std::vector<std::string>{
             "USE d", "CREATE TABLE streamed" + columns, "SET binlog_alter_two_phase = 1",
             "ALTER TABLE streamed ADD COLUMN more JSON DEFAULT '{}' AFTER j, ALGORITHM=COPY, "
             "LOCK=SHARED",
             "CREATE TABLE taken (KEY (id)) AS SELECT id, t FROM copied",
             "CREATE TABLE alike LIKE taken", "INSERT INTO alike VALUES (7, 'x')",
             "DROP TABLE alike WAIT 1", "CREATE INDEX ix ON taken (t(10)) IGNORED",
             "ALTER TABLE taken /*M! ADD COLUMN z INT DEFAULT 4 */",
             "SET explicit_defaults_for_timestamp = 0",
             "CREATE TABLE implicit (a INT PRIMARY KEY, b TIMESTAMP)",
             "SET explicit_defaults_for_timestamp = 1", "INSERT INTO implicit (a) VALUES (1)",
             "SAVEPOINT nothing", "ANALYZE TABLE taken"})
        sql.exec(statement);
    // Logged as begun, and as taken back.
    EXPECT_THROW(sql.exec("ALTER TABLE taken ADD UNIQUE (t(10))"), sql_error);
    sql.exec("CREATE SEQUENCE numbers; SELECT NEXTVAL(numbers); SELECT NEXTVAL(numbers)");
    fill("d.streamed");
    sql.exec("SET gtid_domain_id = 7; INSERT INTO d.taken (id) VALUES (40)");
    sql.exec("SET gtid_domain_id = 0; UPDATE d.streamed SET more = '[1]' WHERE id = 2");
    sql.exec("BEGIN; INSERT INTO d.taken (id) VALUES (50); SAVEPOINT s; INSERT INTO d.taken (id) "
             "VALUES (51); ROLLBACK TO s; COMMIT");
    expect_caught_up(pair);
    EXPECT_EQ(pair.target_sql().scalar("SELECT data_type FROM information_schema.columns WHERE "
                                       "table_schema = 'd' AND table_name = 'streamed' AND "
                                       "column_name = 'more'"),
              "longtext");

    EXPECT_EQ(pair.target_sql().scalar("SELECT is_nullable FROM information_schema.columns WHERE "
                                       "table_schema = 'd' AND table_name = 'implicit' AND "
                                       "column_name = 'b'"),
              "NO");

    sql.exec("CREATE TABLE d.ids (u UUID PRIMARY KEY)");
    const auto refused = pair.run_task();
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.error + refused.output, HasSubstr("the type UUID of column `u`"));
}

} // namespace
} // namespace understudy::test
