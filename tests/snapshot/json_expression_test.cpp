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
        "JSON_OBJECT(JSON_UNQUOTE(_utf8mb4'\\\"a\\\"'),CAST(_utf8mb4'[1, {\\\"x\\\": 2}]' AS JSON),"
        "JSON_UNQUOTE(_utf8mb4'\\\"b\\\"'),3.0)");
}

TEST(json_expression, follows_the_order_of_the_path_wildcard) {
    // All children of a value come before what is inside them; JSON null has no type.
    const auto expression = json_expression(
        "[[1.5, null], 2, [3]]",
        "[\"ARRAY\", \"ARRAY\", \"INTEGER\", \"ARRAY\", \"DECIMAL\", null, \"INTEGER\"]",
        std::nullopt);
    EXPECT_EQ(expression.value(), "JSON_ARRAY(JSON_ARRAY(1.5,CAST(_utf8mb4'null' AS JSON)),"
                                  "CAST(_utf8mb4'2' AS JSON),CAST(_utf8mb4'[3]' AS JSON))");
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
