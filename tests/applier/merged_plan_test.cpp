// What tools make beside tables that are merged.

#include "applier/statement_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier {
namespace {

using state::object_name;
using state::task_spec;

constexpr std::uint32_t version_97 = 90704;

state::object_selection merging(task_spec::schema_change_policy how) {
    task_spec spec;
    spec.name = "t";
    spec.objects.include = {"shard_*.*"};
    spec.objects.rename = {{"shard_*.orders", "dw.orders"}};
    spec.objects.merge = {"dw.orders"};
    spec.objects.merged_ddl = task_spec::merged_ddl_policy::once;
    spec.objects.online_schema_changes = how;
    return *state::object_selection::make(spec);
}

TEST(merged_plan, only_notes_what_a_tool_makes_beside_a_merged_table) {
    using step = statement_plan::model_step::step;
    const auto selection = merging(task_spec::schema_change_policy::alter);
    const auto of = [&](std::string_view text) {
        auto made = plan_statement({text, "shard_1", 0, version_97}, selection);
        EXPECT_TRUE(made.has_value()) << made.error().what;
        return made ? *made : statement_plan{};
    };
    const auto expect_note = [&](std::string_view text, step what, std::string_view model) {
        const auto plan = of(text);
        EXPECT_TRUE(plan.only_notes) << text;
        EXPECT_EQ(plan.text, "") << text;
        EXPECT_EQ(plan.merged_statement, "") << text;
        EXPECT_EQ(plan.source_names, (std::vector<object_name>{{"shard_1", "orders"}})) << text;
        ASSERT_FALSE(plan.models.empty()) << text;
        EXPECT_EQ(plan.models[0].what, what) << text;
        EXPECT_EQ(plan.models[0].model, (object_name{"shard_1", std::string(model)}));
    };
    expect_note("create table `shard_1`.`_orders_gho` like `shard_1`.`orders`", step::made,
                "_orders_gho");
    expect_note("create table _orders_ghc (id bigint)", step::made, "_orders_ghc");
    expect_note("create table _orders_gho like customers", step::gone, "_orders_gho");
    expect_note("alter table _orders_gho add a int", step::altered, "_orders_gho");
    expect_note("create index i on _orders_new (a)", step::altered, "_orders_new");
    expect_note("drop table if exists _orders_del", step::gone, "_orders_del");
    expect_note("CREATE TRIGGER pt_osc_shard_1_orders_del AFTER DELETE ON orders FOR EACH ROW "
                "DELETE IGNORE FROM _orders_new WHERE id <=> OLD.id",
                step::made, "_orders_pt");
    EXPECT_EQ(of("alter table _orders_gho add a int").models[0].clauses, "add a int");
    EXPECT_FALSE(
        of("CREATE TRIGGER other AFTER DELETE ON orders FOR EACH ROW SET @a = 1").only_notes);
    EXPECT_EQ(of("TRUNCATE _orders_gho").what, statement_plan::action::skip);
    const auto both = of("DROP TABLE _orders_old, customers");
    EXPECT_EQ(both.text, "DROP TABLE IF EXISTS `shard_1`.`customers`");
    EXPECT_EQ(both.models.at(0).model, (object_name{"shard_1", "_orders_old"}));

    const auto swap = of("RENAME TABLE orders TO _orders_old, _orders_new TO orders");
    EXPECT_TRUE(swap.is_cut_over);
    EXPECT_FALSE(swap.only_notes);
    EXPECT_EQ(swap.source_names, (std::vector<object_name>{{"shard_1", "orders"}}));
    EXPECT_EQ(swap.models.at(0).what, step::put_in_place);
    for (const std::string_view other :
         {"RENAME TABLE orders TO _orders_del", "RENAME TABLE _orders_gho TO orders",
          "ALTER TABLE _orders_gho RENAME TO orders"}) {
        const auto refused = plan_statement({other, "shard_1", 0, version_97}, selection);
        ASSERT_FALSE(refused.has_value()) << other;
        EXPECT_THAT(refused.error().what, testing::HasSubstr("among those of other tables"));
    }
    // What may have been there already is not known.
    expect_note("create table if not exists _orders_gho like orders", step::gone, "_orders_gho");
    EXPECT_EQ(both.uses, (std::vector<object_name>{{"shard_1", "orders"}}));
    EXPECT_EQ(of("DROP TRIGGER pt_osc_shard_1_orders_ins").text,
              "DROP TRIGGER IF EXISTS `shard_1`.`pt_osc_shard_1_orders_ins`");
    // Of a table of which only others are copied nothing is to be done.
    const auto others = selection.only({{"shard_1", "customers"}});
    for (const std::string_view text : {"RENAME TABLE orders TO _orders_old, _orders_new TO orders",
                                        "RENAME TABLE _orders_old TO kept"}) {
        const auto plan = plan_statement({text, "shard_1", 0, version_97}, others);
        ASSERT_TRUE(plan.has_value()) << plan.error().what;
        EXPECT_EQ(plan->what, statement_plan::action::skip) << text;
    }
    // With rows of their own they would have to be swapped at the same moment.
    const auto shadows = merging(task_spec::schema_change_policy::shadow);
    const auto refused = plan_statement(
        {"RENAME TABLE orders TO _orders_old, _orders_new TO orders", "shard_1", 0, version_97},
        shadows);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().what, testing::HasSubstr("online_schema_changes = \"alter\""));
}

} // namespace
} // namespace understudy::applier
