#include "protocol/errc.hpp"
#include "protocol/value/character_set.hpp"
#include "protocol/value/column_definition.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::protocol {
namespace {

using test::binlog_file;
using testing::ElementsAre;

std::vector<column_definition> columns_of(const binlog_file& file, const std::string& table) {
    for (const auto& event : file.all(event_type::table_map)) {
        const auto map = decode_table_map(event, file.format).value();
        if (map.table == table) {
            return define_columns(map).value();
        }
    }
    throw std::runtime_error("no map of " + table);
}

TEST(column_definition, of_full_metadata_knows_everything) {
    const auto file = binlog_file::read("mysql_97_all_types_full_metadata.binlog");
    for (const auto* const table : {"numbers", "strings", "modern", "many_pk"}) {
        for (const auto& column : columns_of(file, table)) {
            EXPECT_TRUE(column.is_known()) << table << "." << column.name;
            EXPECT_FALSE(column.name.empty());
        }
    }
    const auto strings = columns_of(file, "strings");
    EXPECT_FALSE(strings[10].labels.empty());
    EXPECT_FALSE(strings[12].labels.empty());
    const auto modern = columns_of(file, "modern");
    EXPECT_EQ(modern[2].geometry_type, 0U);
    EXPECT_EQ(modern[3].geometry_type, 1U);
    EXPECT_TRUE(modern[4].vector_dimensions.has_value());
    EXPECT_FALSE(modern[7].visible);
    EXPECT_TRUE(modern[0].visible);
}

TEST(column_definition, knows_the_places_of_the_primary_key) {
    const auto file = binlog_file::read("mysql_97_all_types_full_metadata.binlog");
    const auto many = columns_of(file, "many_pk");
    EXPECT_EQ(many[0].primary_key_part, 2U);
    EXPECT_EQ(many[1].primary_key_part, 1U);
    EXPECT_EQ(many[2].primary_key_part, 0U);
    EXPECT_NE(columns_of(file, "prefix_pk")[0].primary_key_prefix, 0U);
}

TEST(column_definition, of_minimal_metadata_lacks_names_and_labels) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    const auto strings = columns_of(file, "strings");
    EXPECT_TRUE(strings[2].is_known());
    EXPECT_TRUE(strings[2].name.empty());
    EXPECT_FALSE(strings[10].is_known());
    EXPECT_TRUE(columns_of(file, "numbers")[1].is_known());
}

TEST(column_definition, of_5_6_knows_nothing_but_the_layout) {
    const auto file = binlog_file::read("mysql_56_all_types.binlog");
    EXPECT_FALSE(columns_of(file, "numbers")[1].is_known());
    EXPECT_FALSE(columns_of(file, "strings")[2].is_known());
}

std::vector<std::byte> bytes_of(std::initializer_list<int> numbers) {
    std::vector<std::byte> made;
    for (const int number : numbers)
        made.push_back(static_cast<std::byte>(number));
    return made;
}

table_map three_columns() {
    table_map map;
    map.database = "d";
    map.table = "t";
    map.columns = {{column_type::varchar, 40, true, {}},
                   {column_type::enum_, 1, true, {}},
                   {column_type::blob, 2, true, {}}};
    return map;
}

TEST(column_definition, reads_default_and_own_character_sets) {
    auto map = three_columns();
    // Default 255, the second character column 63; ENUM columns: default 8.
    const auto defaults = bytes_of({2, 5, 0xfc, 255, 0, 1, 63, 10, 1, 8});
    map.optional_metadata = defaults;
    auto columns = define_columns(map).value();
    EXPECT_EQ(columns[0].collation, 255);
    EXPECT_EQ(columns[1].collation, 8);
    EXPECT_EQ(columns[2].collation, binary_collation);
    // Each its own; labels; a field of a kind that is not known.
    const auto own = bytes_of({3, 2, 45, 63, 11, 1, 46, 6, 6, 2, 1, 'a', 2, 'b', 'c', 99, 1, 0});
    map.optional_metadata = own;
    columns = define_columns(map).value();
    EXPECT_EQ(columns[0].collation, 45);
    EXPECT_EQ(columns[1].collation, 46);
    EXPECT_THAT(columns[1].labels, ElementsAre("a", "bc"));
}

TEST(column_definition, refuses_optional_metadata_that_do_not_fit) {
    for (const auto& damaged : {bytes_of({2, 5, 255}), bytes_of({2, 3, 8, 9, 63}),
                                bytes_of({3, 1, 45}), bytes_of({3, 4, 0xfd, 0, 0, 1}),
                                bytes_of({6, 2, 9, 1}), bytes_of({8, 1, 3}), bytes_of({12, 0})}) {
        auto map = three_columns();
        map.optional_metadata = damaged;
        const auto columns = define_columns(map);
        ASSERT_FALSE(columns);
        EXPECT_EQ(columns.error().code, errc::malformed);
        EXPECT_THAT(columns.error().what, testing::HasSubstr("d.t"));
    }
}

TEST(character_set, is_known_of_the_collations_of_mysql_and_mariadb) {
    EXPECT_EQ(character_set_of(8)->name, "latin1");
    EXPECT_EQ(character_set_of(63)->name, "binary");
    EXPECT_EQ(character_set_of(255)->name, "utf8mb4");
    EXPECT_EQ(character_set_of(33)->name, "utf8");
    EXPECT_EQ(character_set_of(250)->name, "gb18030");
    EXPECT_EQ(character_set_of(1032)->name, "latin1");  // latin1_swedish_nopad_ci
    EXPECT_EQ(character_set_of(2304)->name, "utf8mb4"); // uca1400_ai_ci
    EXPECT_EQ(character_set_of(0), nullptr);
    EXPECT_EQ(character_set_of(17), nullptr);
    EXPECT_EQ(character_set_of(400), nullptr);
    EXPECT_EQ(character_set_of(9999), nullptr);
}

} // namespace
} // namespace understudy::protocol
