#include "snapshot/row_encoder.hpp"
#include "tests/snapshot/tables.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using test::make_column;
using test::make_table;
using fields = std::vector<std::optional<std::string_view>>;

TEST(row_encoder, replaces_rows_in_one_statement) {
    const auto table =
        make_table({make_column("id", "int"), make_column("v", "varchar(9)", "latin1")}, 1);
    row_encoder encoder(table, {"dw", "x"}, {});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"1", "a"}));
    ASSERT_TRUE(encoder.add(rows, fields{"2", std::nullopt}));
    ASSERT_EQ(rows.statements.size(), 1U);
    EXPECT_EQ(rows.statements[0].text, "REPLACE INTO `dw`.`x` (`id`,`v`) VALUES (1,'a'),(2,NULL)");
    EXPECT_EQ(rows.rows, 2U);
    EXPECT_EQ(encoder.last_key(), std::vector<std::string>{"2"});
}

TEST(row_encoder, starts_a_new_statement_at_the_limit_and_leaves_a_large_row_alone) {
    const auto table = make_table({make_column("id", "int"), make_column("v", "blob")}, 1);
    row_encoder encoder(table, {"d", "t"}, {.statement_bytes = 100});
    batch rows;
    const std::string large(1000, 'x');
    for (const std::string_view value :
         {std::string_view("a"), std::string_view(large), std::string_view("b")})
        ASSERT_TRUE(encoder.add(rows, fields{"1", value}));
    ASSERT_EQ(rows.statements.size(), 3U);
    EXPECT_EQ(rows.statements[1].rows, 1U);
}

TEST(row_encoder, keeps_rows_of_the_target_when_asked_to) {
    const auto table = make_table({make_column("id", "int")}, 1);
    row_encoder encoder(table, {"d", "t"}, {.mode = row_encoder::write_mode::keep_existing});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"1"}));
    EXPECT_EQ(rows.statements[0].text, "INSERT IGNORE INTO `d`.`t` (`id`) VALUES (1)");
}

TEST(row_encoder, neither_keeps_nor_overwrites_rows_of_others) {
    const auto table = make_table({make_column("id", "int")}, 1);
    row_encoder encoder(table, {"d", "t"}, {.mode = row_encoder::write_mode::strict});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"1"}));
    EXPECT_EQ(rows.statements[0].text, "INSERT INTO `d`.`t` (`id`) VALUES (1)");
    // The server takes LOAD DATA LOCAL for this in any case; the warning tells.
    const row_encoder loads(table, {"d", "t"},
                            {.mode = row_encoder::write_mode::strict, .load_data = true});
    EXPECT_TRUE(loads.load_statement().contains("IGNORE INTO TABLE"));
}

TEST(row_encoder, makes_lines_for_load_data) {
    const auto table =
        make_table({make_column("id", "int"), make_column("v", "varchar(9)", "latin1")}, 1);
    row_encoder encoder(table, {"d", "t"}, {.load_data = true, .statement_bytes = 1U << 30U});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"1", "a\tb"}));
    ASSERT_TRUE(encoder.add(rows, fields{"2", std::nullopt}));
    EXPECT_EQ(rows.statements[0].text, "1\ta\\tb\n2\t\\N\n");
    EXPECT_TRUE(
        encoder.load_statement().contains("REPLACE INTO TABLE `d`.`t` CHARACTER SET binary"));
}

TEST(row_encoder, counts_the_values_that_the_server_will_warn_about) {
    const auto table = make_table({make_column("id", "int"), make_column("e", "enum('a')")}, 1);
    row_encoder encoder(table, {"d", "t"}, {});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"0", "0"}));
    ASSERT_TRUE(encoder.add(rows, fields{"1", "1"}));
    EXPECT_EQ(rows.statements[0].enum_errors, 1U);
}

TEST(row_encoder, writes_typed_json_as_an_expression) {
    auto json = make_column("j", "json");
    json.tells_json_types = true;
    const auto table = make_table({make_column("id", "int"), json, make_column("z", "int")}, 1);
    row_encoder encoder(table, {"d", "t"}, {});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"1", "{\"a\": 1}", std::nullopt, std::nullopt, "5"}));
    ASSERT_TRUE(
        encoder.add(rows, fields{"2", "[1.50]", "[\"ARRAY\", \"DECIMAL\"]", std::nullopt, "6"}));
    EXPECT_TRUE(
        rows.statements[0].text.ends_with("(1,_utf8mb4'{\"a\": 1}',5),(2,JSON_ARRAY(1.50),6)"));
    EXPECT_FALSE(
        encoder.add(rows, fields{"3", "[\"x\"]", "[\"ARRAY\", \"DECIMAL\"]", std::nullopt, "6"}));
}

TEST(row_encoder, writes_json_with_doubles_that_text_may_change_as_an_expression) {
    const auto table = make_table({make_column("id", "int"), make_column("j", "json")}, 1);
    row_encoder encoder(table, {"d", "t"}, {});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"1", "[1.5]"}));
    ASSERT_TRUE(encoder.add(rows, fields{"2", "[9088544342.689999]"}));
    ASSERT_TRUE(encoder.add(rows, fields{"3", std::nullopt}));
    EXPECT_TRUE(rows.statements[0].text.ends_with(
        "(1,_utf8mb4'[1.5]'),(2,JSON_ARRAY(9088544342.689999e0)),(3,NULL)"));

    row_encoder as_text(table, {"d", "t"}, {.json_is_text = true});
    batch texts;
    ASSERT_TRUE(as_text.add(texts, fields{"2", "[9088544342.689999]"}));
    EXPECT_TRUE(texts.statements[0].text.ends_with("(2,_utf8mb4'[9088544342.689999]')"));
}

} // namespace
} // namespace understudy::snapshot
