#include "snapshot/errc.hpp"
#include "snapshot/json_expression.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

TEST(json_expression, casts_a_bare_scalar_to_json) {
    EXPECT_EQ(json_expression("12.50", "[\"DECIMAL\"]", std::nullopt).value(),
              "CAST(12.50 AS JSON)");
    EXPECT_EQ(json_expression("\"2024-01-02\"", "[\"DATE\"]", std::nullopt).value(),
              "CAST(CAST('2024-01-02' AS DATE) AS JSON)");
}

TEST(json_expression, keeps_untyped_parts_as_text) {
    EXPECT_EQ(
        json_expression("{\"a\": [1, {\"x\": 2}], \"b\": 3.0}",
                        "[\"OBJECT\", \"INTEGER\", \"OBJECT\"]",
                        "[\"ARRAY\", \"DECIMAL\", \"INTEGER\"]")
            .value(),
        "JSON_OBJECT(_utf8mb4'a',CAST(_utf8mb4'[1, {\\\"x\\\": 2}]' AS JSON),_utf8mb4'b',3.0)");
}

TEST(json_expression, follows_the_order_of_the_path_wildcard) {
    // All children of a value come before what is inside them; JSON null has no type.
    const auto expression = json_expression(
        "[[1.5, null], 2, [3]]",
        "[\"ARRAY\", \"ARRAY\", \"INTEGER\", \"ARRAY\", \"DECIMAL\", null, \"INTEGER\"]",
        std::nullopt);
    EXPECT_EQ(expression.value(), "JSON_ARRAY(JSON_ARRAY(1.5,null),2,CAST(_utf8mb4'[3]' AS JSON))");
}

TEST(json_expression, writes_doubles_that_are_not_parsed_exactly_as_literals) {
    EXPECT_EQ(
        json_expression("[9088544342.689999, \"a\\n\", 1.5, 5000000000, {\"k\": 1.2e-30}, -1]",
                        std::nullopt, std::nullopt)
            .value(),
        "JSON_ARRAY(9088544342.689999e0,JSON_UNQUOTE(_utf8mb4'\\\"a\\\\n\\\"'),1.5e0,"
        "CAST(_utf8mb4'5000000000' AS JSON),JSON_OBJECT(_utf8mb4'k',1.2e-30),-1)");
    EXPECT_EQ(json_expression("9088544342.689999", std::nullopt, std::nullopt).value(),
              "CAST(9088544342.689999e0 AS JSON)");
}

TEST(json_expression, keeps_the_types_of_integers) {
    EXPECT_EQ(json_expression("{\"a\": 5, \"b\": 1700000000000, \"c\": 5000000000, \"d\": 7}",
                              std::nullopt,
                              "[\"UNSIGNED INTEGER\", \"INTEGER\", \"UNSIGNED INTEGER\", "
                              "\"INTEGER\"]")
                  .value(),
              "JSON_OBJECT(_utf8mb4'a',CAST(5 AS UNSIGNED),_utf8mb4'b',1700000000000,_utf8mb4'c',"
              "CAST(_utf8mb4'5000000000' AS JSON),_utf8mb4'd',7)");
}

TEST(json_expression, knows_which_doubles_text_may_change) {
    for (const std::string_view text :
         {"[1.5, \"9088544342.689999\", \"\\\"1.2e300\", 18446744073709551615]",
          "{\"1.2e99\": -0.0}", "0.1", "[]", "\"\\\\\""})
        EXPECT_FALSE(may_hold_lost_double(text)) << text;
    for (const std::string_view text :
         {"9088544342.689999", "[1, {\"a\": -1.2e-30}]", "[\"\\\\\", 0.30000000000000004]"})
        EXPECT_TRUE(may_hold_lost_double(text)) << text;
}

TEST(json_expression, gives_binary_values_and_refuses_what_sql_cannot_build) {
    EXPECT_EQ(
        json_expression("[\"base64:type15:AP8=\"]", "[\"ARRAY\", \"BLOB\"]", std::nullopt).value(),
        "JSON_ARRAY(FROM_BASE64('AP8='))");
    const auto refused =
        json_expression("[\"base64:type16:BQ==\"]", "[\"ARRAY\", \"BIT\"]", std::nullopt);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::value_not_exact);
}

TEST(json_expression, refuses_types_that_do_not_fit_the_text) {
    for (const std::string_view types :
         {"[\"ARRAY\"]", "[\"ARRAY\", \"DATE\"]", "[\"ARRAY\", \"DECIMAL\", \"DECIMAL\"]", "x", ""})
        EXPECT_FALSE(json_expression("[1.5]", types, std::nullopt)) << types;
    for (const std::string_view text : {"", "[", "[1", "{\"a\"}", "\"a", "[1] 2"})
        EXPECT_FALSE(json_expression(text, std::nullopt, std::nullopt)) << text;
}

} // namespace
} // namespace understudy::snapshot
