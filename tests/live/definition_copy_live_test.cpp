// Definitions that a copy could lose without a word, by the program as a whole.

#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* event_names =
    "SELECT GROUP_CONCAT(EVENT_NAME, ' ', STATUS, ' ', IFNULL(EXECUTE_AT, ENDS) ORDER BY "
    "EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'";

TEST(definition_copy, makes_events_whose_time_has_passed) {
    for (const auto kind :
         {server_kind::mysql_97, server_kind::mysql_56, server_kind::mariadb_1011}) {
        SCOPED_TRACE(to_string(kind));
        source_and_target pair(kind, server_kind::mysql_97, {.objects = {.include = {"shop.*"}}});
        auto& source = pair.source_sql();
        source.exec(
            "SET GLOBAL event_scheduler = OFF; CREATE DATABASE shop CHARACTER SET utf8mb4; USE "
            "shop; SET time_zone = '+03:00', timestamp = 1500000000; "
            "CREATE EVENT once ON SCHEDULE AT NOW() + INTERVAL 1 HOUR DISABLE DO SET @x = 1; "
            "CREATE EVENT kept ON SCHEDULE AT NOW() + INTERVAL 1 HOUR ON COMPLETION PRESERVE "
            "ENABLE DO SET @x = 1; "
            "CREATE EVENT ended ON SCHEDULE EVERY 1 HOUR ENDS NOW() + INTERVAL 1 DAY DISABLE DO "
            "SET @x = 1; "
            "CREATE EVENT later ON SCHEDULE AT NOW() + INTERVAL 1 HOUR DISABLE DO SET @x = 1; "
            "SET timestamp = 1500010000; "
            "ALTER EVENT later ON SCHEDULE AT NOW() + INTERVAL 1 HOUR");
        auto done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_EQ(pair.target_sql().scalar(event_names),
                  "ended DISABLED 2017-07-15 05:40:00,kept REPLICA_SIDE_DISABLED 2017-07-14 "
                  "06:40:00,later DISABLED 2017-07-14 09:26:40,once DISABLED 2017-07-14 06:40:00");
        EXPECT_EQ(pair.target_sql().scalar("SELECT UNIX_TIMESTAMP(CREATED) FROM "
                                           "information_schema.EVENTS WHERE EVENT_NAME = 'once'"),
                  "1500000000");
        source.exec("DROP EVENT once; DROP EVENT kept; DROP EVENT ended; DROP EVENT later");
        done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.EVENTS WHERE "
                                           "EVENT_SCHEMA = 'shop'"),
                  "0");
    }
}

TEST(definition_copy, keeps_that_a_database_encrypts_its_tables) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97,
                           {.objects = {.include = {"shop.*", "plain.*"}}});
    pair.source_sql().exec(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); CREATE DATABASE plain; "
        "CREATE TABLE plain.t (id INT PRIMARY KEY); ALTER DATABASE shop DEFAULT ENCRYPTION = 'Y'");
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_EQ(pair.target_sql().scalar(
                  "SELECT GROUP_CONCAT(DEFAULT_ENCRYPTION ORDER BY SCHEMA_NAME) FROM "
                  "information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('plain', 'shop')"),
              "NO,YES");
    EXPECT_THAT(pair.compare(), IsEmpty());
}

TEST(definition_copy, says_what_an_encrypted_table_needs) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97,
                           {.objects = {.include = {"shop.*"}}});
    // As a server with another default: the target has no keyring either.
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY)");
    pair.target_sql().exec("CREATE DATABASE shop DEFAULT ENCRYPTION = 'Y'");
    const auto done = pair.run_task();
    EXPECT_NE(done.status.code, 0);
    EXPECT_THAT(done.error + done.output, HasSubstr("the target has no keyring"));
}

TEST(definition_copy, copies_casts_to_a_character_set_with_another_default_collation) {
    source_and_target pair(server_kind::mariadb_1011, server_kind::mysql_97,
                           {.objects = {.include = {"shop.*"}}});
    pair.source_sql().exec(
        "CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE TABLE shop.t (id INT PRIMARY KEY, w "
        "VARCHAR(20), v CHAR(36) AS (CAST(w AS CHAR(36) CHARACTER SET utf8mb4)) STORED, d "
        "VARCHAR(20) DEFAULT (CONVERT('é' USING utf8mb4))) CHARACTER SET utf8mb4; INSERT INTO "
        "shop.t (id, w) VALUES (1, 'ä')");
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_EQ(pair.target_sql().scalar("SELECT CONCAT(v, d) FROM shop.t"), "äé");
}

constexpr const char* programs =
    "SELECT IFNULL(GROUP_CONCAT(x ORDER BY CAST(x AS BINARY)), '') FROM (SELECT CONCAT('routine ', "
    "ROUTINE_SCHEMA, '.', "
    "ROUTINE_NAME) AS x FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ('app', 'App') "
    "UNION ALL SELECT CONCAT('event ', EVENT_SCHEMA, '.', EVENT_NAME) FROM "
    "information_schema.EVENTS WHERE EVENT_SCHEMA IN ('app', 'App') UNION ALL SELECT "
    "CONCAT('trigger ', TRIGGER_SCHEMA, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE "
    "TRIGGER_SCHEMA IN ('app', 'App')) AS all_of_them";

// One database with a table, and all that may be in it beside; names differ by case as the
// database's do.
void make_database(sql_client& sql, const std::string& name, const std::string& more) {
    sql.exec("CREATE DATABASE " + name + " CHARACTER SET utf8mb4; USE " + name +
             "; CREATE TABLE orders (id INT PRIMARY KEY, " + more +
             " INT) ENGINE=InnoDB; CREATE TABLE Orders (id INT PRIMARY KEY, o INT, " + more +
             "2 INT, CONSTRAINT fk_" + more +
             " FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE) ENGINE=InnoDB; "
             "INSERT INTO orders VALUES (1, 2); INSERT INTO Orders VALUES (1, 1, 3)");
}

void make_programs(sql_client& sql, const std::string& name, const std::string& more) {
    sql.exec("USE " + name + "; CREATE PROCEDURE p_" + more +
             "() SELECT 1; CREATE FUNCTION shared() RETURNS INT DETERMINISTIC RETURN 1; CREATE "
             "EVENT e_" +
             more +
             " ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1; CREATE EVENT shared ON SCHEDULE "
             "EVERY 1 DAY DISABLE DO SET @x = 1; CREATE TRIGGER t_" +
             more + " BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = NEW.id; CREATE VIEW v_" +
             more + " AS SELECT id FROM Orders");
}

TEST(definition_copy, tells_databases_apart_that_differ_by_case) {
    for (const auto kind : {server_kind::mysql_56, server_kind::mariadb_1011}) {
        SCOPED_TRACE(to_string(kind));
        source_and_target pair(kind, server_kind::mysql_97,
                               {.objects = {.include = {"app.*", "App.*"}}});
        auto& source = pair.source_sql();
        for (const bool upper : {false, true}) {
            make_database(source, upper ? "App" : "app", upper ? "b" : "a");
            make_programs(source, upper ? "App" : "app", upper ? "b" : "a");
        }
        auto done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_EQ(pair.target_sql().scalar(programs),
                  "event App.e_b,event App.shared,event app.e_a,event app.shared,routine "
                  "App.p_b,routine App.shared,routine app.p_a,routine app.shared,trigger "
                  "App.t_b,trigger app.t_a");
        EXPECT_EQ(pair.target_sql().scalar("SELECT CONCAT(a, b) FROM app.orders JOIN App.orders "
                                           "USING (id) JOIN app.v_a USING (id)"),
                  "22");
    }
}

TEST(definition_copy, leaves_out_what_is_in_a_database_of_another_case) {
    source_and_target pair(server_kind::mysql_56, server_kind::mysql_97,
                           {.objects = {.include = {"app.*"}}});
    auto& source = pair.source_sql();
    make_database(source, "app", "a");
    make_database(source, "App", "b");
    make_programs(source, "App", "b");
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_EQ(pair.target_sql().scalar(programs), "");
}

TEST(definition_copy, tells_databases_of_mariadb_apart) {
    source_and_target pair(server_kind::mysql_56, server_kind::mariadb_1011,
                           {.objects = {.include = {"app.*"}}});
    make_database(pair.source_sql(), "app", "a");
    make_programs(pair.source_sql(), "app", "a");
    make_database(pair.target_sql(), "App", "b");
    make_programs(pair.target_sql(), "App", "a");
    const auto done = pair.run_task();
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_EQ(pair.target_sql().scalar(
                  "SELECT GROUP_CONCAT(ROUTINE_SCHEMA ORDER BY BINARY ROUTINE_SCHEMA) FROM "
                  "information_schema.ROUTINES WHERE ROUTINE_NAME = 'p_a'"),
              "App,app");
}

constexpr const char* default_bytes =
    "SELECT CONCAT_WS(' ', HEX(DEFAULT(t.a)), HEX(DEFAULT(t.e)), HEX(DEFAULT(t.w)), DEFAULT(t.q)) "
    "FROM (SELECT 1) AS one LEFT JOIN shop.t AS t ON 0";

TEST(definition_copy, keeps_characters_that_show_create_does_not_show) {
    for (const auto kind :
         {server_kind::mysql_97, server_kind::mysql_56, server_kind::mariadb_1011}) {
        SCOPED_TRACE(to_string(kind));
        source_and_target pair(kind, server_kind::mysql_97, {.objects = {.include = {"shop.*"}}});
        auto& source = pair.source_sql();
        source.exec(
            "SET NAMES utf8mb4; CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE TABLE shop.t "
            "(id INT PRIMARY KEY, a VARCHAR(10) DEFAULT 'it''s 🙈\\\\', e ENUM('😀','b','?') "
            "DEFAULT '😀', s SET('a','🙈','?'), w VARCHAR(5) CHARACTER SET utf16 DEFAULT '🙈', q "
            "VARCHAR(5) DEFAULT '?', l ENUM('?') CHARACTER SET latin1) ENGINE=InnoDB; INSERT INTO "
            "shop.t (id, e, s) VALUES (1, '😀', 'a,🙈'), (2, '?', 'a,?'), (3, 'b', '🙈,?')");
        auto done = pair.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_EQ(pair.target_sql().scalar(default_bytes), source.scalar(default_bytes));
        for (const char* sql : {"SELECT GROUP_CONCAT(HEX(e), ' ', HEX(s) ORDER BY id) FROM shop.t",
                                "SELECT GROUP_CONCAT(HEX(a), HEX(w)) FROM shop.t WHERE id = 1"})
            EXPECT_EQ(pair.target_sql().scalar(sql), source.scalar(sql)) << sql;
    }
}

TEST(definition_copy, warns_of_a_label_that_nobody_can_tell) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97,
                           {.objects = {.include = {"shop.*"}}});
    pair.source_sql().exec("CREATE DATABASE shop CHARACTER SET utf8mb4; CREATE TABLE shop.t (id "
                           "INT PRIMARY KEY, e ENUM('b','😀'))");
    const auto done = pair.run_task();
    EXPECT_EQ(done.status.code, 0) << done.error;
    EXPECT_THAT(done.error + done.output,
                HasSubstr("`shop`.`t`: label 2 of column `e` has a \"?\""));
    pair.target_sql().exec("ALTER TABLE shop.t MODIFY e ENUM('b','😀')");
    pair.source_sql().exec("INSERT INTO shop.t VALUES (1, 2)");
    EXPECT_EQ(pair.run_task().status.code, 0);
    EXPECT_EQ(pair.target_sql().scalar("SELECT e FROM shop.t"), "😀");
}

} // namespace
} // namespace understudy::test
