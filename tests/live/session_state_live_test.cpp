// Statements mean on the target what they meant in the session that was logged: sql_mode across the
// two flavours, and what older sources do not log.

#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <utility>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

pair_options options(server_kind source) {
    pair_options made;
    made.objects.include = {"m.*"};
    made.source.gtid = source != server_kind::mysql_56;
    if (source == server_kind::mysql_97) {
        made.source.extra_args = {"--character-set-server=utf8mb4",
                                  "--collation-server=utf8mb4_general_ci"};
    }
    return made;
}

void expect_caught_up(source_and_target& pair) {
    const auto ended = pair.run_task();
    ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
}

std::string column_of(sql_client& sql, const std::string& what, const std::string& table,
                      const std::string& column) {
    return sql
        .query(fmt::format("SELECT {} FROM information_schema.columns WHERE table_schema = 'm' AND "
                           "table_name = '{}' AND column_name = '{}'",
                           what, table, column))
        .at(0)
        .at(0)
        .value_or("NULL");
}

class sql_mode_on_mariadb : public testing::TestWithParam<server_kind> {};

TEST_P(sql_mode_on_mariadb, keeps_empty_strings_and_rounds_as_the_source) {
    auto how = options(GetParam());
    how.target.extra_args = {"--max-allowed-packet=64M"}; // as the sources
    source_and_target pair(GetParam(), server_kind::mariadb_1011, how);
    auto& sql = pair.source_sql();
    const bool from_mariadb = is_mariadb(GetParam());
    sql.exec("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci");
    sql.exec("CREATE DATABASE m CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; "
             "CREATE TABLE m.a (id INT PRIMARY KEY)");
    expect_caught_up(pair);
    const std::string columns = " (id INT PRIMARY KEY, a VARCHAR(9) NOT NULL DEFAULT '', b "
                                "VARCHAR(9) DEFAULT '', t DATETIME DEFAULT '2026-01-01 "
                                "00:00:00.6')";
    sql.exec("CREATE TABLE m.plain" + columns);
    const std::string other = from_mariadb ? "TIME_ROUND_FRACTIONAL" : "TIME_TRUNCATE_FRACTIONAL";
    const bool has_other = GetParam() != server_kind::mysql_56;
    if (has_other) {
        sql.exec("SET sql_mode = CONCAT(@@sql_mode, '," + other + "')");
        sql.exec("CREATE TABLE m.other" + columns);
    }
    if (from_mariadb) {
        sql.exec("SET sql_mode = CONCAT(@@sql_mode, ',EMPTY_STRING_IS_NULL')");
        sql.exec("CREATE TABLE m.emptied (id INT PRIMARY KEY, b VARCHAR(9) DEFAULT '')");
    }
    expect_caught_up(pair);
    for (const std::string table : {"plain", "other", "emptied"}) {
        if ((table == "other" && !has_other) || (table == "emptied" && !from_mariadb)) continue;
        SCOPED_TRACE(table);
        // MariaDB has literals in quotes there.
        const std::string text = "TRIM(BOTH '''' FROM column_default)";
        for (const std::string column : {"a", "b", "t"}) {
            if (table == "emptied" && column != "b") continue;
            EXPECT_EQ(column_of(pair.target_sql(), text, table, column),
                      column_of(sql, text, table, column))
                << column;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(of, sql_mode_on_mariadb,
                         testing::Values(server_kind::mysql_97, server_kind::mysql_56,
                                         server_kind::mariadb_1011),
                         [](const auto& info) {
                             return info.param == server_kind::mysql_97   ? "mysql_97"
                                    : info.param == server_kind::mysql_56 ? "mysql_56"
                                                                          : "mariadb_1011";
                         });

TEST(logged_sql_mode, says_on_mysql_what_utf8_means) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97,
                           options(server_kind::mysql_97));
    auto& sql = pair.source_sql();
    sql.exec("CREATE DATABASE m; CREATE TABLE m.a (id INT PRIMARY KEY)");
    expect_caught_up(pair);
    sql.exec("SET sql_mode = 'INTERPRET_UTF8_AS_UTF8MB4,TIME_TRUNCATE_FRACTIONAL'; "
             "CREATE TABLE m.b (id INT PRIMARY KEY, a VARCHAR(10) CHARACTER SET utf8, t DATETIME "
             "DEFAULT '2026-01-01 00:00:00.6')");
    expect_caught_up(pair);
    EXPECT_THAT(pair.compare(), IsEmpty());
    EXPECT_EQ(column_of(pair.target_sql(), "character_set_name", "b", "a"), "utf8mb4");
}

TEST(logged_sql_mode, stops_the_task_where_the_target_lacks_what_changes_a_statement) {
    for (const auto& [source, target, mode] :
         {std::tuple(server_kind::mysql_97, server_kind::mariadb_1011, "INTERPRET_UTF8_AS_UTF8MB4"),
          std::tuple(server_kind::mariadb_1011, server_kind::mysql_97, "EMPTY_STRING_IS_NULL")}) {
        SCOPED_TRACE(mode);
        auto how = options(source);
        if (is_mariadb(target)) how.target.extra_args = {"--max-allowed-packet=64M"};
        source_and_target pair(source, target, how);
        auto& sql = pair.source_sql();
        sql.exec("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci");
        sql.exec("CREATE DATABASE m CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; "
                 "CREATE TABLE m.a (id INT PRIMARY KEY)");
        expect_caught_up(pair);
        sql.exec(fmt::format("SET sql_mode = '{}'", mode));
        sql.exec("CREATE TABLE m.b (id INT PRIMARY KEY, a VARCHAR(10) DEFAULT '')");
        const auto stopped = pair.run_task();
        EXPECT_NE(stopped.status.code, 0);
        EXPECT_THAT(stopped.error + stopped.output, HasSubstr(mode));
    }
}

// 5.6 does not log explicit_defaults_for_timestamp.
TEST(timestamps_of_mysql_56, have_the_defaults_that_its_server_gives) {
    for (const auto* const given : {"OFF", "ON"}) {
        SCOPED_TRACE(given);
        auto how = options(server_kind::mysql_56);
        how.source.extra_args = {std::string("--explicit-defaults-for-timestamp=") + given};
        source_and_target pair(server_kind::mysql_56, server_kind::mysql_97, how);
        auto& sql = pair.source_sql();
        sql.exec("CREATE DATABASE m; CREATE TABLE m.a (id INT PRIMARY KEY, ts TIMESTAMP)");
        expect_caught_up(pair);
        sql.exec("CREATE TABLE m.b (id INT PRIMARY KEY, ts TIMESTAMP, other TIMESTAMP NOT NULL)");
        sql.exec("ALTER TABLE m.a ADD later TIMESTAMP");
        sql.exec("SET binlog_format = STATEMENT; "
                 "INSERT INTO m.b (id, ts, other) VALUES (1, NULL, '2026-01-01')");
        expect_caught_up(pair);
        EXPECT_THAT(pair.compare(), IsEmpty());
        const bool is_implicit = std::string(given) == "OFF";
        for (const auto& [table, column] : {std::pair("a", "ts"), std::pair("b", "ts")}) {
            EXPECT_EQ(column_of(pair.target_sql(), "is_nullable", table, column),
                      is_implicit ? "NO" : "YES");
            EXPECT_EQ(column_of(pair.target_sql(), "column_default", table, column),
                      is_implicit ? "CURRENT_TIMESTAMP" : "NULL");
        }
        // The second of a table has no such default.
        EXPECT_EQ(column_of(pair.target_sql(), "column_default", "a", "later"),
                  is_implicit ? "0000-00-00 00:00:00" : "NULL");
    }
}

// What 5.6 reads and leaves out would refuse its rows on the target.
TEST(definitions_of_mysql_56, lack_what_its_server_leaves_out) {
    source_and_target pair(server_kind::mysql_56, server_kind::mysql_97,
                           options(server_kind::mysql_56));
    auto& sql = pair.source_sql();
    const std::string columns =
        " (id INT PRIMARY KEY, n INT CHECK (n > 0), p INT REFERENCES m.parent "
        "(id), rank YEAR(2), CHECK (n < 9), KEY (n DESC)) ENGINE=InnoDB";
    const auto fill = [&sql](const std::string& table) {
        sql.exec("INSERT INTO " + table + " VALUES (1, -1, 77, 1999), (2, 10, NULL, 2010)");
    };
    sql.exec("CREATE DATABASE m; CREATE TABLE m.parent (id INT PRIMARY KEY) ENGINE=InnoDB");
    sql.exec("CREATE TABLE m.copied" + columns);
    fill("m.copied");
    expect_caught_up(pair);
    sql.exec("CREATE TABLE m.streamed" + columns);
    fill("m.streamed");
    sql.exec("ALTER TABLE m.copied ADD CHECK (n = 5), ADD q INT REFERENCES m.parent (id), ADD "
             "groups INT; UPDATE m.copied SET q = 78, groups = rank");
    expect_caught_up(pair);
    EXPECT_THAT(pair.compare(), IsEmpty());
}

} // namespace
} // namespace understudy::test
