#include "state/objects_text.hpp"
#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;

std::string objects(std::vector<std::string> include,
                    std::vector<std::pair<std::string, std::string>> rename = {}) {
    state::task_spec other = task(std::move(include));
    other.objects.rename = std::move(rename);
    return state::objects_text(other);
}

const std::vector<spoiled> rows{
    {"target.other_tasks",
     [](scene& s) { s.target.server.tasks = {{"crm", "", objects({"shop.orders"})}}; },
     "DELETE FROM `understudy`.objects WHERE task = 'crm';", true},
    {"target.ring",
     [](scene& s) {
         s.source.server.tasks = {{"back", s.target.server.server_uuid, objects({"shop.*"})}};
     },
     "DELETE FROM `understudy`.checkpoint WHERE task = 'back';", true},
    {"target.events", [](scene& s) { s.target.events = {{"shop", "nightly"}}; },
     "ALTER EVENT `shop`.`nightly` DISABLE;"},
    {"target.foreign_key_children",
     [](scene& s) { s.target.children = {{{"crm", "notes"}, {"shop", "orders"}}}; },
     "DROP FOREIGN KEY"},
    {"target.load", [](scene& s) { s.target.threads_running = 50; }, "innodb_trx"},
    {"target.load", [](scene& s) { s.target.history_length = 1'000'000; }, "innodb_trx"},
};

TEST(bystander_items, pass_where_nothing_is_wrong) {
    expect_all_pass(rows);
}

TEST(bystander_items, say_what_is_wrong_and_what_mends_it) {
    expect_all_fail(rows);
}

TEST(bystander_items, let_tasks_be_that_write_other_tables) {
    scene at = well();
    at.target.server.tasks = {
        {"crm", "", objects({"crm.*"})},
        {"moved", "", objects({"shop.*"}, {{"shop", "elsewhere"}})},
        {"unreadable", "", "?"},
    };
    at.source.server.tasks = {
        {"another", "33333333-3333-3333-3333-333333333333", objects({"shop.*"})},
        {"aside", at.target.server.server_uuid, objects({"shop.*"}, {{"shop", "old"}})}};
    EXPECT_EQ(said(at.target_said(), "target.other_tasks").state, outcome::passed);
    EXPECT_EQ(said(at.target_said(), "target.ring").state, outcome::passed);
}

TEST(bystander_items, only_warn_a_task_that_has_met_others_before) {
    scene at = well();
    at.known.first_start = false;
    at.target.server.tasks = {{"crm", "", objects({"shop.*"})}};
    EXPECT_EQ(said(at.target_said(), "target.other_tasks").level, severity::warning);
}

TEST(bystander_items, know_foreign_keys_of_the_task_s_own_tables) {
    scene at = well();
    at.target.children = {{{"shop", "visits"}, {"shop", "orders"}}};
    EXPECT_EQ(said(at.target_said(), "target.foreign_key_children").state, outcome::passed);
}

TEST(bystander_items, let_events_rest_without_a_scheduler) {
    scene at = well();
    at.target.events = {{"shop", "nightly"}};
    at.target.server.settings["event_scheduler"] = "OFF";
    EXPECT_EQ(said(at.target_said(), "target.events").state, outcome::passed);
}

TEST(bystander_items, warn_of_triggers_only_where_rows_are_written_as_sql) {
    scene at = well();
    at.target.triggers = {{"note", {"shop", "orders"}, true}};
    at.source.definers = {{"trigger", {"shop", "check"}, "root@%"}};
    for (const item& one : at.target_said())
        EXPECT_NE(one.id, "target.triggers");
    at.spec.apply.how = state::task_spec::writer::sql;
    const item found = said(at.target_said(), "target.triggers");
    EXPECT_EQ(found.state, outcome::failed);
    EXPECT_EQ(found.seen, "note of `shop`.`orders`, check, which comes with the copy");
    at.spec.apply.triggers = state::task_spec::trigger_policy::guarded;
    EXPECT_EQ(said(at.target_said(), "target.triggers").state, outcome::passed);
    at.target.triggers[0].guarded = false;
    EXPECT_EQ(said(at.target_said(), "target.triggers").state, outcome::failed);
}

TEST(bystander_items, tell_what_becomes_of_what_is_applied) {
    scene at = well();
    EXPECT_THAT(said(at.target_said(), "target.binary_log").seen, HasSubstr("replicas"));
    at.spec.initial.binlog = false;
    EXPECT_THAT(said(at.target_said(), "target.binary_log").seen, HasSubstr("without the rows"));
    at.target.server.settings["log_bin"] = "OFF";
    EXPECT_THAT(said(at.target_said(), "target.binary_log").seen, HasSubstr("off"));
    EXPECT_THAT(said(at.target_said(), "target.load_data").seen, HasSubstr("INSERT"));
    at.target.server.settings["local_infile"] = "ON";
    EXPECT_EQ(said(at.target_said(), "target.load_data").seen, "LOAD DATA");
}

TEST(kept_definitions, block_where_they_differ_from_the_source_s) {
    scene at = well();
    at.spec.conflict.policy = state::task_spec::existing_tables::ignore;
    at.source.tables[0].columns = {{"id", "int"}, {"doc", "json"}};
    at.target.columns[{"shop", "orders"}] = {{"id", "int"}, {"doc", "longtext utf8mb4"}};
    const item found = said(at.target_said(), "target.definitions");
    EXPECT_EQ(found.state, outcome::failed);
    EXPECT_THAT(found.seen, HasSubstr("doc is json there, longtext utf8mb4 here"));
    EXPECT_TRUE(blocks(at.target_said()));
    at.target.server.is_mariadb = true;
    at.target.server.version_number = 101106;
    EXPECT_EQ(said(at.target_said(), "target.definitions").state, outcome::passed);
    at.spec.conflict.policy = state::task_spec::existing_tables::intercept;
    for (const item& one : at.target_said())
        EXPECT_NE(one.id, "target.definitions");
}

TEST(kept_definitions, warn_of_tables_that_will_be_set_aside) {
    scene at = well();
    at.spec.conflict.policy = state::task_spec::existing_tables::ignore;
    at.spec.conflict.differing = state::task_spec::differing_tables::set_aside;
    at.source.tables[0].columns = {{"id", "int"}, {"v", "int"}};
    at.target.columns[{"shop", "orders"}] = {{"id", "int"}, {"w", "int"}};
    const item found = said(at.target_said(), "target.definitions");
    EXPECT_EQ(found.state, outcome::failed);
    EXPECT_EQ(found.level, severity::warning);
    EXPECT_FALSE(blocks(at.target_said()));
}

TEST(kept_definitions, tell_what_columns_of_one_side_are_left_out) {
    const auto column = [](const std::string& name, const std::string& type) {
        return applier::describe_column(name, type, type, 0, 10, 0, 0);
    };
    const auto table = [&](std::vector<applier::target_column> columns) {
        applier::target_table made;
        made.columns = std::move(columns);
        made.columns.front().nullable = false;
        made.unique_keys = {{"PRIMARY", {{0, 0}}}};
        return made;
    };
    scene at = well();
    at.spec.conflict.policy = state::task_spec::existing_tables::ignore;
    at.spec.conflict.differing = state::task_spec::differing_tables::common_columns;
    at.source.server.settings["binlog_row_metadata"] = "MINIMAL";
    at.source.tables[0].columns = {{"id", "int"}, {"v", "int"}};
    at.source.tables[0].definition = table({column("id", "int"), column("v", "int")});
    at.target.columns[{"shop", "orders"}] = {{"id", "int"}, {"w", "int"}};
    at.target.definitions[{"shop", "orders"}] = table({column("id", "int"), column("w", "int")});
    EXPECT_EQ(said(at.target_said(), "target.definitions").state, outcome::passed);
    EXPECT_EQ(said(at.target_said(), "target.common_columns").seen,
              "1 table: `shop`.`orders` (left out of the source: `v`; on the target alone: `w`)");
    EXPECT_EQ(said(at.target_said(), "source.row_metadata").state, outcome::failed);
    at.source.server.settings["binlog_row_metadata"] = "FULL";
    EXPECT_FALSE(blocks(at.target_said()));

    at.target.triggers = {{"note", {"shop", "orders"}, false}};
    EXPECT_THAT(said(at.target_said(), "target.definitions").seen, HasSubstr("trigger `note`"));
    at.target.triggers.clear();
    at.target.definitions[{"shop", "orders"}].columns[1].nullable = false;
    const item refused = said(at.target_said(), "target.definitions");
    EXPECT_EQ(refused.state, outcome::failed);
    EXPECT_THAT(refused.seen, HasSubstr("`w` is on the target alone, and NOT NULL without"));
    EXPECT_TRUE(blocks(at.target_said()));
}

} // namespace
} // namespace understudy::precheck
