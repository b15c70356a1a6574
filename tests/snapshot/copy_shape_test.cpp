#include "snapshot/copy_shape.hpp"
#include "snapshot/row_encoder.hpp"
#include "tests/snapshot/tables.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace understudy::snapshot {
namespace {

using test::make_column;
using test::make_table;
using fields = std::vector<std::optional<std::string_view>>;

source_table orders() {
    auto table = make_table({make_column("id", "int"), make_column("customer", "int"),
                             make_column("card", "varchar(20)", "latin1"),
                             make_column("region", "char(2)", "latin1")},
                            1);
    table.unique_columns = {"id"};
    return table;
}

state::table_shape shape_of(const std::function<void(state::task_spec::table_rules&)>& change) {
    state::task_spec::table_rules rules;
    rules.drop_columns = {"card"};
    rules.rename_columns = {{"customer", "customer_id"}};
    rules.add_columns = {{"shard", 3, ""}, {"origin", std::nullopt, "shop's"}};
    change(rules);
    return state::table_shape::make(rules).value();
}

const auto as_it_is = [](state::task_spec::table_rules&) {};

TEST(copy_shape, makes_the_targets_columns_of_the_sources_in_one_statement) {
    const auto shape = shape_of(as_it_is);
    EXPECT_EQ(reshape_sql(orders(), {"dw", "facts"}, &shape),
              "ALTER TABLE `dw`.`facts` RENAME COLUMN `customer` TO `customer_id`, DROP COLUMN "
              "`card`, ADD COLUMN `shard` BIGINT NOT NULL FIRST, ADD COLUMN `origin` VARCHAR(64) "
              "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL AFTER `shard`");
    EXPECT_EQ(shaped(orders(), &shape).fingerprint(),
              "`shard` bigint\n`origin` varchar(64) utf8mb4 utf8mb4_bin\n`id` int\n`customer_id` "
              "int\n`region` char(2) latin1\n");
    EXPECT_EQ(reshape_sql(orders(), {"dw", "facts"}, nullptr), "");
    EXPECT_EQ(shaped(orders(), nullptr).fingerprint(), orders().fingerprint());
}

TEST(copy_shape, is_refused_for_tables_that_it_does_not_fit) {
    const auto refusal = [](const source_table& table,
                            const std::function<void(state::task_spec::table_rules&)>& change) {
        state::task_spec spec;
        spec.objects.include = {"shop"};
        state::task_spec::table_rules rules;
        rules.pattern = "shop.t";
        change(rules);
        spec.objects.tables = {rules};
        source_catalog catalog;
        catalog.tables = {table};
        const auto checked = check_shapes(catalog, state::object_selection::make(spec).value());
        return checked ? "(accepted)" : checked.error().what;
    };
    EXPECT_EQ(refusal(orders(), [](auto& of) { of.where = "region = 'EU'"; }), "(accepted)");
    EXPECT_EQ(refusal(orders(), [](auto& of) { of.where = "regio = 'EU'"; }),
              "objects.tables does not fit `shop`.`t`: it has no column `regio`");
    EXPECT_EQ(refusal(orders(), [](auto& of) { of.drop_columns = {"ID"}; }),
              "objects.tables does not fit `shop`.`t`: `id` is part of a unique key, without which "
              "rows cannot be told apart: it cannot be dropped");
}

TEST(row_encoder, writes_the_columns_of_the_target_and_keeps_the_key_of_the_source) {
    const auto shape = shape_of([](auto& of) { of.where = "region = 'EU'"; });
    row_encoder encoder(orders(), {"dw", "facts"}, {.shape = &shape});
    batch rows;
    ASSERT_TRUE(encoder.add(rows, fields{"1", "10", "4711", "EU"}));
    ASSERT_TRUE(encoder.add(rows, fields{"2", "11", "4712", "EU"}));
    ASSERT_TRUE(encoder.add(rows, fields{"3", "12", "4713", "US"}));
    ASSERT_EQ(rows.statements.size(), 1U);
    EXPECT_EQ(rows.statements[0].text,
              "REPLACE INTO `dw`.`facts` (`shard`,`origin`,`id`,`customer_id`,`region`) VALUES "
              "(3,'shop\\'s',1,10,'EU'),(3,'shop\\'s',2,11,'EU')");
    EXPECT_EQ(rows.rows, 2U);
    EXPECT_EQ(rows.read, 3U);
    EXPECT_EQ(encoder.last_key(), std::vector<std::string>{"3"});

    row_encoder loading(orders(), {"dw", "facts"}, {.load_data = true, .shape = &shape});
    batch lines;
    ASSERT_TRUE(loading.add(lines, fields{"1", "10", "4711", "EU"}));
    EXPECT_EQ(lines.statements[0].text, "3\tshop's\t1\t10\tEU\n");
}

} // namespace
} // namespace understudy::snapshot
