// MariaDB as the target: rows as SQL, definitions and DDL in words that it understands.

#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

struct target_case {
    std::string name;
    server_kind source;
};

void PrintTo(const target_case& value, std::ostream* out) {
    *out << value.name;
}

// Definitions are in other words, checksums of other servers.
constexpr comparison_options rows_only{.definitions = false, .rows = true, .checksums = false};

class mariadb_target : public testing::TestWithParam<target_case> {
protected:
    static pair_options options(std::vector<std::string> include) {
        pair_options made;
        made.objects.include = std::move(include);
        made.target.extra_args = {"--max-allowed-packet=64M"}; // as the sources
        if (GetParam().source == server_kind::mysql_97) {
            made.source.extra_args = {"--character-set-server=utf8mb4",
                                      "--collation-server=utf8mb4_general_ci"};
        }
        // By position, which all of them have.
        made.source.gtid = GetParam().source == server_kind::mysql_97;
        return made;
    }
    static void expect_caught_up(source_and_target& pair) {
        const auto ended = pair.run_task();
        ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
        EXPECT_THAT(compare(pair.source_sql(), pair.target_sql(), {.include = {"shop.*", "w.*"}},
                            rows_only),
                    IsEmpty());
    }
};

TEST_P(mariadb_target, is_copied_into_and_follows) {
    source_and_target pair(GetParam().source, server_kind::mariadb_1011,
                           options({"shop.*", "side.*"}));
    auto& sql = pair.source_sql();
    sql.exec("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci");
    for (const auto* statement :
         {"CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
          "CREATE DATABASE side CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", "USE shop",
          "CREATE TABLE customer (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), since "
          "TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, note TEXT) ENGINE=InnoDB",
          "CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, customer_id INT NOT NULL, total "
          "DECIMAL(12,2), FOREIGN KEY (customer_id) REFERENCES customer (id) ON DELETE CASCADE) "
          "ENGINE=InnoDB",
          "CREATE TABLE visit (at DATETIME(3), page VARCHAR(100), f FLOAT, b BINARY(3), e "
          "ENUM('x','y'), bits BIT(11)) ENGINE=InnoDB",
          "CREATE VIEW big AS SELECT id, total FROM orders WHERE total > 100",
          GetParam().source == server_kind::mysql_56
              ? "CREATE TABLE side.doc (id INT PRIMARY KEY, j LONGTEXT)"
              : "CREATE TABLE side.doc (id INT PRIMARY KEY, j JSON)",
          "INSERT INTO side.doc VALUES (1, '{\"a\": [1, 2.50, \"x\"], \"b\": null}'), (2, NULL)",
          "INSERT INTO customer (name) VALUES ('Ada'), ('Zoë'), (NULL)",
          "INSERT INTO orders (customer_id, total) VALUES (1, 99.5), (2, 1200), (2, 0)",
          "INSERT INTO visit VALUES ('2026-01-01', '/', 1.1, 'a', 'x', b'101'), ('2026-01-01', "
          "'/', 1.1, 'a', 'x', b'101'), (NULL, NULL, NULL, NULL, NULL, NULL)"})
        sql.exec(statement);
    expect_caught_up(pair);
    for (const auto* statement :
         {"INSERT INTO customer (name) VALUES ('Grace')", "UPDATE orders SET total = total + 1",
          "DELETE FROM visit LIMIT 1", "UPDATE visit SET f = f * 3, bits = bits + 1",
          "CREATE TABLE later (a INT PRIMARY KEY, b VARCHAR(10)) ENGINE=InnoDB",
          "INSERT INTO later VALUES (1, 'x'), (2, NULL)", "ALTER TABLE later ADD c INT DEFAULT 5",
          "UPDATE later SET c = 6 WHERE a = 2", "TRUNCATE TABLE visit",
          "RENAME TABLE later TO latest", "INSERT INTO latest VALUES (3, 'z', 1)",
          "CREATE OR REPLACE VIEW big AS SELECT id FROM orders",
          "UPDATE customer SET id = 100 WHERE id = 3", "DELETE FROM customer WHERE id = 2",
          "INSERT INTO visit (page) VALUES ('é')",
          "INSERT INTO side.doc VALUES (3, '[true, \"ü\"]')",
          "UPDATE side.doc SET j = '{}' WHERE id = 1", "FLUSH LOGS"})
        sql.exec(statement);
    expect_caught_up(pair);
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.big"), "1");
    // MySQL's documents are text there.
    const std::string documents = "SELECT GROUP_CONCAT(j ORDER BY id SEPARATOR '|') FROM side.doc";
    EXPECT_EQ(pair.target_sql().scalar(documents), sql.scalar(documents));
    const auto shown = pair.run_program({"status", "--data-dir", pair.data_dir(), "--json"}).output;
    EXPECT_THAT(shown, HasSubstr("the target is MariaDB"));
}

TEST_P(mariadb_target, stays_exact_through_kills) {
    source_and_target pair(GetParam().source, server_kind::mariadb_1011, options({"w.*"}));
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    workload load(pair.source(),
                  {.writers = 2, .rows = 1000, .seed = seed, .pause_microseconds = 4000});
    load.prepare();
    load.start();
    for (int i = 0; i < 5; ++i) {
        auto task = pair.start_task();
        std::this_thread::sleep_for(i == 0 ? 1000ms : 3000ms);
        ASSERT_TRUE(task.running()) << task.error() << task.output();
        if (i == 3) {
            pair.target().kill_9();
            pair.target().restart();
        }
        task.kill_9();
    }
    load.stop();
    expect_caught_up(pair);
}

INSTANTIATE_TEST_SUITE_P(of, mariadb_target,
                         testing::Values(target_case{"mysql_97", server_kind::mysql_97},
                                         target_case{"mysql_56", server_kind::mysql_56},
                                         target_case{"mariadb_1011", server_kind::mariadb_1011}),
                         [](const auto& info) { return info.param.name; });

TEST(mysql_to_mariadb, refuses_by_name_what_mariadb_would_read_otherwise) {
    pair_options how;
    how.objects.include = {"t.*"};
    how.target.extra_args = {"--max-allowed-packet=64M"};
    how.source.extra_args = {"--character-set-server=utf8mb4",
                             "--collation-server=utf8mb4_general_ci"};
    source_and_target pair(server_kind::mysql_97, server_kind::mariadb_1011, how);
    pair.source_sql().exec("CREATE DATABASE t CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; "
                           "CREATE TABLE t.a (id INT PRIMARY KEY, v INT INVISIBLE)");
    const auto copied = pair.run_task();
    EXPECT_NE(copied.status.code, 0);
    EXPECT_THAT(copied.error, HasSubstr("INVISIBLE"));
    EXPECT_THAT(copied.error, HasSubstr("MariaDB"));
}

} // namespace
} // namespace understudy::test
