#include "snapshot/source_table.hpp"
#include "tests/snapshot/tables.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using test::make_column;

index_part part(std::string index, std::string name) {
    return {.index = std::move(index), .column = std::move(name), .unique = true};
}

TEST(source_table, is_read_by_its_primary_key) {
    const std::vector columns{make_column("a", "int"), make_column("b", "int")};
    const auto key =
        choose_order(columns, {part("alpha", "a"), part("PRIMARY", "b"), part("PRIMARY", "a")});
    ASSERT_TRUE(key);
    EXPECT_EQ(key->index, "PRIMARY");
    EXPECT_EQ(key->columns, (std::vector<std::size_t>{1, 0}));
}

TEST(source_table, is_read_by_another_unique_key_when_the_primary_key_cannot_be_compared) {
    const std::vector columns{make_column("s", "set('a')"), make_column("b", "int")};
    const auto key = choose_order(columns, {part("PRIMARY", "s"), part("u", "b")});
    ASSERT_TRUE(key);
    EXPECT_EQ(key->index, "u");
}

TEST(source_table, has_no_order_without_a_key_that_is_exact) {
    std::vector columns{make_column("a", "int"), make_column("t", "text", "latin1")};
    auto nullable = part("u", "a");
    nullable.nullable = true;
    auto prefix = part("p", "t");
    prefix.prefix = true;
    auto hidden = part("h", "a");
    hidden.visible = false;
    auto plain = part("i", "a");
    plain.unique = false;
    EXPECT_FALSE(choose_order(columns, {nullable, prefix, hidden, plain, part("x", "")}));
    columns[0].generated = true;
    EXPECT_FALSE(choose_order(columns, {part("PRIMARY", "a")}));
}

TEST(source_table, looks_the_same_on_servers_that_spell_types_differently) {
    EXPECT_EQ(normal_type("int(11) unsigned"), "int unsigned");
    EXPECT_EQ(normal_type("bigint"), "bigint");
    EXPECT_EQ(normal_type("smallint(5) unsigned zerofill"), "smallint(5) unsigned zerofill");
    EXPECT_EQ(normal_type("year(4)"), "year");
    EXPECT_EQ(normal_type("varchar(30)"), "varchar(30)");
    EXPECT_EQ(normal_type("point"), "point");
    EXPECT_EQ(normal_type("geometrycollection"), "geomcollection");
    EXPECT_EQ(normal_charset("utf8"), "utf8mb3");
    EXPECT_EQ(normal_charset("utf8_bin"), "utf8mb3_bin");
    EXPECT_EQ(normal_charset("utf8mb4_bin"), "utf8mb4_bin");
}

} // namespace
} // namespace understudy::snapshot
