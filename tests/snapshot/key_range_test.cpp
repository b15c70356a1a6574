#include "snapshot/key_range.hpp"
#include "tests/snapshot/tables.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using test::make_column;
using test::make_table;

TEST(key_range, reads_a_whole_table_without_a_condition) {
    const auto table = make_table({make_column("a", "int"), make_column("g", "int")}, 1);
    EXPECT_EQ(select_chunk(table, {}, 10),
              "SELECT `a`, `g` FROM `shop`.`t` FORCE INDEX (`PRIMARY`) ORDER BY `a` LIMIT 10");
}

TEST(key_range, leaves_generated_columns_out) {
    auto table = make_table({make_column("a", "int"), make_column("g", "int")}, 1);
    table.columns[1].generated = true;
    EXPECT_EQ(select_all(table), "SELECT `a` FROM `shop`.`t`");
}

TEST(key_range, goes_on_behind_the_last_key_of_one_column) {
    const auto table = make_table({make_column("a", "int")}, 1);
    EXPECT_EQ(condition_of(table, {{"7"}, {}}), "`a` > 7");
    EXPECT_EQ(condition_of(table, {{"7"}, {"9"}}), "`a` > 7 AND `a` <= 9");
    EXPECT_EQ(condition_of(table, {{}, {"9"}}), "`a` <= 9");
}

TEST(key_range, goes_on_behind_the_last_key_of_several_columns) {
    const auto table =
        make_table({make_column("a", "int"), make_column("b", "int"), make_column("c", "int")}, 3);
    EXPECT_EQ(
        condition_of(table, {{"1", "2", "3"}, {}}),
        "`a` >= 1 AND (`a` > 1 OR (`a` = 1 AND `b` >= 2 AND (`b` > 2 OR (`b` = 2 AND `c` > 3))))");
}

TEST(key_range, skips_all_rows_that_begin_with_a_shorter_bound) {
    const auto table = make_table({make_column("a", "int"), make_column("b", "int")}, 2);
    EXPECT_EQ(condition_of(table, {{"5"}, {}}), "`a` > 5");
}

TEST(key_range, keeps_its_values_as_lines) {
    const std::vector<std::string> values{"1", "_latin1 x'61'", "'x'"};
    EXPECT_EQ(from_lines(to_lines(values)), values);
    EXPECT_TRUE(from_lines("").empty());
}

TEST(key_range, ends_with_all_rows_that_begin_with_a_shorter_bound) {
    const auto table = make_table({make_column("a", "int"), make_column("b", "int")}, 2);
    EXPECT_EQ(condition_of(table, {{}, {"5"}}), "`a` <= 5");
    EXPECT_EQ(condition_of(table, {{"3"}, {"5", "7"}}),
              "`a` > 3 AND `a` <= 5 AND (`a` < 5 OR (`a` = 5 AND `b` <= 7))");
}

} // namespace
} // namespace understudy::snapshot
