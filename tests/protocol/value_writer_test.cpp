#include "protocol/errc.hpp"
#include "protocol/value/character_set.hpp"
#include "protocol/value/value_writer.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace understudy::protocol {
namespace {

constexpr std::uint16_t utf8mb4 = 255;
constexpr std::uint16_t latin1 = 8;
constexpr std::uint16_t utf16 = 54;
constexpr std::uint16_t gbk = 28;

std::vector<std::byte> bytes_of(std::initializer_list<int> numbers) {
    std::vector<std::byte> bytes;
    for (const int number : numbers) {
        bytes.push_back(static_cast<std::byte>(number));
    }
    return bytes;
}

column_definition column(column_type type, int metadata = 0) {
    column_definition made;
    made.type = type;
    made.metadata = static_cast<std::uint16_t>(metadata);
    return made;
}

column_definition integer(column_type type, bool is_unsigned) {
    auto made = column(type);
    made.is_unsigned = is_unsigned;
    return made;
}

column_definition text_column(std::uint16_t collation, int bytes_max = 40) {
    auto made = column(column_type::varchar, bytes_max);
    made.collation = collation;
    return made;
}

column_definition labelled(column_type type, std::vector<std::string> labels) {
    auto made = column(type, 1);
    made.collation = utf8mb4;
    made.labels = std::move(labels);
    return made;
}

std::string write(value_form form, const column_definition& definition,
                  std::initializer_list<int> numbers) {
    value_writer writer(form);
    std::string out = "kept ";
    const auto written = writer.append(out, definition, bytes_of(numbers));
    EXPECT_TRUE(out.starts_with("kept "));
    if (!written) {
        EXPECT_EQ(out, "kept ");
        return "error: " + written.error().what;
    }
    return out.substr(5);
}

struct value_case {
    const char* name;
    column_definition definition;
    std::initializer_list<int> bytes;
    const char* text;
    const char* json;
    const char* sql;
};

void check(const std::vector<value_case>& cases) {
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        EXPECT_EQ(write(value_form::text, one.definition, one.bytes), one.text);
        EXPECT_EQ(write(value_form::json, one.definition, one.bytes), one.json);
        EXPECT_EQ(write(value_form::sql, one.definition, one.bytes), one.sql);
    }
}

TEST(value_writer, writes_integers_by_their_signedness) {
    check({
        {"signed TINYINT", integer(column_type::tiny, false), {0xff}, "-1", "-1", "-1"},
        {"unsigned TINYINT", integer(column_type::tiny, true), {0xff}, "255", "255", "255"},
        {"unknown TINYINT", column(column_type::tiny), {0xff}, "-1", "-1", "-1"},
        {"signed MEDIUMINT",
         integer(column_type::int24, false),
         {0xfe, 0xff, 0xff},
         "-2",
         "-2",
         "-2"},
        {"unsigned MEDIUMINT",
         integer(column_type::int24, true),
         {0xfe, 0xff, 0xff},
         "16777214",
         "16777214",
         "16777214"},
        {"smallest BIGINT",
         integer(column_type::longlong, false),
         {0, 0, 0, 0, 0, 0, 0, 0x80},
         "-9223372036854775808",
         "\"-9223372036854775808\"",
         "-9223372036854775808"},
        {"largest BIGINT",
         integer(column_type::longlong, true),
         {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
         "18446744073709551615",
         "\"18446744073709551615\"",
         "18446744073709551615"},
        {"2^53",
         integer(column_type::longlong, false),
         {0, 0, 0, 0, 0, 0, 0x20, 0},
         "9007199254740992",
         "9007199254740992",
         "9007199254740992"},
        {"2^53 + 1",
         integer(column_type::longlong, false),
         {1, 0, 0, 0, 0, 0, 0x20, 0},
         "9007199254740993",
         "\"9007199254740993\"",
         "9007199254740993"},
    });
}

TEST(value_writer, writes_decimals_exactly) {
    const auto decimal = [](int precision, int scale) {
        return column(column_type::newdecimal, precision << 8 | scale);
    };
    check({
        {"zero without a fraction", decimal(5, 0), {0x80, 0, 0}, "0", "\"0\"", "0"},
        {"positive", decimal(4, 2), {0x8c, 0x22}, "12.34", "\"12.34\"", "12.34"},
        {"negative", decimal(4, 2), {0x73, 0xdd}, "-12.34", "\"-12.34\"", "-12.34"},
        {"fraction only", decimal(4, 4), {0xa7, 0x0f}, "0.9999", "\"0.9999\"", "0.9999"},
        {"groups keep their zeros",
         decimal(18, 9),
         {0x80, 0, 0, 7, 0, 0, 0, 8},
         "7.000000008",
         "\"7.000000008\"",
         "7.000000008"},
    });
}

TEST(value_writer, writes_floats_as_selected_and_literals_of_the_same_bits) {
    const auto single = column(column_type::float_, 4);
    const auto twice = column(column_type::double_, 8);
    check({
        {"1.1", single, {0xcd, 0xcc, 0x8c, 0x3f}, "1.1", "1.1", "1.100000023841858e0"},
        {"16777216", single, {0, 0, 0x80, 0x4b}, "16777200", "16777216", "16777216e0"},
        {"one third",
         single,
         {0xab, 0xaa, 0xaa, 0x3e},
         "0.333333",
         "0.33333334",
         "0.3333333432674408e0"},
        {"-0", single, {0, 0, 0, 0x80}, "-0", "-0", "-0e0"},
        {"1e15", twice, {0, 0, 0x34, 0x26, 0xf5, 0x6b, 0x0c, 0x43}, "1e15", "1e15", "1e15"},
        {"0.1", twice, {0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f}, "0.1", "0.1", "0.1e0"},
        {"smallest", twice, {1, 0, 0, 0, 0, 0, 0, 0}, "5e-324", "5e-324", "5e-324"},
        {"no number", twice, {0, 0, 0, 0, 0, 0, 0xf0, 0xff}, "-inf", "\"-inf\"", "-infe0"},
    });
}

TEST(value_writer, writes_dates_and_times_with_zeros_signs_and_fractions) {
    check({
        {"-00:00:00.001",
         column(column_type::time2, 3),
         {0x7f, 0xff, 0xff, 0xff, 0xf6},
         "-00:00:00.001",
         "\"-00:00:00.001\"",
         "'-00:00:00.001'"},
        {"-01:02:03.5",
         column(column_type::time2, 6),
         {0x7f, 0xef, 0x7c, 0xf8, 0x5e, 0xe0},
         "-01:02:03.500000",
         "\"-01:02:03.500000\"",
         "'-01:02:03.500000'"},
        {"midnight",
         column(column_type::time2, 0),
         {0x80, 0, 0},
         "00:00:00",
         "\"00:00:00\"",
         "'00:00:00'"},
        {"zero DATE",
         column(column_type::date),
         {0, 0, 0},
         "0000-00-00",
         "\"0000-00-00\"",
         "'0000-00-00'"},
        {"zero TIMESTAMP",
         column(column_type::timestamp2, 2),
         {0, 0, 0, 0, 0},
         "0000-00-00 00:00:00.00",
         "\"0000-00-00 00:00:00.00\"",
         "'0000-00-00 00:00:00.00'"},
        {"last TIMESTAMP",
         column(column_type::timestamp2, 3),
         {0x7f, 0xff, 0xff, 0xff, 0x27, 0x06},
         "2038-01-19 03:14:07.999",
         "\"2038-01-19 03:14:07.999\"",
         "'2038-01-19 03:14:07.999'"},
        {"old TIME",
         column(column_type::time),
         {0xc0, 0x1d, 0xfe},
         "-12:34:56",
         "\"-12:34:56\"",
         "'-12:34:56'"},
        {"old DATETIME",
         column(column_type::datetime),
         {0x78, 0x4f, 0xfc, 0x68, 0x6d, 0x12, 0, 0},
         "2026-11-22 10:11:12",
         "\"2026-11-22 10:11:12\"",
         "'2026-11-22 10:11:12'"},
        {"old TIMESTAMP",
         column(column_type::timestamp),
         {1, 0, 0, 0},
         "1970-01-01 00:00:01",
         "\"1970-01-01 00:00:01\"",
         "'1970-01-01 00:00:01'"},
        {"YEAR 0000", column(column_type::year), {0}, "0000", "0", "0"},
        {"YEAR 2155", column(column_type::year), {255}, "2155", "2155", "2155"},
    });
}

TEST(value_writer, converts_text_from_its_character_set) {
    check({
        {"plain", text_column(utf8mb4), {3, 'a', 'b', '1'}, "ab1", "\"ab1\"", "'ab1'"},
        {"empty", text_column(utf8mb4), {0}, "", "\"\"", "''"},
        {"é of latin1", text_column(latin1), {1, 0xe9}, "é", "\"é\"", "_latin1 x'E9'"},
        {"€ of latin1", text_column(latin1), {1, 0x80}, "€", "\"€\"", "_latin1 x'80'"},
        {"UTF-16",
         text_column(utf16),
         {4, 0xd8, 0x3d, 0xde, 0},
         "😀",
         "\"😀\"",
         "_utf16 x'D83DDE00'"},
        {"gbk", text_column(gbk), {2, 0xb0, 0xa1}, "啊", "\"啊\"", "_gbk x'B0A1'"},
        {"quotes",
         text_column(utf8mb4),
         {3, '\'', '"', '\\'},
         "'\"\\",
         "\"'\\\"\\\\\"",
         "_utf8mb4 x'27225C'"},
        {"control characters",
         text_column(utf8mb4),
         {2, '\n', 1},
         "\n\x01",
         "\"\\n\\u0001\"",
         "_utf8mb4 x'0A01'"},
    });
}

TEST(value_writer, writes_bytes_that_are_no_text_of_their_character_set_as_such) {
    check({
        {"not UTF-8",
         text_column(utf8mb4),
         {1, 0xe9},
         "_utf8mb4 x'E9'",
         R"({"base64": "6Q=="})",
         "_utf8mb4 x'E9'"},
        {"surrogate",
         text_column(utf8mb4),
         {3, 0xed, 0xa0, 0x80},
         "_utf8mb4 x'EDA080'",
         R"({"base64": "7aCA"})",
         "_utf8mb4 x'EDA080'"},
        {"unknown and UTF-8",
         column(column_type::varchar, 40),
         {2, 0xc3, 0xa9},
         "é",
         "\"é\"",
         "x'C3A9'"},
        {"unknown and not UTF-8",
         column(column_type::varchar, 40),
         {1, 0xe9},
         "0xE9",
         R"({"base64": "6Q=="})",
         "x'E9'"},
    });
}

TEST(value_writer, pads_binary_with_the_zeros_that_the_log_leaves_out) {
    auto fixed = column(column_type::string, 4);
    fixed.collation = binary_collation;
    check({
        {"BINARY(4)",
         fixed,
         {2, 0xff, 1},
         "0xFF010000",
         R"({"base64": "/wEAAA=="})",
         "x'FF010000'"},
        {"VARBINARY(40)",
         text_column(binary_collation),
         {2, 0xff, 0},
         "0xFF00",
         R"({"base64": "/wA="})",
         "x'FF00'"},
    });
    fixed.collation = utf8mb4;
    EXPECT_EQ(write(value_form::text, fixed, {1, 'a'}), "a");
}

TEST(value_writer, writes_bits_enums_and_sets) {
    check({
        {"BIT(3)", column(column_type::bit, 3), {5}, "b'101'", "5", "b'101'"},
        {"BIT(10)", column(column_type::bit, 10), {2, 1}, "b'1000000001'", "513", "b'1000000001'"},
        {"ENUM",
         labelled(column_type::enum_, {"a", "it's"}),
         {2},
         "it's",
         "\"it's\"",
         "_utf8mb4 x'69742773'"},
        {"ENUM not allowed", labelled(column_type::enum_, {"a"}), {0}, "", "\"\"", "0"},
        {"ENUM unknown", column(column_type::enum_, 1), {2}, "2", "2", "2"},
        {"SET", labelled(column_type::set, {"a", "b", "c"}), {5}, "a,c", "\"a,c\"", "'a,c'"},
        {"SET empty", labelled(column_type::set, {"a"}), {0}, "", "\"\"", "''"},
        {"SET unknown", column(column_type::set, 1), {5}, "5", "5", "5"},
    });
    EXPECT_EQ(write(value_form::text, labelled(column_type::enum_, {"a"}), {2}),
              "error: a column: has no label of number 2");
    EXPECT_EQ(write(value_form::text, labelled(column_type::set, {"a"}), {2}),
              "error: a column: has no labels for all bits of 2");
}

TEST(value_writer, writes_geometry_and_vectors) {
    check({
        {"GEOMETRY",
         column(column_type::geometry, 4),
         {2, 0, 0, 0, 1, 2},
         "0x0102",
         R"({"base64": "AQI="})",
         "x'0102'"},
        {"VECTOR",
         column(column_type::vector, 4),
         {8, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0},
         "[1.00000e+00,-2.50000e+00]",
         "[1,-2.5]",
         "x'0000803F000020C0'"},
    });
}

TEST(value_writer, decompresses_columns_of_mariadb) {
    auto compressed = column(column_type::mariadb_varchar_compressed, 301);
    compressed.collation = utf8mb4;
    check({
        {"empty", compressed, {0, 0}, "", "\"\"", "''"},
        {"as it is", compressed, {3, 0, 0, 'a', 'b'}, "ab", "\"ab\"", "'ab'"},
        // Ten times 'a', deflated without a header.
        {"deflated",
         compressed,
         {7, 0, 0x89, 10, 0x4b, 0x4c, 0x84, 0x01, 0x00},
         "aaaaaaaaaa",
         "\"aaaaaaaaaa\"",
         "'aaaaaaaaaa'"},
    });
    EXPECT_EQ(write(value_form::text, compressed, {4, 0, 0x84, 0xff, 0xff, 0xff}).substr(0, 8),
              "error: a");
    EXPECT_EQ(write(value_form::text, compressed, {1, 0, 0x91}),
              "error: a column: a compressed column has an unknown header");
}

TEST(value_writer, names_the_column_of_a_value_that_does_not_fit) {
    auto named = integer(column_type::long_, false);
    named.name = "price";
    const auto error = write(value_form::text, named, {1, 2});
    EXPECT_EQ(error, "error: a value of 2 bytes does not fit column price of type INT: the row "
                     "image or the definition is wrong");
    EXPECT_TRUE(write(value_form::text, text_column(utf8mb4), {5, 'a'}).starts_with("error: "));
    EXPECT_TRUE(write(value_form::text, column(column_type::typed_array), {}).starts_with("error"));
}

TEST(value_writer, writes_null_in_the_word_of_its_form) {
    std::string out;
    value_writer(value_form::text).append_null(out);
    value_writer(value_form::json).append_null(out);
    value_writer(value_form::sql).append_null(out);
    EXPECT_EQ(out, "NULLnullNULL");
}

} // namespace
} // namespace understudy::protocol
