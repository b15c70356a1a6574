// Numbers inside JSON keep value and type: in the initial copy and as SQL. JSON text alone does not
// say whether an integer has a sign, and not every server parses all of a DOUBLE.

#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace understudy::test {
namespace {

using testing::IsEmpty;

std::string random_double(std::mt19937_64& random) {
    const auto digits = static_cast<double>(static_cast<std::int64_t>(random()) >> 11);
    const int exponent = static_cast<int>(random() % 200) - 150;
    return fmt::format("{:.17e}", std::ldexp(digits, exponent));
}

// Documents of all shapes around the same numbers.
std::vector<std::string> documents_of(std::mt19937_64& random) {
    const std::string number = random_double(random);
    const std::string whole = std::to_string(random() >> random() % 60);
    return {
        fmt::format("JSON_ARRAY({}, 'a\\\\b\"c', NULL, TRUE, -7)", number),
        fmt::format("CAST({} AS JSON)", number),
        fmt::format("JSON_OBJECT('id', CAST({0} AS UNSIGNED), 'ms', {1}, 'l', JSON_ARRAY(1, "
                    "CAST({0} AS UNSIGNED), 5000000000, {2}, 'x'))",
                    whole, random() >> (1 + random() % 60), number),
        fmt::format("CAST(CAST({} AS UNSIGNED) AS JSON)", whole),
        fmt::format("JSON_OBJECT('d', {}, 'n', 1.50, 't', CAST('[1, 5000000000]' AS JSON))",
                    number),
    };
}

// Of every scalar what it is called and what it says; the text of a DOUBLE is its value.
std::vector<std::string> described(sql_client& sql, const std::string& table) {
    std::vector<std::string> all;
    sql.for_each(
        fmt::format("SELECT id, CONCAT_WS(' ', CAST(j AS CHAR), JSON_TYPE(j), (SELECT "
                    "GROUP_CONCAT(JSON_TYPE(v) ORDER BY n) FROM JSON_TABLE(JSON_ARRAY(j), '$**[*]' "
                    "COLUMNS (n FOR ORDINALITY, v JSON PATH '$')) a), (SELECT "
                    "GROUP_CONCAT(JSON_TYPE(v) ORDER BY n) FROM JSON_TABLE(j, '$**.*' COLUMNS (n "
                    "FOR ORDINALITY, v JSON PATH '$')) b)) FROM {} ORDER BY id",
                    table),
        [&](sql_row_view row) {
            all.push_back(std::string(*row[0]) + " " + std::string(row[1].value_or("NULL")));
        });
    return all;
}

TEST(json_numbers, keep_value_and_type_in_the_copy_and_as_sql) {
    pair_options how;
    how.objects.include = {"n.*"};
    how.more_of_task_file = "[apply]\nwriter = \"sql\"\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, how);
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    auto& sql = pair.source_sql();
    sql.exec("CREATE DATABASE n; CREATE TABLE n.keyed (id INT PRIMARY KEY, j JSON); "
             "CREATE TABLE n.loose (id INT, j JSON)");
    int last_id = 0;
    const auto insert = [&](int times) {
        for (int i = 0; i < times; ++i) {
            for (const auto& document : documents_of(random)) {
                ++last_id;
                for (const auto* const table : {"keyed", "loose"})
                    sql.exec(
                        fmt::format("INSERT INTO n.{} VALUES ({}, {})", table, last_id, document));
            }
        }
    };
    const auto expect_equal = [&] {
        const auto ended = pair.run_task();
        ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
        EXPECT_THAT(pair.compare(), IsEmpty());
        for (const auto* const table : {"n.keyed", "n.loose"})
            EXPECT_EQ(described(pair.target_sql(), table), described(sql, table)) << table;
    };
    insert(60);
    sql.exec("INSERT INTO n.keyed VALUES (-1, JSON_ARRAY(9088544342.689999e0)), (-2, NULL)");
    expect_equal();

    insert(40);
    for (const auto* const table : {"n.keyed", "n.loose"}) {
        // By their old documents where there is no key.
        sql.exec(fmt::format("UPDATE {} SET j = JSON_ARRAY(j, 1.1e-300, CAST(id AS UNSIGNED), "
                             "1700000000000 + id) WHERE id % 3 = 0",
                             table));
        sql.exec(fmt::format("DELETE FROM {} WHERE id % 7 = 0", table));
    }
    expect_equal();
}

TEST(json_numbers, are_text_in_mariadb) {
    pair_options how;
    how.objects.include = {"n.*"};
    how.source.extra_args = {"--character-set-server=utf8mb4",
                             "--collation-server=utf8mb4_general_ci"};
    how.target.extra_args = {"--max-allowed-packet=64M"};
    source_and_target pair(server_kind::mysql_97, server_kind::mariadb_1011, how);
    auto& sql = pair.source_sql();
    sql.exec("SET NAMES utf8mb4 COLLATE utf8mb4_general_ci; "
             "CREATE DATABASE n CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; "
             "CREATE TABLE n.keyed (id INT PRIMARY KEY, j JSON); "
             "INSERT INTO n.keyed VALUES (1, JSON_ARRAY(9088544342.689999e0)), "
             "(2, JSON_OBJECT('id', CAST(5 AS UNSIGNED), 'ms', 1700000000000, 'n', 1.50)), "
             "(3, CAST(CAST('2020-01-31' AS DATE) AS JSON))");
    const std::string documents = "SELECT GROUP_CONCAT(j ORDER BY id SEPARATOR '|') FROM n.keyed";
    for (int i = 0; i < 2; ++i) {
        const auto ended = pair.run_task();
        ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
        EXPECT_EQ(pair.target_sql().scalar(documents), sql.scalar(documents));
        sql.exec("UPDATE n.keyed SET j = JSON_ARRAY(j, 1.1e-300, 1700000000000)");
    }
}

} // namespace
} // namespace understudy::test
