#include "relay/definition_columns.hpp"

#include "protocol/value/character_set.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace understudy::relay_test {
namespace {

using namespace relay;
using protocol::column_definition;
using protocol::column_type;

table_definition orders() {
    table_definition known;
    known.columns = {{.name = "id",
                      .type_text = "int unsigned",
                      .type = column_type::long_,
                      .is_unsigned = true,
                      .nullable = false},
                     {.name = "note",
                      .type_text = "varchar(5)",
                      .type = column_type::varchar,
                      .character_set = "latin1",
                      .invisible = true},
                     {.name = "raw", .type_text = "varbinary(5)", .type = column_type::varchar},
                     {.name = "e",
                      .type_text = "enum('ä')",
                      .type = column_type::enum_,
                      .character_set = "latin1",
                      .labels = {"ä"}}};
    known.unique_keys = {{"PRIMARY", {{1, 3}, {0, 0}}}};
    return known;
}

std::vector<column_definition> of_map() {
    std::vector<column_definition> columns(4);
    columns[0].type = column_type::long_;
    columns[1].type = column_type::varchar;
    columns[2].type = column_type::varchar;
    columns[3].type = column_type::enum_;
    return columns;
}

TEST(definition_columns, fill_in_what_the_source_did_not_log) {
    auto columns = of_map();
    complete_columns(columns, orders());
    EXPECT_EQ(columns[0].name, "id");
    EXPECT_EQ(columns[0].is_unsigned, true);
    EXPECT_EQ(columns[0].primary_key_part, 2U);
    EXPECT_EQ(columns[1].primary_key_part, 1U);
    EXPECT_EQ(columns[1].primary_key_prefix, 3U);
    EXPECT_FALSE(columns[1].visible);
    ASSERT_TRUE(columns[1].collation);
    EXPECT_EQ(protocol::character_set_of(*columns[1].collation)->name, "latin1");
    EXPECT_EQ(columns[2].collation, protocol::binary_collation);
    EXPECT_EQ(columns[3].labels, std::vector<std::string>{"ä"});
    // The label is UTF-8 here.
    EXPECT_EQ(protocol::character_set_of(*columns[3].collation)->name, "utf8mb4");
}

TEST(definition_columns, leave_what_the_source_logged) {
    auto columns = of_map();
    columns[0].name = "number";
    columns[0].is_unsigned = false;
    columns[1].collation = std::uint16_t{33};
    columns[3].labels = {"logged"};
    columns[3].collation = std::uint16_t{8};
    complete_columns(columns, orders());
    EXPECT_EQ(columns[0].name, "number");
    EXPECT_EQ(columns[0].is_unsigned, false);
    EXPECT_EQ(columns[1].collation, 33);
    EXPECT_EQ(columns[3].labels, std::vector<std::string>{"logged"});
    EXPECT_EQ(columns[3].collation, 8);
    // A table without a key, as the source says.
    EXPECT_EQ(columns[0].primary_key_part, 0U);
}

} // namespace
} // namespace understudy::relay_test
