#include "protocol/binlog/describe_value.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::protocol {
namespace {

std::string describe(column_type type, int metadata, std::initializer_list<int> bytes,
                     bool is_unsigned = false) {
    std::vector<std::byte> value;
    for (const int byte : bytes) {
        value.push_back(static_cast<std::byte>(byte));
    }
    return describe_value({type, static_cast<std::uint16_t>(metadata), true, {}}, value,
                          is_unsigned);
}

TEST(describe_value, uses_the_hint_only_where_the_source_logs_no_signedness) {
    EXPECT_EQ(describe(column_type::tiny, 0, {0xff}), "-1");
    EXPECT_EQ(describe(column_type::tiny, 0, {0xff}, true), "255");
    EXPECT_EQ(describe(column_type::int24, 0, {0xfe, 0xff, 0xff}), "-2");
    EXPECT_EQ(describe(column_type::int24, 0, {0xfe, 0xff, 0xff}, true), "16777214");
    const std::vector<std::byte> value = {std::byte{0xff}};
    EXPECT_EQ(describe_value({column_type::tiny, 0, true, false}, value, true), "-1");
}

TEST(describe_value, shows_negative_times_as_one_number_with_their_fraction) {
    EXPECT_EQ(describe(column_type::time2, 3, {0x7f, 0xff, 0xff, 0xff, 0xf6}), "'-00:00:00.001'");
    EXPECT_EQ(describe(column_type::time2, 6, {0x7f, 0xef, 0x7c, 0xf8, 0x5e, 0xe0}),
              "'-01:02:03.500000'");
    EXPECT_EQ(describe(column_type::time2, 0, {0x80, 0x00, 0x00}), "'00:00:00'");
}

TEST(describe_value, shows_the_temporal_types_of_before_5_6_4) {
    EXPECT_EQ(describe(column_type::time, 0, {0x40, 0xe2, 0x01}), "'12:34:56'");
    EXPECT_EQ(describe(column_type::time, 0, {0xc0, 0x1d, 0xfe}), "'-12:34:56'");
    EXPECT_EQ(describe(column_type::timestamp, 0, {0, 0, 0, 0}), "'0000-00-00 00:00:00'");
    EXPECT_EQ(describe(column_type::timestamp, 0, {1, 0, 0, 0}), "'1970-01-01 00:00:01'");
    // 20261122101112 in decimal
    EXPECT_EQ(describe(column_type::datetime, 0, {0x78, 0x4f, 0xfc, 0x68, 0x6d, 0x12, 0, 0}),
              "'2026-11-22 10:11:12'");
    EXPECT_EQ(describe(column_type::newdate, 0, {0x21, 0, 0}), "'0000-01-01'");
}

TEST(describe_value, shows_decimals_exactly) {
    EXPECT_EQ(describe(column_type::newdecimal, 5 << 8, {0x80, 0, 0}), "0");
    EXPECT_EQ(describe(column_type::newdecimal, 4 << 8 | 2, {0x8c, 0x22}), "12.34");
    EXPECT_EQ(describe(column_type::newdecimal, 4 << 8 | 2, {0x73, 0xdd}), "-12.34");
}

TEST(describe_value, escapes_text_and_shows_other_bytes_as_hex) {
    EXPECT_EQ(describe(column_type::varchar, 20, {4, 'a', '\'', '\n', 0x7f}), "'a\\'\\n\\x7f'");
    EXPECT_EQ(describe(column_type::varchar, 20, {2, 0xc3, 0xa9}), "'é'");
    EXPECT_EQ(describe(column_type::varchar, 20, {1, 0xe9}), "x'e9'");
    EXPECT_EQ(describe(column_type::varchar, 20, {2, 0xc0, 0x80}), "x'c080'");
    EXPECT_EQ(describe(column_type::varchar, 20, {3, 0xed, 0xa0, 0x80}), "x'eda080'");
}

TEST(describe_value, shows_bytes_that_do_not_fit_the_type_as_hex) {
    EXPECT_EQ(describe(column_type::long_, 0, {1, 2}), "x'0102'");
    EXPECT_EQ(describe(column_type::varchar, 20, {5, 'a'}), "x'0561'");
    EXPECT_EQ(describe(column_type::newdecimal, 1 << 8 | 9, {1}), "x'01'");
    EXPECT_EQ(describe(column_type::typed_array, 0, {1}), "x'01'");
}

TEST(describe_value, shortens_long_values_between_characters) {
    std::vector<std::byte> value = {std::byte{101}, std::byte{'a'}};
    for (int i = 0; i < 50; ++i) {
        value.push_back(std::byte{0xc3});
        value.push_back(std::byte{0xa9});
    }
    const auto text = describe_value({column_type::varchar, 200, true, {}}, value, false);
    EXPECT_TRUE(text.starts_with("'aéé"));
    EXPECT_TRUE(text.ends_with("é'… (101 bytes)")) << text;
}

TEST(describe_row, shows_nulls_and_absent_columns) {
    table_map map;
    map.columns = {{column_type::tiny, 0, true, {}},
                   {column_type::tiny, 0, true, {}},
                   {column_type::tiny, 0, true, {}}};
    const std::vector<std::byte> value = {std::byte{7}};
    row_image image;
    image.columns = {{value, true, false}, {{}, true, true}, {{}, false, false}};
    EXPECT_EQ(describe_row(map, image), "(7, NULL, -)");
}

} // namespace
} // namespace understudy::protocol
