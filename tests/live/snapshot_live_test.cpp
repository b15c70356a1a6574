// The initial copy alone, between real servers at rest: after it both sides are equal.

#include "applier/checkpoint_store.hpp"
#include "snapshot/batch_writer.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/snapshot.hpp"
#include "snapshot/table_reader.hpp"
#include "tests/snapshot/tables.hpp"
#include "tests/support/comparison.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/native_replica.hpp"
#include "tests/support/wait_until.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <future>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace understudy::test {
namespace {

using snapshot::copy_outcome;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr std::string_view password = "pass";

protocol::connect_options account_on(const live_server& server) {
    protocol::connect_options options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.user = "copy";
    options.password = protocol::secret(std::string(password));
    return options;
}

void make_account(live_server& server) {
    auto root = server.root();
    root.exec(fmt::format("CREATE USER copy@'%' IDENTIFIED BY '{}'; GRANT ALL ON *.* TO copy@'%'",
                          password));
}

class servers {
public:
    explicit servers(server_kind source, server_options of_source = {},
                     server_options of_target = {})
        : list_(live_server::start_all(
              {{source, std::move(of_source)}, {server_kind::mysql_97, std::move(of_target)}})),
          source_sql(list_[0].root()), target_sql(list_[1].root()) {
        for (auto& server : list_)
            make_account(server);
        task.name = "test";
        task.source = account_on(list_[0]);
        task.target = account_on(list_[1]);
    }

    live_server& source() { return list_[0]; }
    live_server& target() { return list_[1]; }

    void select(object_selection objects) {
        selected = std::move(objects);
        task.objects.include = selected.include;
        task.objects.exclude = selected.exclude;
        task.objects.rename.clear();
        for (const auto& [from, to] : selected.rename)
            task.objects.rename.emplace_back(from, to);
    }

    // stop_after: copier::stop() at that moment.
    protocol::result<copy_outcome> copy(std::optional<std::chrono::milliseconds> stop_after = {}) {
        auto selection = state::object_selection::make(task);
        if (!selection) return std::unexpected(selection.error());
        boost::asio::io_context loop;
        boost::asio::thread_pool pool(4);
        state::status_board board("test");
        auto epoch = take_over();
        if (!epoch) return std::unexpected(epoch.error());
        snapshot::copier copier(loop.get_executor(), pool, task, *epoch, *selection, board);
        protocol::result<copy_outcome> outcome;
        boost::asio::steady_timer stopper(loop);
        if (stop_after) {
            stopper.expires_after(*stop_after);
            stopper.async_wait([&](boost::system::error_code aborted) {
                if (!aborted) copier.stop();
            });
        }
        boost::asio::co_spawn(loop, copier.run(),
                              [&](std::exception_ptr thrown, protocol::result<copy_outcome> end) {
                                  if (thrown) std::rethrow_exception(thrown);
                                  outcome = std::move(end);
                                  stopper.cancel();
                              });
        loop.run();
        pool.join();
        status = board.read();
        return outcome;
    }

    // The copy in a process of its own, killed after that time; true if it had ended by itself.
    bool copy_and_kill(std::chrono::milliseconds after) {
        return copy_and_kill_when([after] {
            std::this_thread::sleep_for(after);
            return true;
        });
    }

    bool copy_and_kill_when(const std::function<bool()>& condition) {
        const pid_t child = ::fork();
        if (child == 0) {
            auto outcome = copy();
            if (!outcome) std::fprintf(stderr, "copy: %s\n", outcome.error().what.c_str());
            ::_exit(outcome ? 0 : 1);
        }
        EXPECT_TRUE(wait_until(condition, 60s, 5ms));
        ::kill(child, SIGKILL);
        int end = 0;
        ::waitpid(child, &end, 0);
        EXPECT_FALSE(WIFEXITED(end) && WEXITSTATUS(end) != 0);
        return WIFEXITED(end);
    }

    [[nodiscard]] std::vector<std::string> differences() {
        return compare(source_sql, target_sql, selected);
    }

    // As a process does that starts with this task.
    protocol::result<std::uint64_t> take_over() {
        auto session = applier::target_session::connect(task.target, {});
        if (!session) return std::unexpected(session.error());
        const applier::checkpoint_store store(task.apply.meta_database, task.name);
        if (auto prepared = store.prepare(**session); !prepared)
            return std::unexpected(prepared.error());
        auto known = store.load(**session);
        if (!known) return std::unexpected(known.error());
        if (!*known) {
            if (auto made = store.create(**session, {}); !made)
                return std::unexpected(made.error());
        }
        return store.take_over(**session);
    }

private:
    std::vector<live_server> list_;

public:
    sql_client source_sql;
    sql_client target_sql;
    state::task_spec task;
    object_selection selected;
    state::status status;
};

std::string why(const protocol::result<copy_outcome>& outcome) {
    return outcome ? "" : outcome.error().code.message() + ": " + outcome.error().what;
}

void make_numbers(sql_client& sql, int count) {
    sql.exec("CREATE TABLE shop.numbers (n INT PRIMARY KEY); INSERT INTO shop.numbers VALUES (0)");
    for (int have = 1; have < count; have *= 2)
        sql.exec(fmt::format(
            "INSERT INTO shop.numbers SELECT n + {0} FROM shop.numbers WHERE n + {0} < {1}", have,
            count));
}

TEST(snapshot_live, copies_tables_under_every_kind_of_key) {
    for (const auto kind : {server_kind::mysql_97, server_kind::mysql_56}) {
        SCOPED_TRACE(to_string(kind));
        servers pair(kind);
        auto& sql = pair.source_sql;
        sql.exec(
            "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; CREATE DATABASE shop CHARACTER SET utf8mb4");
        make_numbers(sql, 700);
        const std::vector<std::pair<std::string, std::string>> keys = {
            {"TINYINT UNSIGNED", "n"},
            {"INT", "n * 1000 - 350000"},
            {"BIGINT UNSIGNED", "18446744073709551615 - n"},
            {"BIGINT", "-9223372036854775808 + n"},
            {"DECIMAL(30,10)", "n * 1.0000000001 - 300"},
            {"FLOAT", "n / 7 - 40"},
            {"DOUBLE", "n / 7 - 40"},
            {"BIT(40)", "n * 1000000"},
            {"YEAR", "IF(n = 0, 0, 1901 + n % 250)"},
            {"DATE", "IF(n = 0, '0000-00-00', '1000-01-01' + INTERVAL n DAY)"},
            {"DATETIME(6)", "'1000-01-01' + INTERVAL n * 100001 MICROSECOND"},
            {"TIMESTAMP(3)", "'2024-10-27 00:00:00' + INTERVAL n * 301 SECOND"},
            {"TIME(6)", "SEC_TO_TIME(n * 1.5 - 500)"},
            {"VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
             "CONCAT(HEX(n), 'é', CHAR(97 + n % 26))"},
            {"VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
             "CONCAT(CHAR(97 + n % 26), n, '\\\\''')"},
            {"CHAR(30) CHARACTER SET latin1", "CONCAT(CHAR(192 + n % 60), n)"},
            {"VARCHAR(10) CHARACTER SET ucs2", "CONCAT('x', n)"},
            {"BINARY(8)", "UNHEX(LPAD(HEX(n * 12345), 12, '0'))"},
            {"VARBINARY(20)", "CONCAT(CHAR(n % 256), n)"},
        };
        int number = 0;
        for (const auto& [type, value] : keys) {
            const std::string table = fmt::format("shop.k{}", number++);
            sql.exec(fmt::format("CREATE TABLE {} (id {}, v INT, PRIMARY KEY (id)) ENGINE=InnoDB",
                                 table, type));
            sql.exec(
                fmt::format("INSERT IGNORE INTO {} SELECT {}, n FROM shop.numbers", table, value));
            const std::string pair_table = fmt::format("shop.p{}", number);
            sql.exec(fmt::format(
                "CREATE TABLE {} (a INT NOT NULL, id {} NOT NULL, e ENUM('z','a','') NOT NULL, v "
                "INT, UNIQUE KEY (a, id, e)) ENGINE=InnoDB",
                pair_table, type));
            sql.exec(
                fmt::format("INSERT IGNORE INTO {} SELECT n % 3, {}, n % 4, n FROM shop.numbers",
                            pair_table, value));
        }
        sql.exec("CREATE TABLE shop.enums (e ENUM('1','0','x') NOT NULL, n INT NOT NULL, PRIMARY "
                 "KEY (e, n)) ENGINE=InnoDB; "
                 "INSERT IGNORE INTO shop.enums SELECT n % 4, n FROM shop.numbers");
        pair.select({.include = {"shop.*"}});
        pair.task.initial.chunk_bytes = 500; // many chunks
        const auto outcome = pair.copy();
        ASSERT_TRUE(outcome) << why(outcome);
        EXPECT_THAT(outcome->start_after, IsEmpty());
        EXPECT_FALSE(outcome->copy_end.file.empty());
        EXPECT_THAT(pair.differences(), IsEmpty());
    }
}

TEST(snapshot_live, copies_values_at_the_limits_of_their_types) {
    servers pair(server_kind::mysql_97, {}, {.extra_args = {"--local-infile=ON"}});
    auto& sql = pair.source_sql;
    sql.exec(
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'; CREATE DATABASE shop; "
        "CREATE TABLE shop.loaded (id INT PRIMARY KEY, f FLOAT, d DOUBLE, x DECIMAL(65,30), t "
        "TIME(6), "
        "ts TIMESTAMP(6) NULL, y YEAR, l VARCHAR(20) CHARACTER SET latin1, g VARCHAR(20) CHARACTER "
        "SET gbk, "
        "w VARCHAR(20) CHARACTER SET utf32, b VARBINARY(40), c BINARY(4), hidden INT INVISIBLE, "
        "twice INT AS (id * 2) STORED); "
        "INSERT INTO shop.loaded (id, f, d, x, t, ts, y, l, g, w, b, c, hidden) VALUES "
        "(0, 1.1, 0.1, -0.000000000000000000000000000001, '-838:59:58.999999', '2038-01-19 "
        "03:14:07.999999', 0, "
        "_latin1 x'E9FF00', _gbk x'B0A1D75C', _utf32 x'0001F600', x'00275C220A0D091A5C4E', x'01', "
        "7), "
        "(1, -0e0, -0e0, 1, '00:00:00', '0000-00-00 00:00:00', 2155, '', '', '', '', x'', NULL), "
        "(2, 3.402823466e38, 1.7976931348623157e308, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, NULL, NULL), "
        "(3, 1.4e-45, 4.9e-324, NULL, NULL, NULL, NULL, '\\\\N', 'NULL', NULL, '\\\\N', x'5C4E', "
        "NULL); "
        "CREATE TABLE shop.one_text (t VARCHAR(10) PRIMARY KEY); INSERT INTO shop.one_text VALUES "
        "(''), ('a'), ('\\n'); "
        "CREATE TABLE shop.inserted (id INT PRIMARY KEY, e ENUM('a','','1'), s SET('a','b'), b "
        "BIT(64), j JSON, "
        "g GEOMETRY, v VECTOR(2), big LONGBLOB); "
        "INSERT INTO shop.inserted VALUES (1, 0, 3, 0xFFFFFFFFFFFFFFFF, '{\"a\": [1, 1.0, -0.0, "
        "1e100, \"\\\\u0000\"]}', "
        "ST_GeomFromText('POINT(10 20)', 4326), TO_VECTOR('[1,-2.5]'), REPEAT(x'00275C0A', "
        "2000000)), "
        "(2, 2, 0, 0, 'null', ST_GeomFromText('POINT(-1.5 1e300)'), NULL, ''), (3, '1', NULL, "
        "NULL, NULL, NULL, NULL, NULL)");
    pair.select({.include = {"shop.*"}});
    auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());

    pair.target_sql.exec(
        "DROP DATABASE shop; DROP DATABASE understudy; SET GLOBAL local_infile = OFF");
    outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());
}

TEST(snapshot_live, copies_json_with_the_types_of_its_values) {
    servers pair(server_kind::mysql_97);
    auto& sql = pair.source_sql;
    sql.exec("CREATE DATABASE shop; CREATE TABLE shop.j (id INT PRIMARY KEY, j JSON); "
             "CREATE TABLE shop.keyless (j JSON); "
             "INSERT INTO shop.j VALUES (1, JSON_OBJECT('price', 12.50, 'list', JSON_ARRAY(1e0, 2, "
             "CAST('2024-01-02' AS DATE), "
             "CAST('10:11:12.5' AS TIME(6)), NOW(6), x'00FF', TRUE, NULL, JSON_ARRAY(), "
             "'\\\\\"\\'\\n'))), "
             "(2, CAST(12345.67 AS JSON)), (3, JSON_ARRAY(1.50, JSON_ARRAY(2.0, JSON_OBJECT('', "
             "0.1)))), (4, '[1.5, 2]'), "
             "(5, NULL), (6, CAST(CAST('2024-01-02 03:04:05' AS DATETIME) AS JSON)); "
             "INSERT INTO shop.keyless SELECT j FROM shop.j");
    pair.select({.include = {"shop.*"}});
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());
    for (const std::string_view types :
         {"SELECT GROUP_CONCAT(IFNULL(JSON_TYPE(j), '-'), IFNULL(JSON_TYPE(j->'$[0]'), '-'), "
          "IFNULL(JSON_TYPE(j->'$[1][0]'), '-'), IFNULL(JSON_TYPE(j->'$[1][1].\"\"'), '-') ORDER "
          "BY id) FROM shop.j",
          "SELECT CONCAT(JSON_TYPE(j->'$.price'), JSON_TYPE(j->'$.list[2]'), "
          "JSON_TYPE(j->'$.list[3]'), "
          "JSON_TYPE(j->'$.list[4]'), JSON_TYPE(j->'$.list[5]')) FROM shop.j WHERE id = 1",
          "SELECT GROUP_CONCAT(JSON_TYPE(j) ORDER BY 1) FROM shop.keyless"})
        EXPECT_EQ(sql.scalar(types), pair.target_sql.scalar(types)) << types;
}

TEST(snapshot_live, copies_views_routines_triggers_and_events) {
    for (const auto kind : {server_kind::mysql_97, server_kind::mysql_56}) {
        SCOPED_TRACE(to_string(kind));
        servers pair(kind);
        auto& sql = pair.source_sql;
        sql.exec(
            "CREATE DATABASE shop CHARACTER SET latin1; USE shop; "
            "CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) CHARACTER "
            "SET utf8mb4) "
            "ENGINE=InnoDB AUTO_INCREMENT = 500; "
            "CREATE TABLE orders (id INT PRIMARY KEY, customer INT, total DECIMAL(10,2), "
            "FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE) ENGINE=InnoDB; "
            "INSERT INTO customers VALUES (1, 'x'), (2, 'b'); INSERT INTO orders VALUES (1, 1, "
            "10), (2, 2, 20); "
            "CREATE FUNCTION fee(x DECIMAL(10,2)) RETURNS DECIMAL(10,2) DETERMINISTIC RETURN x * "
            "0.1; "
            "CREATE VIEW z_orders AS SELECT o.id, o.customer, o.total, fee(o.total) AS fee FROM "
            "orders o; "
            "CREATE VIEW a_sum AS SELECT customer, SUM(total) AS total FROM z_orders GROUP BY "
            "customer; "
            "CREATE DEFINER = nobody@nowhere VIEW `we``ird view` AS SELECT 'é' AS `é`; "
            "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'; "
            "CREATE PROCEDURE add_customer(n VARCHAR(50)) BEGIN INSERT INTO customers (name) "
            "VALUES ('\\' || n); END; "
            "SET sql_mode = ''; SET NAMES latin1; "
            "CREATE TRIGGER t1 BEFORE INSERT ON orders FOR EACH ROW SET NEW.total = NEW.total + 1; "
            "CREATE TRIGGER t2 AFTER INSERT ON orders FOR EACH ROW UPDATE customers SET name = "
            "CONCAT(name, '!'); "
            "SET NAMES utf8mb4; SET time_zone = '+05:00'; "
            "CREATE EVENT cleaning ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ENABLE "
            "COMMENT 'enable' "
            "DO DELETE FROM orders WHERE total < 0; "
            "CREATE EVENT sleeping ON SCHEDULE EVERY 1 HOUR DISABLE DO SET @x = 1; "
            "ALTER DATABASE shop CHARACTER SET utf8mb4");
        pair.select({.include = {"shop.*"}});
        const auto outcome = pair.copy();
        ASSERT_TRUE(outcome) << why(outcome);
        const bool snapshot_expected =
            kind == server_kind::mysql_56; // 9.7 logs what cascades change
        EXPECT_EQ(outcome->start_after.size(), snapshot_expected ? 2U : 0U);
        EXPECT_THAT(pair.differences(), IsEmpty());
        EXPECT_EQ(
            pair.target_sql.scalar(
                "SELECT GROUP_CONCAT(EVENT_NAME, ':', STATUS, ':', TIME_ZONE ORDER BY 1) FROM "
                "information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'"),
            "cleaning:REPLICA_SIDE_DISABLED:+05:00,sleeping:DISABLED:+05:00");
        pair.target_sql.exec("CALL shop.add_customer('new')");
        EXPECT_EQ(
            pair.target_sql.scalar("SELECT CONCAT(id, name) FROM shop.customers WHERE id > 2"),
            "500\\new");
    }
}

TEST(snapshot_live, gives_objects_the_names_of_the_target) {
    servers pair(server_kind::mysql_97);
    auto& sql = pair.source_sql;
    sql.exec("CREATE DATABASE shop; CREATE DATABASE `we``ird.db é`; USE shop; "
             "CREATE TABLE parents (id INT PRIMARY KEY); CREATE TABLE orders (id INT PRIMARY KEY, "
             "p INT, "
             "FOREIGN KEY (p) REFERENCES parents (id)); CREATE TABLE `a.b ``c` (`x y` INT, `ü``.` "
             "INT, KEY (`x y`)); "
             "CREATE TABLE `" +
             std::string(64, 'n') +
             "` (id INT PRIMARY KEY); "
             "INSERT INTO parents VALUES (1), (2); INSERT INTO orders VALUES (1, 1); INSERT INTO "
             "`a.b ``c` VALUES (1, 2), (1, 2); "
             "CREATE VIEW v AS SELECT o.id FROM orders o JOIN parents ON o.p = parents.id; "
             "CREATE TABLE `we``ird.db é`.`täble` (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES "
             "shop.parents (id)); "
             "INSERT INTO `we``ird.db é`.`täble` VALUES (2); "
             "CREATE VIEW `we``ird.db é`.w AS SELECT * FROM shop.orders");
    pair.selected = {.include = {"shop.*"},
                     .rename = {{"shop.parents", "shop.elders"}, {"shop.orders", "dw.sales"}}};
    pair.task.objects.include = {"shop.*"};
    pair.task.objects.rename = {{"shop.parents", "shop.elders"}, {"shop.orders", "dw.sales"}};
    pair.target_sql.exec("CREATE DATABASE dw");
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_EQ(pair.target_sql.scalar("SELECT COUNT(*) FROM shop.v"), "1");
    EXPECT_EQ(pair.target_sql.scalar("SELECT COUNT(*) FROM dw.sales"), "1");
    EXPECT_EQ(pair.target_sql.scalar(
                  "SELECT CONCAT(UNIQUE_CONSTRAINT_SCHEMA, '.', REFERENCED_TABLE_NAME) FROM "
                  "information_schema.REFERENTIAL_CONSTRAINTS WHERE TABLE_NAME = 'sales'"),
              "shop.elders");
    EXPECT_EQ(pair.target_sql.scalar("SELECT SUM(`ü``.`) FROM shop.`a.b ``c`"), "4");

    pair.task.name = "second";
    pair.task.objects.include = {"shop.*", "`we``ird.db é`.*"};
    pair.task.objects.rename = {{"shop", "copy"}, {"`we``ird.db é`", "`ü```"}};
    const auto second = pair.copy();
    ASSERT_TRUE(second) << why(second);
    EXPECT_EQ(pair.target_sql.scalar("SELECT COUNT(*) FROM `ü```.w"), "1");
    EXPECT_EQ(pair.target_sql.scalar(
                  "SELECT UNIQUE_CONSTRAINT_SCHEMA FROM information_schema.REFERENTIAL_CONSTRAINTS "
                  "WHERE CONSTRAINT_SCHEMA = 'ü`'"),
              "copy");
}

TEST(snapshot_live, goes_on_where_a_kill_stopped_it) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    servers pair(server_kind::mysql_97);
    auto& sql = pair.source_sql;
    sql.exec("CREATE DATABASE shop");
    make_numbers(sql, 30'000);
    sql.exec(
        "CREATE TABLE shop.keyed (id INT PRIMARY KEY, c CHAR(100), u INT UNIQUE, KEY c (c)); "
        "INSERT INTO shop.keyed SELECT n, REPEAT(HEX(n), 10), n FROM shop.numbers; "
        "CREATE TABLE shop.keyless (id INT, c CHAR(100)); "
        "INSERT INTO shop.keyless SELECT n % 100, REPEAT(HEX(n), 10) FROM shop.numbers; "
        "CREATE TABLE shop.myisam (id INT, c CHAR(100)) ENGINE=MyISAM; "
        "INSERT INTO shop.myisam SELECT n % 100, REPEAT(HEX(n), 10) FROM shop.numbers LIMIT 3000; "
        "CREATE VIEW shop.v AS SELECT * FROM shop.keyed; "
        "CREATE PROCEDURE shop.p() SELECT 1; "
        "CREATE TRIGGER shop.t AFTER INSERT ON shop.keyed FOR EACH ROW SET @x = 1");
    pair.select({.include = {"shop.*"}});
    pair.task.initial.chunk_bytes = 50'000;
    pair.task.initial.late_keys_rows = 0;
    int killed = 0;
    for (int i = 0; i < 12; ++i) {
        if (pair.copy_and_kill(
                std::chrono::milliseconds(std::uniform_int_distribution(50, 2500)(random))))
            break;
        ++killed;
    }
    EXPECT_GT(killed, 0);
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());
    EXPECT_EQ(outcome->start_after.size(), 2U);
    EXPECT_EQ(outcome->copied.size(), 4U);
}

TEST(snapshot_live, makes_secondary_keys_behind_the_rows) {
    for (const auto kind : {server_kind::mysql_97, server_kind::mysql_56}) {
        SCOPED_TRACE(to_string(kind));
        servers pair(kind);
        auto& sql = pair.source_sql;
        sql.exec(
            "CREATE DATABASE shop; USE shop; SET sql_mode = ''; "
            "CREATE TABLE `odd name` (n INT AUTO_INCREMENT, a VARCHAR(200) CHARACTER SET utf8, "
            "b INT, c DATETIME DEFAULT '0000-00-00', PRIMARY KEY (a), UNIQUE KEY u (b), KEY n (n), "
            "KEY `k 1` (a(3), b), KEY c (c) COMMENT 'it''s, (x)') ENGINE=InnoDB; "
            "CREATE TABLE parent (id INT PRIMARY KEY, code INT, k INT, UNIQUE KEY code (code), KEY "
            "k (k)) ENGINE=InnoDB; "
            "CREATE TABLE child (id INT PRIMARY KEY, code INT, other INT, KEY other (other), "
            "CONSTRAINT fk FOREIGN KEY (code) REFERENCES parent (code)) ENGINE=InnoDB; "
            "CREATE TABLE words (id INT PRIMARY KEY, w TEXT, k INT, KEY k (k), FULLTEXT KEY w (w)) "
            "ENGINE=InnoDB; "
            "CREATE TABLE parts (id INT PRIMARY KEY, k INT, KEY k (k)) ENGINE=InnoDB PARTITION BY "
            "HASH (id) PARTITIONS 3; "
            "INSERT INTO parent VALUES (1, 10, 1), (2, 20, 1); INSERT INTO child VALUES (1, 10, "
            "3); "
            "INSERT INTO words VALUES (1, 'some words', 1); INSERT INTO parts VALUES (1, 2), (2, "
            "1)");
        for (int i = 0; i < 300; ++i)
            sql.exec(fmt::format("INSERT INTO `odd name` (a, b) VALUES ('{0:05}', {0})", i));
        if (kind == server_kind::mysql_97)
            sql.exec("CREATE TABLE newer (id INT PRIMARY KEY, d INT, KEY down (d DESC), KEY h (d) "
                     "INVISIBLE, KEY e ((d * 2)), KEY l (id, d)); INSERT INTO newer VALUES (1, 2)");
        pair.select({.include = {"shop.*"}});
        pair.task.initial.late_keys_rows = 0;
        const auto outcome = pair.copy();
        ASSERT_TRUE(outcome) << why(outcome);
        EXPECT_THAT(pair.differences(), IsEmpty());
        EXPECT_EQ(
            pair.target_sql.scalar("SELECT GROUP_CONCAT(source_object ORDER BY source_object) "
                                   "FROM understudy.copy_progress WHERE kind = 'keys' AND "
                                   "state = 'created'"),
            kind == server_kind::mysql_97 ? "newer,odd name,parts" : "odd name,parts");
    }
}

// Whoever reads a table of the target holds up what alters it.
TEST(snapshot_live, copies_other_tables_while_keys_are_made) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec("CREATE DATABASE shop");
    make_numbers(pair.source_sql, 3000);
    pair.source_sql.exec(
        "CREATE TABLE shop.keyed (id INT PRIMARY KEY, n INT, c CHAR(200), KEY n (n), KEY c (c)); "
        "INSERT INTO shop.keyed SELECT n, n, REPEAT(HEX(n), 10) FROM shop.numbers; "
        "CREATE TABLE shop.later (id INT PRIMARY KEY, n INT, KEY n (n)); "
        "INSERT INTO shop.later SELECT n, n % 7 FROM shop.numbers; "
        "ANALYZE TABLE shop.keyed, shop.later");
    pair.select({.include = {"shop.keyed", "shop.later"}});
    pair.task.initial.connections = 1;
    pair.task.initial.chunk_bytes = 50'000;
    pair.task.initial.late_keys_rows = 0;
    pair.task.initial.rows_per_second_max = 1500; // the reader is there before the keys
    bool copied_beside = false;
    {
        const std::jthread reader([&] {
            auto sql = pair.target().root();
            const auto holds = [&sql](const std::string& condition) {
                return wait_until([&] {
                    try {
                        return sql.scalar(condition) == "1";
                    } catch (const sql_error&) {
                        return false; // the table is not there yet
                    }
                });
            };
            if (!holds("SELECT COUNT(*) > 0 FROM shop.keyed")) return;
            sql.exec("START TRANSACTION; SELECT * FROM shop.keyed LIMIT 1");
            auto other = pair.target().root();
            copied_beside = wait_until([&] {
                return other.scalar("SELECT COUNT(*) FROM shop.later") == "3000" &&
                       other.scalar("SELECT COUNT(*) FROM information_schema.processlist WHERE "
                                    "info LIKE 'ALTER TABLE%keyed%' AND state LIKE "
                                    "'Waiting for table metadata lock'") == "1";
            });
            sql.exec("ROLLBACK");
        });
        const auto outcome = pair.copy();
        ASSERT_TRUE(outcome) << why(outcome);
    }
    EXPECT_TRUE(copied_beside);
    EXPECT_THAT(pair.differences(), IsEmpty());
    for (const auto& [name, progress] : pair.status.copy)
        EXPECT_TRUE(progress.finished) << name;
}

// The server does not notice that nobody waits for the statement any more.
TEST(snapshot_live, makes_keys_beside_the_statement_that_a_killed_run_left) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec(
        "CREATE DATABASE shop; CREATE TABLE shop.keyed (id INT PRIMARY KEY AUTO_INCREMENT, n INT, "
        "c CHAR(100), KEY n (n), KEY c (c)); "
        "INSERT INTO shop.keyed (n, c) VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    for (int i = 0; i < 15; ++i)
        pair.source_sql.exec("INSERT INTO shop.keyed (n, c) SELECT id * 7 % 1000, CRC32(id + n) "
                             "FROM shop.keyed");
    pair.select({.include = {"shop.*"}});
    pair.task.initial.late_keys_rows = 0;
    auto sql = pair.target().root();
    sql.exec("SET GLOBAL innodb_ddl_buffer_size = 65536, GLOBAL innodb_ddl_threads = 1"); // slow
    const auto is_altered = [&sql] {
        return sql.scalar("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE "
                          "'ALTER TABLE%keyed%' AND state LIKE 'altering table%'") == "1";
    };
    EXPECT_FALSE(pair.copy_and_kill_when(is_altered));
    EXPECT_TRUE(is_altered());
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());
}

TEST(snapshot_live, names_a_table_that_was_altered_behind_the_snapshot) {
    servers pair(server_kind::mysql_97);
    const std::string tables =
        "CREATE DATABASE shop; CREATE TABLE shop.a (n INT); CREATE TABLE shop.b (n INT)";
    pair.source_sql.exec(tables + "; INSERT INTO shop.a VALUES (1); INSERT INTO shop.b VALUES (1)");
    pair.target_sql.exec(tables + "; LOCK TABLES shop.a READ");
    pair.select({.include = {"shop.*"}});
    pair.task.initial.connections = 1;
    pair.task.initial.schema = false;
    const std::jthread alters([&] {
        auto target = pair.target().root();
        EXPECT_TRUE(wait_until([&] {
            return target.scalar("SELECT COUNT(*) FROM information_schema.processlist WHERE "
                                 "state LIKE 'Waiting for table metadata lock'") == "1";
        }));
        pair.source().root().exec("ALTER TABLE shop.b ADD w INT, ALGORITHM = COPY");
        pair.target_sql.exec("UNLOCK TABLES");
    });
    const auto outcome = pair.copy();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, snapshot::errc::changed_during_copy) << why(outcome);
    EXPECT_THAT(outcome.error().what, HasSubstr("shop"));
}

TEST(snapshot_live, is_whole_whatever_limits_sessions_of_the_source_begin_with) {
    for (const auto kind : {server_kind::mysql_97, server_kind::mariadb_1011}) {
        SCOPED_TRACE(to_string(kind));
        servers pair(kind);
        pair.source_sql.exec("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        make_numbers(pair.source_sql, 3000);
        pair.source_sql.exec("CREATE TABLE shop.bag (n INT, t BLOB); INSERT INTO shop.bag SELECT "
                             "n % 7, REPEAT('x', 900) FROM shop.numbers");
        pair.select({.include = {"shop.*"}});
        const std::string limit = is_mariadb(kind) ? "max_statement_time" : "max_execution_time";
        const std::string little = is_mariadb(kind) ? "0.001" : "1";
        pair.source_sql.exec("SET GLOBAL sql_select_limit = 1, GLOBAL max_join_size = 1, GLOBAL " +
                             limit + " = " + little);
        const auto outcome = pair.copy();
        pair.source_sql.exec("SET GLOBAL sql_select_limit = DEFAULT, GLOBAL max_join_size = "
                             "DEFAULT, GLOBAL " +
                             limit + " = DEFAULT");
        ASSERT_TRUE(outcome) << why(outcome);
        EXPECT_THAT(pair.differences(), IsEmpty());
    }
}

TEST(snapshot_live, reads_no_faster_than_it_may) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v CHAR(100)); SET SESSION "
        "cte_max_recursion_depth = 20000; INSERT INTO shop.t WITH RECURSIVE n AS (SELECT 1 AS i "
        "UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, REPEAT('x', 100) FROM n");
    pair.select({.include = {"shop.*"}});
    pair.task.initial.chunk_bytes = 100'000;
    pair.task.initial.rows_per_second_max = 8'000;
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_GT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_THAT(pair.differences(), IsEmpty());
}

TEST(snapshot_live, pauses_while_the_source_is_busy) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v CHAR(100)); SET SESSION "
        "cte_max_recursion_depth = 20000; INSERT INTO shop.t WITH RECURSIVE n AS (SELECT 1 AS i "
        "UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, REPEAT('x', 100) FROM n");
    pair.select({.include = {"shop.*"}});
    pair.task.initial.chunk_bytes = 100'000;
    pair.task.initial.threads_running_max = 9; // the copy itself needs fewer
    std::vector<std::jthread> sleepers;
    for (int i = 0; i < 12; ++i) {
        sleepers.emplace_back([&pair] {
            auto busy = pair.source().root();
            busy.exec("SELECT SLEEP(4)");
        });
    }
    std::this_thread::sleep_for(500ms);
    const auto begin = std::chrono::steady_clock::now();
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_GT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_THAT(pair.differences(), IsEmpty());
    EXPECT_EQ(pair.status.applier_note, "");
}

TEST(snapshot_live, pauses_while_a_replica_of_the_target_lags) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT "
                         "INTO shop.t VALUES (1), (2)");
    pair.select({.include = {"shop.*"}});
    auto replica = live_server::start(server_kind::mysql_97);
    make_native_replica(replica, pair.target());
    wait_until_caught_up(replica, pair.target(), 60s); // it has the account now
    replica.root().exec("STOP REPLICA SQL_THREAD");
    pair.task.initial.replica_lag_max = 5s;
    pair.task.initial.replicas = {{"127.0.0.1", replica.port()}};
    std::string rows_then = "none";
    {
        const std::jthread starts([&] {
            auto target = pair.target().root();
            EXPECT_TRUE(wait_until([&target] {
                try {
                    return target.scalar("SELECT COUNT(*) FROM understudy.copy_progress WHERE "
                                         "kind = 'data'") == "1";
                } catch (const sql_error&) {
                    return false; // the table is not there yet
                }
            }));
            std::this_thread::sleep_for(3s);
            rows_then = target.scalar("SELECT COUNT(*) FROM shop.t");
            replica.root().exec("START REPLICA");
        });
        const auto outcome = pair.copy();
        ASSERT_TRUE(outcome) << why(outcome);
    }
    EXPECT_EQ(rows_then, "0");
    EXPECT_THAT(pair.differences(), IsEmpty());
    EXPECT_EQ(pair.status.applier_note, "");
}

TEST(snapshot_live, keeps_copied_rows_out_of_the_binary_log_when_told) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v LONGBLOB); "
        "INSERT INTO shop.t VALUES (1, REPEAT('x', 1000000))");
    pair.select({.include = {"shop.*"}});
    pair.task.initial.binlog = false;
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());
    EXPECT_EQ(pair.target_sql.scalar("SELECT SUM(SUM_NUMBER_OF_BYTES_WRITE) < 500000 FROM "
                                     "performance_schema.file_summary_by_event_name WHERE "
                                     "EVENT_NAME = 'wait/io/file/sql/binlog'"),
              "1");
}

TEST(snapshot_live, stops_when_told_and_goes_on_later) {
    servers pair(server_kind::mysql_97);
    auto& sql = pair.source_sql;
    sql.exec("CREATE DATABASE shop");
    make_numbers(sql, 20'000);
    pair.select({.include = {"shop.*"}});
    pair.task.initial.chunk_bytes = 500;
    const auto stopped = pair.copy(300ms);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, snapshot::errc::cancelled);
    pair.task.initial.chunk_bytes = 100'000;
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());
}

TEST(snapshot_live, survives_the_death_of_the_target) {
    servers pair(server_kind::mysql_97);
    auto& sql = pair.source_sql;
    sql.exec("CREATE DATABASE shop");
    make_numbers(sql, 20'000);
    sql.exec("CREATE TABLE shop.keyless (id INT, c CHAR(100)); INSERT INTO shop.keyless SELECT n, "
             "REPEAT('x', 100) FROM shop.numbers");
    pair.select({.include = {"shop.*"}});
    pair.task.initial.chunk_bytes = 20'000;
    std::jthread killer([&] {
        const std::string begun = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name "
                                  "= 'copy_progress'";
        while (pair.target_sql.scalar(begun) == "0")
            std::this_thread::sleep_for(20ms);
        std::this_thread::sleep_for(500ms);
        pair.target().kill_9();
        pair.target().restart();
    });
    const auto outcome = pair.copy();
    killer.join();
    ASSERT_TRUE(outcome) << why(outcome);
    pair.target_sql = pair.target().root();
    EXPECT_THAT(pair.differences(), IsEmpty());
}

TEST(snapshot_live, keeps_what_the_target_has_only_when_asked_to) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); "
                         "INSERT INTO shop.t VALUES (1, 1), (2, 2)");
    pair.target_sql.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); "
                         "INSERT INTO shop.t VALUES (2, 20), (3, 30)");
    pair.select({.include = {"shop.*"}});
    const auto refused = pair.copy();
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().what, HasSubstr("existing_tables"));
    pair.task.conflict.policy = state::task_spec::existing_tables::ignore;
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_EQ(pair.target_sql.scalar("SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM shop.t"),
              "1:1,2:20,3:30");
}

TEST(snapshot_live, waits_for_open_writers_before_it_takes_a_position) {
    for (const auto kind : {server_kind::mysql_97, server_kind::mysql_56}) {
        SCOPED_TRACE(to_string(kind));
        servers pair(kind);
        pair.source_sql.exec("CREATE DATABASE shop; CREATE TABLE shop.keyless (v INT) "
                             "ENGINE=InnoDB; INSERT INTO shop.keyless VALUES (1)");
        pair.select({.include = {"shop.*"}});
        auto writer = pair.source().root();
        writer.exec("BEGIN; INSERT INTO shop.keyless VALUES (2)");
        std::jthread later([&] {
            std::this_thread::sleep_for(3s);
            writer.exec("COMMIT");
        });
        const auto outcome = pair.copy();
        later.join();
        ASSERT_TRUE(outcome) << why(outcome);
        EXPECT_EQ(pair.target_sql.scalar("SELECT COUNT(*) FROM shop.keyless"), "2");
        const auto& at = outcome->start_after.at({"shop", "keyless"});
        EXPECT_EQ(at.executed.to_string(), [&] {
            auto text = pair.source_sql.scalar("SELECT @@GLOBAL.gtid_executed");
            std::erase(text, '\n');
            return text;
        }());
    }
}

TEST(snapshot_live, copies_every_table_of_a_foreign_key_graph_in_one_snapshot) {
    servers pair(server_kind::mysql_97, {.extra_args = {"--innodb-native-foreign-keys=ON"}});
    pair.source_sql.exec(
        "CREATE DATABASE shop; USE shop; CREATE TABLE a (id INT PRIMARY KEY, up INT, FOREIGN KEY "
        "(up) REFERENCES a (id) ON DELETE CASCADE); "
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id) ON DELETE "
        "SET NULL); "
        "CREATE TABLE c (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES b (id)); "
        "CREATE TABLE d (id INT PRIMARY KEY); "
        "INSERT INTO a VALUES (1, NULL), (2, 1); INSERT INTO b VALUES (1, 2); INSERT INTO c VALUES "
        "(1, 1); INSERT INTO d VALUES (1)");
    pair.select({.include = {"shop.*"}});
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_EQ(outcome->start_after.size(), 2U);
    EXPECT_TRUE(outcome->start_after.contains({"shop", "a"}));
    EXPECT_TRUE(outcome->start_after.contains({"shop", "b"}));
    EXPECT_THAT(pair.differences(), IsEmpty());
}

// The session of the target that waits for a row; "0" while there is none.
std::string waiting_session(sql_client& sql) {
    return sql.scalar("SELECT COALESCE(MAX(trx_mysql_thread_id), 0) FROM "
                      "information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'");
}

// `old` is what a session that was lost left there: its COMMIT comes late.
TEST(snapshot_live, finds_a_batch_written_whose_commit_was_on_its_way) {
    servers pair(server_kind::mysql_97);
    pair.target_sql.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    pair.select({.include = {"shop.*"}});
    const auto epoch = pair.take_over();
    auto selection = state::object_selection::make(pair.task);
    ASSERT_TRUE(epoch && selection);
    boost::asio::io_context loop;
    boost::asio::thread_pool pool(2);
    state::status_board board("test");
    snapshot::stop_signal stop;
    const std::string& meta = pair.task.apply.meta_database;
    const snapshot::copy_context context{
        loop.get_executor(),
        &pool,
        &pair.task,
        &*selection,
        &board,
        &stop,
        snapshot::copy_progress(meta, "test"),
        applier::checkpoint_store(meta, "test"),
        *epoch,
        snapshot::source_link{loop.get_executor(), pair.task.source, {}, &stop}};
    const snapshot::progress_key key{"data", {"shop", "t"}};
    snapshot::progress_row row;
    {
        auto session = applier::target_session::connect(pair.task.target, {});
        ASSERT_TRUE(session && context.progress.prepare(**session) &&
                    context.progress.insert(**session, key, row));
        row.change = 1;
    }
    snapshot::source_table table{
        .name = key.source, .engine = "InnoDB", .columns = {}, .order = {}};
    table.columns.resize(1);
    table.columns[0].name = "id";
    snapshot::row_encoder encoder(table, key.source, {});
    snapshot::batch rows;
    const std::optional<std::string_view> one = "1";
    ASSERT_TRUE(encoder.add(rows, std::span(&one, 1)));

    auto old = pair.target().root();
    old.exec("BEGIN; UPDATE understudy.copy_progress SET change_number = 2; INSERT INTO shop.t "
             "VALUES (1)");
    const std::jthread fate([&] {
        std::string first;
        EXPECT_TRUE(wait_until([&] { return (first = waiting_session(pair.target_sql)) != "0"; }));
        pair.target_sql.exec("KILL " + first);
        EXPECT_TRUE(wait_until([&] {
            const auto now = waiting_session(pair.target_sql);
            return now != "0" && now != first;
        }));
        old.exec("COMMIT");
    });
    snapshot::target_worker worker(context.worker(snapshot::row_session_setup(true, true)));
    snapshot::batch_writer writer(worker, context, table, encoder, key);
    auto writing = boost::asio::co_spawn(loop, writer.write(rows, row), boost::asio::use_future);
    loop.run();
    const auto written = writing.get();
    ASSERT_TRUE(written) << written.error().what;
    EXPECT_EQ(row.change, 2U);
    EXPECT_EQ(pair.target_sql.scalar("SELECT change_number FROM understudy.copy_progress"), "2");
}

TEST(snapshot_live, copies_the_parts_that_it_finds_stored) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec("CREATE DATABASE shop");
    make_numbers(pair.source_sql, 300);
    pair.select({.include = {"shop.*"}});
    ASSERT_TRUE(pair.copy());
    // As if only the COMMIT of the plan was left of that copy, of which nobody had an answer.
    pair.target_sql.exec(
        "CREATE TABLE understudy.kept AS SELECT * FROM understudy.copy_progress WHERE kind = "
        "'data'; DELETE FROM understudy.copy_progress WHERE kind IN ('data', 'copy'); "
        "TRUNCATE shop.numbers");
    auto old = pair.target().root();
    old.exec("BEGIN; INSERT INTO understudy.copy_progress SELECT task, kind, source_database, "
             "source_object, p.number, 'copying', 1, IF(p.number = 0, '', '100'), IF(p.number = 0, "
             "'100', ''), 0, 0, '', 0, '', definition, NOW(6) FROM understudy.kept JOIN (SELECT 0 "
             "AS number UNION SELECT 1) p");
    const std::jthread fate([&] {
        EXPECT_TRUE(wait_until([&] { return waiting_session(pair.target_sql) != "0"; }));
        old.exec("COMMIT");
    });
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_THAT(pair.differences(), IsEmpty());
    EXPECT_EQ(
        pair.target_sql.scalar("SELECT GROUP_CONCAT(part, state, row_count ORDER BY part) FROM "
                               "understudy.copy_progress WHERE kind = 'data'"),
        "0copied101,1copied199");
}

TEST(snapshot_live, looks_at_unique_keys_where_other_rows_may_be) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, u INT UNIQUE); INSERT INTO "
        "shop.t VALUES (1, 10), (2, 20)");
    pair.select({.include = {"shop.*"}});
    for (const bool schema : {true, false}) {
        SCOPED_TRACE(schema);
        pair.target_sql.exec(
            "DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop; "
            "CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE); INSERT INTO t VALUES (3, 30); "
            "CREATE DATABASE IF NOT EXISTS seen; DROP TABLE IF EXISTS seen.checks; CREATE TABLE "
            "seen.checks (unique_checks INT); "
            "CREATE TRIGGER look BEFORE INSERT ON t FOR EACH ROW INSERT INTO seen.checks VALUES "
            "(@@unique_checks)");
        pair.task.name = schema ? "kept" : "filled";
        pair.task.initial.schema = schema;
        using existing_tables = state::task_spec::existing_tables;
        pair.task.conflict.policy = schema ? existing_tables::ignore : existing_tables::intercept;
        const auto outcome = pair.copy();
        ASSERT_TRUE(outcome) << why(outcome);
        EXPECT_EQ(pair.target_sql.scalar("SELECT GROUP_CONCAT(unique_checks) FROM seen.checks"),
                  "1,1");
    }
}

TEST(snapshot_live, lets_tables_be_altered_of_which_the_snapshot_was_read) {
    for (const auto kind : {server_kind::mysql_97, server_kind::mysql_56, server_kind::mariadb_1011,
                            server_kind::mariadb_118}) {
        SCOPED_TRACE(to_string(kind));
        servers pair(kind);
        pair.source_sql.exec("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        make_numbers(pair.source_sql, 1000);
        pair.source_sql.exec(
            "CREATE TABLE shop.a (n INT) ENGINE=InnoDB; INSERT INTO shop.a VALUES (1); "
            "CREATE TABLE shop.b (n INT, c BLOB) ENGINE=InnoDB; INSERT INTO shop.b SELECT n, "
            "REPEAT('x', 5000) FROM shop.numbers; "
            "CREATE TABLE shop.c (n INT) ENGINE=InnoDB; INSERT INTO shop.c VALUES (1)");
        pair.select({.include = {"shop.a", "shop.b", "shop.c"}});
        pair.task.initial.connections = 1;
        pair.task.initial.chunk_bytes = 20'000;
        pair.task.initial.rows_per_second_max = 200;
        std::string altered = "not begun";
        std::string copied_then = "none";
        {
            const std::jthread alters([&] {
                auto target = pair.target().root();
                const auto rows = [&target] {
                    try {
                        return target.scalar("SELECT COUNT(*) FROM shop.b");
                    } catch (const sql_error&) {
                        return std::string("0"); // the table is not there yet
                    }
                };
                if (!wait_until([&] { return rows() != "0"; })) return;
                try {
                    pair.source().root().exec("SET SESSION lock_wait_timeout = 1; ALTER TABLE "
                                              "shop.a ADD w INT; INSERT INTO shop.c VALUES (2)");
                    altered = "done";
                } catch (const sql_error& refused) {
                    altered = refused.what();
                }
                copied_then = rows();
            });
            const auto outcome = pair.copy();
            ASSERT_TRUE(outcome) << why(outcome);
        }
        EXPECT_EQ(altered, "done");
        EXPECT_NE(copied_then, "1000");
        EXPECT_EQ(pair.target_sql.scalar("SELECT COUNT(*) FROM shop.b"), "1000");
        EXPECT_EQ(pair.target_sql.scalar("SELECT COUNT(*) FROM shop.c"), "1");
    }
}

// Many times what the source says of their size.
TEST(snapshot_live, leaves_nothing_open_at_the_source_while_rows_are_written) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec("CREATE DATABASE shop");
    make_numbers(pair.source_sql, 3000);
    pair.source_sql.exec("CREATE TABLE shop.t (id INT PRIMARY KEY, c BLOB); INSERT INTO shop.t "
                         "SELECT n, REPEAT('x', IF(n < 1000, 60000, n % 20)) FROM shop.numbers");
    boost::asio::io_context loop;
    snapshot::stop_signal stop;
    // A session keeps the loop at work.
    auto get = [&loop](auto awaited) {
        auto answer = boost::asio::co_spawn(loop, std::move(awaited), boost::asio::use_future);
        loop.restart();
        while (answer.wait_for(0s) != std::future_status::ready)
            loop.run_one();
        return answer.get();
    };
    const snapshot::source_link link{loop.get_executor(), pair.task.source, {}, &stop};
    auto session = get(snapshot::open_source(link));
    ASSERT_TRUE(session) << session.error().what;
    auto table = snapshot::test::make_table(
        {snapshot::test::make_column("id", "int"), snapshot::test::make_column("c", "blob")}, 1);
    snapshot::row_encoder encoder(table, table.name, {});
    constexpr std::uint64_t chunk = 1U << 20U;
    snapshot::table_reader reader(link, *session, table, encoder, chunk, {});
    std::uint64_t rows = 0;
    int batches = 0;
    snapshot::batch some;
    const std::string reading = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = "
                                "'copy' AND command <> 'Sleep'";
    while (!some.last) {
        const auto filled = get(reader.fill(some));
        ASSERT_TRUE(filled) << filled.error().what;
        rows += some.read;
        ++batches;
        EXPECT_LT(some.bytes, 3 * chunk);
        EXPECT_TRUE(wait_until([&] { return pair.source_sql.scalar(reading) == "0"; }, 2s));
    }
    EXPECT_EQ(rows, 3000U);
    EXPECT_LT(batches, 70);
}

TEST(snapshot_live, knows_how_large_tables_are_now) {
    servers pair(server_kind::mysql_97);
    pair.source_sql.exec(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, c BLOB); SELECT "
        "TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_NAME = 't'");
    make_numbers(pair.source_sql, 1000);
    pair.source_sql.exec("INSERT INTO shop.t SELECT n, REPEAT('x', 5000) FROM shop.numbers; "
                         "SELECT COUNT(*) FROM shop.t");
    pair.select({.include = {"shop.t"}});
    // Statistics come a while after the rows.
    EXPECT_TRUE(wait_until([&] {
        return std::stoul(pair.source_sql.scalar("SELECT n_rows FROM mysql.innodb_table_stats "
                                                 "WHERE table_name = 't'")) > 500;
    }));
    EXPECT_EQ(pair.source_sql.scalar(
                  "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_NAME = 't'"),
              "0");
    const auto outcome = pair.copy();
    ASSERT_TRUE(outcome) << why(outcome);
    EXPECT_GT(pair.status.copy.at("shop.t").rows_estimated, 500U);
}

} // namespace
} // namespace understudy::test
