#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <random>
#include <tuple>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// The settings of a source's session that change what its rows events hold.
using writer = state::task_spec::writer;

class row_image : public testing::TestWithParam<std::tuple<std::string, writer>> {
protected:
    void exec(std::string_view sql) {
        rig.source().exec(
            fmt::format("SET binlog_row_image = '{}'; {}", std::get<0>(GetParam()), sql));
    }
    [[nodiscard]] int below(int limit) {
        return static_cast<int>(random_() % static_cast<unsigned>(limit));
    }
    // Of t.a (id, c, d, e, w): each statement names some columns only.
    [[nodiscard]] std::string change() {
        const int id = below(40);
        switch (below(6)) {
        case 0: return fmt::format("INSERT IGNORE INTO t.a (id, c) VALUES ({}, {})", id, below(99));
        case 1:
            return fmt::format("INSERT INTO t.a (id, w) VALUES ({}, REPEAT('w', {})) ON DUPLICATE "
                               "KEY UPDATE d = d + 1",
                               id, below(400));
        case 2: return fmt::format("DELETE FROM t.a WHERE id = {}", id);
        case 3:
            return fmt::format("UPDATE t.a SET c = {} WHERE id BETWEEN {} AND {}", below(99), id,
                               id + 7);
        case 4:
            return fmt::format("UPDATE t.a SET d = NULL, e = e + 0.5 WHERE id % 7 = {}", below(7));
        default:
            return fmt::format("UPDATE t.a SET w = REPEAT('x', {}) WHERE id = {}", below(300), id);
        }
    }

    applier_rig rig{{.writer = std::get<1>(GetParam())}};
    unsigned seed_ = std::random_device{}();
    std::mt19937 random_{seed_};
};

TEST_P(row_image, of_some_columns_is_applied) {
    rig.exec_both(
        "CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, c INT DEFAULT 7, d INT, "
        "e DOUBLE NOT NULL DEFAULT 1.5, w TEXT, UNIQUE (d));"
        "CREATE TABLE t.k (n INT, m INT DEFAULT 3, w TEXT)");
    rig.begin();
    exec("INSERT INTO t.a (id) VALUES (1),(2),(3); INSERT INTO t.k (n) VALUES (1),(1),(2);"
         "UPDATE t.a SET d = id; UPDATE t.a SET id = 30, w = 'long' WHERE id = 3;"
         "UPDATE t.k SET m = 9 WHERE n = 1; DELETE FROM t.k WHERE n = 1 LIMIT 1;"
         "UPDATE t.a SET d = NULL WHERE id = 1; DELETE FROM t.a WHERE id = 2");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(row_image, of_some_columns_makes_a_copy_of_many_moments_exact) {
    SCOPED_TRACE(fmt::format("seed {}", seed_));
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, c INT DEFAULT 7, d INT "
                  "DEFAULT 1, e DOUBLE NOT NULL DEFAULT 1.5, w TEXT)");
    rig.begin();
    for (int part = 0; part < 8; ++part) {
        for (int i = 0; i < 25; ++i)
            exec(change());
        for (const auto& row : rig.source().query(
                 fmt::format("SELECT id, c, COALESCE(d, 'NULL'), e, COALESCE(QUOTE(w), 'NULL') "
                             "FROM t.a WHERE id BETWEEN {} AND {}",
                             part * 6, part * 6 + 5))) {
            rig.target().exec(fmt::format("REPLACE INTO t.a VALUES ({}, {}, {}, {}, {})", *row[0],
                                          *row[1], *row[2], *row[3], *row[4]));
        }
    }
    rig.end_copy({{"t", "a"}});
    for (int i = 0; i < 50; ++i)
        exec(change());
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(row_image, of_some_columns_stops_the_catch_up_where_it_would_not_be_exact) {
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, c INT, w TEXT);"
                  "INSERT INTO t.a VALUES (1, 1, 'a')");
    rig.begin();
    exec("UPDATE t.a SET id = 2");
    rig.end_copy({{"t", "a"}});
    EXPECT_THAT(rig.catch_up(), testing::AllOf(HasSubstr("its key changes"), HasSubstr("`t`.`a`"),
                                               HasSubstr("binlog_row_image=FULL")));
}

constexpr auto json_changes =
    "SET binlog_row_value_options = PARTIAL_JSON;"
    "UPDATE t.a SET j = JSON_SET(j, '$.n', id + 0.50, '$.list[1]', 'two') WHERE id < 4;"
    "UPDATE t.a SET j = JSON_REMOVE(j, '$.text'), k = JSON_ARRAY_INSERT(k, '$[0]', "
    "CAST('2020-01-01' "
    "AS DATE)) WHERE id IN (2, 4);"
    "UPDATE t.a SET j = JSON_SET(j, '$.\"odd key\"', JSON_OBJECT('a', NULL)), id = id + 100 WHERE "
    "id "
    "= 5; UPDATE t.a SET j = NULL, k = JSON_REPLACE(k, '$[1]', 7) WHERE id = 6;"
    "UPDATE t.a SET j = JSON_SET(j, '$.n', 18446744073709551615) WHERE id < 200;"
    "UPDATE t.keyless SET j = JSON_SET(j, '$.n', 9) WHERE n = 1;";

constexpr auto json_tables =
    "CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, j JSON, v INT, k JSON);"
    "CREATE TABLE t.keyless (n INT, j JSON);"
    "INSERT INTO t.a SELECT n, JSON_OBJECT('text', REPEAT('x', 2000), 'n', n, 'list', "
    "JSON_ARRAY(1, 2, 3)), n, JSON_ARRAY('a', REPEAT('b', 1000)) FROM (VALUES ROW(1), ROW(2), "
    "ROW(3), "
    "ROW(4), ROW(5), ROW(6)) AS r (n);"
    "INSERT INTO t.keyless SELECT 1, j FROM t.a WHERE id < 3";

class partial_json : public row_image {};

TEST_P(partial_json, is_applied) {
    rig.exec_both(json_tables);
    rig.begin();
    exec(json_changes);
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

// The rows are as they were copied at the end, and every change comes once more.
TEST(partial_json_updates, are_brought_into_a_copy_that_is_ahead) {
    applier_rig rig;
    rig.exec_both(json_tables);
    rig.begin();
    rig.source().exec(json_changes);
    rig.target().exec(json_changes);
    rig.target().exec("DELETE FROM t.keyless");
    rig.source().exec("DELETE FROM t.keyless");
    rig.end_copy({{"t", "a"}}, {{{"t", "keyless"}, rig.source_position()}});
    rig.source().exec("SET binlog_row_value_options = PARTIAL_JSON;"
                      "UPDATE t.a SET j = JSON_SET(j, '$.n', 1) WHERE id = 1");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

constexpr auto name_of = [](const auto& info) {
    return std::get<0>(info.param) + (std::get<1>(info.param) == writer::sql ? "_as_sql" : "");
};

INSTANTIATE_TEST_SUITE_P(with, partial_json,
                         testing::Combine(testing::Values("MINIMAL", "NOBLOB", "FULL"),
                                          testing::Values(writer::row_image, writer::sql)),
                         name_of);

INSTANTIATE_TEST_SUITE_P(of, row_image,
                         testing::Combine(testing::Values("MINIMAL", "NOBLOB"),
                                          testing::Values(writer::row_image, writer::sql)),
                         name_of);

} // namespace
} // namespace understudy::test
