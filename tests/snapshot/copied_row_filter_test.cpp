#include "snapshot/copied_row_filter.hpp"
#include "tests/snapshot/tables.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using test::make_column;
using test::make_table;

struct value_of_a_column {
    column what;
    std::optional<std::string_view> field; // as the copy reads it
};

std::string answer(const value_of_a_column& value, const std::string& condition) {
    const auto where = state::where_expression::parse(condition).value();
    auto table = make_table({make_column("id", "int"), value.what}, 1);
    auto filter = copied_row_filter::make(where, table);
    if (!filter) return filter.error().what;
    const std::vector<std::optional<std::string_view>> fields{"1", value.field};
    const auto taken = filter->takes(fields);
    if (!taken) return taken.error().what;
    return *taken ? "taken" : "left";
}

TEST(copied_row_filter, compares_values_as_row_images_are_compared) {
    const struct {
        column what;
        std::optional<std::string_view> field;
        std::string taken;
        std::string left;
    } cases[] = {
        {make_column("v", "int"), "42", "v = 42", "v < 42"},
        {make_column("v", "int(5) unsigned zerofill"), "00042", "v LIKE '42'", "v LIKE '00042'"},
        {make_column("v", "decimal(9,2) zerofill"), "0000000.50", "v LIKE '0.50'", "v > 0.5"},
        {make_column("v", "decimal(9,2)"), "-12.50", "v = -12.5", "v > -12.5"},
        {make_column("v", "bigint unsigned"), "18446744073709551615", "v > 18446744073709551614",
         "v < 0"},
        // As `f` * 1e0 reads it; literals become FLOATs too.
        {make_column("v", "float"), "1.100000023841858", "v = 1.1", "v > 1.1"},
        {make_column("v", "double"), "0.1", "v = 0.1", "v != 0.1"},
        {make_column("v", "date"), "2026-02-03", "v < '2026-02-03 00:00:01'", "v < '2026-02-03'"},
        {make_column("v", "datetime(6)"), "2026-02-03 12:00:00.500000",
         "v = '2026-02-03 12:00:00.5'", "v > '2026-02-03 12:00:00.5'"},
        {make_column("v", "time"), "-01:30:00", "v < '00:00:00'", "v > '00:00:00'"},
        {make_column("v", "year"), "2026", "v >= 2026", "v > 2026"},
        {make_column("v", "bit(9)"), "257", "v = 257", "v = 1"},
        {make_column("v", "varchar(9)", "latin1"), "Z\xfcrich", "v = 'Zürich'", "v = 'ZÜRICH'"},
        {make_column("v", "varchar(9)", "utf8mb4"), "Zürich", "v LIKE 'Z_rich'", "v = 'Zurich'"},
        {make_column("v", "binary(3)"), std::string_view("a\0\0", 3), "v = x'610000'", "v = x'61'"},
        {make_column("v", "enum('new','it''s')", "latin1"), "2", "v = 'it''s'", "v = 'new'"},
        {make_column("v", "enum('new')", "latin1"), "0", "v = ''", "v = 'new'"},
        {make_column("v", "set('a','b','c')", "latin1"), "5", "v = 'a,c'", "v = 'a'"},
        {make_column("v", "int"), std::nullopt, "v IS NULL", "v = 0 OR v != 0"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.what.column_type + " " + one.taken);
        EXPECT_EQ(answer({one.what, one.field}, one.taken), "taken");
        EXPECT_EQ(answer({one.what, one.field}, one.left), "left");
    }
}

TEST(copied_row_filter, is_refused_where_the_meaning_is_not_certain) {
    EXPECT_EQ(answer({make_column("v", "int"), "1"}, "w = 1"),
              "it has no column `w`, which `where` asks for");
    EXPECT_EQ(answer({make_column("v", "json"), "1"}, "v IS NULL"),
              "`where` asks for `v`, and values of type json are not compared");
    auto computed = make_column("v", "int");
    computed.generated = true;
    EXPECT_EQ(answer({computed, "1"}, "v = 1"),
              "`where` asks for `v`, which the server computes and the copy does not read: ask for "
              "what it is computed from");
}

TEST(copied_row_filter, finds_columns_behind_those_that_are_read_in_several_fields_or_not) {
    auto json = make_column("j", "json");
    json.tells_json_types = true; // three fields
    auto computed = make_column("g", "int");
    computed.generated = true; // none
    const auto table =
        make_table({make_column("id", "int"), json, computed, make_column("v", "int")}, 1);
    const auto where = state::where_expression::parse("V = 7").value();
    auto filter = copied_row_filter::make(where, table);
    ASSERT_TRUE(filter.has_value());
    const std::vector<std::optional<std::string_view>> fields{"1", "{}", std::nullopt, std::nullopt,
                                                              "7"};
    EXPECT_TRUE(filter->takes(fields).value());
}

} // namespace
} // namespace understudy::snapshot
