#include "snapshot/copy_plan.hpp"
#include "tests/snapshot/tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using testing::ElementsAre;
using names = std::set<state::object_name>;

source_table named(std::string name, bool key, std::uint64_t rows = 0) {
    auto table = test::make_table({test::make_column("id", "int")}, key ? 1 : 0);
    table.name = {"shop", std::move(name)};
    table.rows_estimated = rows;
    return table;
}

TEST(foreign_keys, join_tables_into_sets) {
    const state::object_name a{"s", "a"}, b{"s", "b"}, c{"s", "c"}, d{"s", "d"}, e{"s", "e"};
    EXPECT_THAT(connected_sets({{a, b}, {c, d}}, {e}),
                ElementsAre(names{a, b}, names{c, d}, names{e}));
    EXPECT_THAT(connected_sets({{a, b}, {c, d}, {d, b}}, {b}), ElementsAre(names{a, b, c, d}));
    EXPECT_THAT(connected_sets({{a, a}}, {}), ElementsAre(names{a}));
}

TEST(copy_plan, reads_tables_without_a_key_in_a_snapshot_and_the_others_in_chunks) {
    source_catalog catalog;
    catalog.logs_cascades = true;
    catalog.tables = {named("small", true, 1), named("large", true, 100), named("keyless", false),
                      named("memory", false)};
    catalog.tables[3].transactional = false;
    const auto plan = plan_copy(catalog);
    EXPECT_THAT(plan.snapshot_sets, ElementsAre(names{{"shop", "keyless"}}));
    ASSERT_EQ(plan.locked.size(), 1U);
    EXPECT_EQ(plan.locked[0]->name.object, "memory");
    ASSERT_EQ(plan.chunked.size(), 2U);
    EXPECT_EQ(plan.chunked[0]->name.object, "large");
}

TEST(copy_plan, reads_cascading_tables_in_a_snapshot_unless_the_source_logs_cascades) {
    source_catalog catalog;
    catalog.tables = {named("child", true), named("parent", true), named("other", true)};
    catalog.cascading_keys = {{{"shop", "child"}, {"shop", "parent"}}};
    EXPECT_EQ(plan_copy(catalog).snapshot_sets.size(), 1U);
    EXPECT_EQ(plan_copy(catalog).chunked.size(), 1U);
    catalog.logs_cascades = true;
    EXPECT_TRUE(plan_copy(catalog).snapshot_sets.empty());
    EXPECT_EQ(plan_copy(catalog).chunked.size(), 3U);
}

} // namespace
} // namespace understudy::snapshot
