#include "state/condition/row_value.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::state {
namespace {

using kind = comparable::kind;

comparable read(const protocol::column_definition& column, const std::vector<std::byte>& bytes) {
    comparable made;
    protocol::value_writer text(protocol::value_form::text);
    protocol::row_image::column value;
    value.present = true;
    value.value = bytes;
    EXPECT_TRUE(read_comparable(made, text, column, value));
    return made;
}

TEST(row_value, has_the_zeros_of_a_binary_that_the_log_leaves_out) {
    protocol::column_definition column;
    column.type = protocol::column_type::string;
    column.metadata = 3;
    column.collation = protocol::binary_collation;
    const auto value = read(column, {std::byte{1}, std::byte{'a'}});
    EXPECT_EQ(value.what, kind::bytes);
    EXPECT_EQ(value.text, std::string("a\0\0", 3));
    column.type = protocol::column_type::varchar;
    EXPECT_EQ(read(column, {std::byte{1}, std::byte{'a'}}).text, "a");
}

TEST(row_value, of_an_enum_is_its_label_and_without_labels_its_number) {
    protocol::column_definition column;
    column.type = protocol::column_type::enum_;
    column.metadata = 1;
    EXPECT_EQ(read(column, {std::byte{2}}).what, kind::number);
    column.labels = {"new", "paid"};
    column.collation = 45;
    EXPECT_EQ(read(column, {std::byte{2}}).text, "paid");
    EXPECT_EQ(read(column, {std::byte{0}}).text, "");
}

TEST(row_value, knows_columns_by_their_names_whatever_the_case) {
    EXPECT_TRUE(same_column("Region", "REGION"));
    EXPECT_FALSE(same_column("region", "regions"));
}

} // namespace
} // namespace understudy::state
