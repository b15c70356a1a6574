#include "snapshot/column_values.hpp"
#include "tests/snapshot/tables.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using namespace std::string_view_literals;
using test::make_column;

std::string written(const column& one, std::optional<std::string_view> value) {
    std::string out;
    append_value(out, one, value);
    return out;
}

std::string loaded(const column& one, std::optional<std::string_view> value) {
    std::string out;
    append_field(out, one, value);
    return out;
}

TEST(column_values, are_read_in_a_form_that_loses_nothing) {
    EXPECT_EQ(select_expression(make_column("f`", "float")), "`f```*1e0");
    EXPECT_EQ(select_expression(make_column("e", "enum('a')")), "CAST(`e` AS UNSIGNED)");
    EXPECT_EQ(select_expression(make_column("b", "bit(64)")), "CAST(`b` AS UNSIGNED)");
    EXPECT_EQ(select_expression(make_column("v", "varchar(3)", "latin1")), "`v`");
}

TEST(column_values, are_written_as_literals_of_their_kind) {
    EXPECT_EQ(written(make_column("n", "bigint(20) unsigned"), "18446744073709551615"),
              "18446744073709551615");
    EXPECT_EQ(written(make_column("d", "double"), "-0"), "'-0'");
    EXPECT_EQ(written(make_column("t", "time(6)"), "-00:00:00.000001"), "'-00:00:00.000001'");
    EXPECT_EQ(written(make_column("j", "json"), "{\"a\": \"'\"}"), "_utf8mb4'{\"a\": \"\\'\"}'");
    EXPECT_EQ(written(make_column("n", "int"), std::nullopt), "NULL");
    EXPECT_EQ(written(make_column("s", "text", "utf8mb4"), ""), "''");
}

TEST(column_values, escape_what_would_end_or_change_a_literal) {
    EXPECT_EQ(written(make_column("b", "blob"), "a'\\\0\n\"\xff"sv), "'a\\'\\\\\\0\n\"\xff'");
}

TEST(column_values, escape_what_would_end_or_change_a_field) {
    const auto text = make_column("s", "varchar(9)", "latin1");
    EXPECT_EQ(loaded(text, "a\tb\nc\\N\0"sv), "a\\tb\\nc\\\\N\\0");
    EXPECT_EQ(loaded(text, std::nullopt), "\\N");
    EXPECT_EQ(loaded(text, "NULL"), "NULL");
    EXPECT_FALSE(loads(make_column("e", "enum('1')")));
    EXPECT_FALSE(loads(make_column("b", "bit(1)")));
    EXPECT_FALSE(loads(make_column("j", "json")));
    EXPECT_TRUE(loads(text));
}

TEST(column_values, of_keys_are_compared_in_the_collation_of_the_column) {
    EXPECT_EQ(key_literal(make_column("k", "varchar(9)", "latin1"), "\xe9'"), "_latin1 x'e927'");
    EXPECT_EQ(key_literal(make_column("k", "binary(2)"), "\0a"sv), "_binary x'0061'");
    EXPECT_EQ(key_literal(make_column("k", "double"), "0.1"), "0.1e0");
    EXPECT_EQ(key_literal(make_column("k", "double"), "1e-7"), "1e-7");
    EXPECT_EQ(key_literal(make_column("k", "year(4)"), "0000"), "'0000'");
    EXPECT_EQ(key_literal(make_column("k", "enum('a')"), "1"), "1");
}

} // namespace
} // namespace understudy::snapshot
