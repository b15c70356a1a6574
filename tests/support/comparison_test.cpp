#include "tests/support/comparison.hpp"

#include "tests/support/live_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Database `here` and its copy `there` on one server, compared as if one were renamed to the other.
class comparison : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        server_ = new live_server(live_server::start(server_kind::mysql_97));
    }
    static void TearDownTestSuite() { delete server_; }

    void in_both(const std::string& sql) {
        for (sql_client* side : {&here_, &there_})
            side->exec(sql);
    }

    void SetUp() override {
        here_.exec("DROP DATABASE IF EXISTS here; CREATE DATABASE here; USE here");
        there_.exec("DROP DATABASE IF EXISTS there; CREATE DATABASE there; USE there");
        in_both("CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20));"
                "CREATE TABLE t (id INT PRIMARY KEY, d DOUBLE, f FLOAT, b VARBINARY(8), s TEXT,"
                " j JSON, e ENUM('a', 'b'), bits BIT(9), p POINT, parent INT,"
                " FOREIGN KEY (parent) REFERENCES parent (id));"
                "CREATE TABLE no_key (a INT, b INT);"
                "CREATE VIEW v AS SELECT id, s FROM t WHERE id > 1;"
                "CREATE PROCEDURE p (x INT) SELECT x + 1;"
                "CREATE TRIGGER g BEFORE INSERT ON no_key FOR EACH ROW SET NEW.b = 1;"
                "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO SELECT 1;"
                "INSERT INTO parent VALUES (1, 'one'), (2, 'two');"
                "INSERT INTO t VALUES (1, 0.1e0, 1.1, x'00ff', 'ä', '{\"a\": 1.0}', 'a', b'101',"
                " POINT(1, 2), 1), (2, NULL, NULL, '', '', NULL, NULL, NULL, NULL, NULL);"
                "INSERT INTO no_key VALUES (1, 1), (1, 1), (2, 1)");
    }

    std::vector<std::string> differences() {
        return compare(here_, there_, {.include = {"here.*"}, .rename = {{"here", "there"}}});
    }

    static live_server* server_;
    sql_client here_ = server_->root();
    sql_client there_ = server_->root();
};

live_server* comparison::server_ = nullptr;

TEST_F(comparison, finds_nothing_between_equal_databases) {
    EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(comparison, does_not_mind_the_order_of_rows_or_where_a_counter_stands) {
    there_.exec("DELETE FROM no_key; INSERT INTO no_key VALUES (2, 1), (1, 1), (1, 1);"
                "ALTER TABLE parent AUTO_INCREMENT = 900");
    EXPECT_THAT(differences(), IsEmpty());
}

TEST_F(comparison, finds_every_change_of_a_value) {
    const std::vector<std::string> changes = {
        "UPDATE t SET d = 0.1e0 + 1e-17 * 2 WHERE id = 1",
        "UPDATE t SET f = 1.1000001 WHERE id = 1",
        "UPDATE t SET b = x'00fe' WHERE id = 1",
        "UPDATE t SET b = NULL WHERE id = 2",
        "UPDATE t SET s = 'a' WHERE id = 1",
        "UPDATE t SET j = '{\"a\": \"1.0\"}' WHERE id = 1",
        "UPDATE t SET e = 'b' WHERE id = 1",
        "UPDATE t SET bits = b'100' WHERE id = 1",
        "UPDATE t SET p = POINT(2, 1) WHERE id = 1",
        "DELETE FROM t WHERE id = 2",
        "INSERT INTO t (id) VALUES (3)",
    };
    for (const std::string& change : changes) {
        SCOPED_TRACE(change);
        SetUp();
        there_.exec(change);
        EXPECT_THAT(differences(), ElementsAre(HasSubstr("there.t: ")));
    }
}

TEST_F(comparison, counts_equal_rows_of_a_table_without_a_key) {
    there_.exec("DELETE FROM no_key WHERE a = 1 LIMIT 1; INSERT INTO no_key VALUES (2, 1)");
    EXPECT_THAT(differences(), ElementsAre(HasSubstr("only on the source: a=1 b=1")));
}

TEST_F(comparison, finds_every_change_of_a_definition) {
    const std::vector<std::string> changes = {
        "ALTER TABLE t MODIFY s TEXT COLLATE utf8mb4_bin",
        "ALTER TABLE t ADD KEY (d)",
        "ALTER TABLE t COMMENT 'x'",
        "CREATE OR REPLACE VIEW v AS SELECT id, s FROM t WHERE id > 2",
        "DROP VIEW v",
        "DROP PROCEDURE p; CREATE PROCEDURE p (x BIGINT) SELECT x + 1",
        "DROP TRIGGER g",
        "ALTER EVENT e ON SCHEDULE EVERY 2 DAY",
        "CREATE TABLE more (id INT PRIMARY KEY)",
        "ALTER DATABASE there CHARACTER SET latin1",
        "ALTER TABLE t DROP FOREIGN KEY t_ibfk_1",
    };
    for (const std::string& change : changes) {
        SCOPED_TRACE(change);
        SetUp();
        there_.exec(change);
        EXPECT_FALSE(differences().empty());
    }
}

TEST(comparison_of_versions, evens_out_how_the_versions_spell_one_definition) {
    std::vector<live_server> servers =
        live_server::start_all({{server_kind::mysql_56}, {server_kind::mysql_97}});
    sql_client old_server = servers[0].root();
    sql_client new_server = servers[1].root();
    const std::string made_on_both =
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci; SET SESSION sql_mode = "
        "'STRICT_TRANS_TABLES';"
        "CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; USE shop;"
        "CREATE TABLE parent (id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB;"
        "CREATE TABLE t (id BIGINT(20) PRIMARY KEY, z INT(5) ZEROFILL, flag TINYINT(1), y YEAR,"
        " u VARCHAR(10) CHARACTER SET utf8, ts TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)"
        " ON UPDATE CURRENT_TIMESTAMP(3), f FLOAT, d DOUBLE(10,2), dec1 DECIMAL(20,5),"
        " parent INT UNSIGNED, FOREIGN KEY (parent) REFERENCES parent (id)) ENGINE=InnoDB;"
        "CREATE TABLE parts (id INT, d DATE) ENGINE=InnoDB PARTITION BY RANGE (YEAR(d))"
        " (PARTITION a VALUES LESS THAN (2000), PARTITION b VALUES LESS THAN MAXVALUE);"
        "CREATE VIEW v AS SELECT id FROM t; CREATE PROCEDURE p (x INT(11)) SELECT x;"
        "INSERT INTO parent VALUES (1); INSERT INTO t VALUES (1, 3, 1, 1999, 'ä',"
        " '2020-01-01 00:00:00.123', 1.1, 2.25, 3.00001, 1); INSERT INTO parts VALUES (1, "
        "'1999-1-1')";
    old_server.exec(made_on_both);
    new_server.exec(made_on_both);
    EXPECT_THAT(compare(old_server, new_server, {.include = {"shop.*"}}), IsEmpty());
    new_server.exec("ALTER TABLE t MODIFY z INT(6) ZEROFILL; UPDATE t SET f = 1.1000001");
    EXPECT_THAT(compare(old_server, new_server, {.include = {"shop.*"}}),
                ElementsAre(HasSubstr("table shop.t is defined differently"),
                            HasSubstr("only on the source: id=1")));
}

} // namespace
} // namespace understudy::test
