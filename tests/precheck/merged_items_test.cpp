#include "tests/precheck/seen.hpp"

namespace understudy::precheck {
namespace {

using testing::HasSubstr;

// Two tables of the source and one of another task.
scene merging() {
    scene at;
    at.spec.objects.include = {"s1.orders", "s2.orders"};
    at.spec.objects.rename = {{"s1.orders", "dw.orders"}, {"s2.orders", "dw.orders"}};
    at.spec.objects.merge = {"dw.*"};
    at.known.first_start = true;
    at.source.databases = {"s1", "s2"};
    at.source.tables.clear();
    for (const char* database : {"s1", "s2"}) {
        table_fact table;
        table.name = {database, "orders"};
        table.on_target = {"dw", "orders"};
        table.engine = "InnoDB";
        table.has_key = true;
        table.columns = {{"id", "int"}, {"name", "varchar(20) utf8mb4"}};
        at.source.tables.push_back(table);
    }
    return at;
}

TEST(merged_items, pass_where_all_have_the_same_columns) {
    auto at = merging();
    EXPECT_EQ(said(at.target_said(), "target.merged_definitions").state, outcome::passed);
    EXPECT_EQ(said(at.target_said(), "target.names").state, outcome::passed);
    at.target.existing = {{"dw", "orders"}};
    at.target.columns[{"dw", "orders"}] = at.source.tables[0].columns;
    EXPECT_EQ(said(at.target_said(), "target.merged_definitions").state, outcome::passed);
    EXPECT_EQ(said(at.target_said(), "target.same_names").state, outcome::passed);
    EXPECT_FALSE(blocks(at.target_said()));
}

TEST(merged_items, block_where_one_has_other_columns) {
    auto at = merging();
    at.source.tables[1].columns[1].type = "varchar(30) utf8mb4";
    const item among_ours = said(at.target_said(), "target.merged_definitions");
    EXPECT_EQ(among_ours.state, outcome::failed);
    EXPECT_THAT(among_ours.seen, HasSubstr("`s2`.`orders` into `dw`.`orders` (name is varchar(30) "
                                           "utf8mb4 there, varchar(20) utf8mb4 here)"));
    EXPECT_TRUE(blocks(at.target_said()));
    at = merging();
    at.target.existing = {{"dw", "orders"}};
    at.target.columns[{"dw", "orders"}] = {{"id", "int"}};
    EXPECT_THAT(said(at.target_said(), "target.merged_definitions").seen,
                HasSubstr("2 columns there, 1 here"));
}

TEST(merged_items, warn_where_keys_alone_tell_rows_apart) {
    auto at = merging();
    const item warned = said(at.target_said(), "source.merged_keys");
    EXPECT_EQ(warned.level, severity::warning);
    EXPECT_EQ(warned.state, outcome::failed);
    for (const char* pattern : {"s1.orders", "s2.orders"}) {
        auto& rules = at.spec.objects.tables.emplace_back();
        rules.pattern = pattern;
        rules.add_columns = {{"shard", at.spec.objects.tables.size(), ""}};
    }
    EXPECT_EQ(said(at.target_said(), "source.merged_keys").state, outcome::passed);
}

TEST(merged_items, let_other_tasks_in_that_merge_too) {
    auto at = merging();
    at.spec.objects.include = {"s1.orders"};
    at.spec.objects.rename = {{"s1.orders", "dw.orders"}};
    at.source.tables.pop_back();
    const std::string objects =
        R"({"include":["x.orders"],"exclude":[],"rename":[["x.orders","dw.orders"]],"tables":[])";
    resident_task other;
    other.name = "other";
    other.objects = objects + "}";
    at.target.server.tasks = {other};
    EXPECT_EQ(said(at.target_said(), "target.other_tasks").state, outcome::failed);
    at.target.server.tasks[0].objects = objects + R"(,"merge":["dw.orders"]})";
    EXPECT_EQ(said(at.target_said(), "target.other_tasks").state, outcome::passed);
}

TEST(merged_items, say_nothing_where_nothing_is_merged) {
    scene at;
    at.known.first_start = true;
    for (const item& one : at.target_said())
        EXPECT_FALSE(one.id.contains("merged")) << one.id;
}

} // namespace
} // namespace understudy::precheck
