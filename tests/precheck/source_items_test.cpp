#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;

protocol::gtid_set gtids(std::string_view text) {
    return *protocol::gtid_set::parse(text);
}

TEST(source_items, let_a_healthy_source_pass) {
    const auto items = scene().source_said();
    EXPECT_FALSE(blocks(items)) << to_text({items}, false);
    for (const item& one : items)
        EXPECT_EQ(one.state, outcome::passed) << one.id;
}

TEST(source_items, block_what_cannot_be_replicated_and_name_the_statement_that_mends_it) {
    struct row {
        std::string id;
        std::function<void(source_seen&)> spoil;
        std::string fix;
    };
    const std::vector<row> rows{
        {"source.binary_log", [](auto& s) { s.server.settings["log_bin"] = "OFF"; }, "log_bin"},
        {"source.row_format", [](auto& s) { s.server.settings["binlog_format"] = "MIXED"; },
         "SET GLOBAL binlog_format = 'ROW';"},
        {"source.log_filters", [](auto& s) { s.unlogged_databases = {"shop"}; },
         "binlog-ignore-db"},
        {"source.log_filters", [](auto& s) { s.logged_databases = {"crm"}; }, "binlog-do-db"},
        {"source.version", [](auto& s) { s.server.version_number = 50562; }, "5.6"},
        {"source.version", [](auto& s) { s.server.is_mariadb = true; }, "MySQL"},
        {"source.privileges",
         [](auto& s) { s.server.granted = granted({"GRANT SELECT ON *.* TO `repl`@`%`"}); },
         "GRANT REPLICATION SLAVE, REPLICATION CLIENT"},
        {"source.answers", [](auto& s) { s.server.questions = {{"SHOW X", "no", false}}; }, "Mend"},
    };
    for (const row& one : rows) {
        SCOPED_TRACE(one.id + " " + one.fix);
        scene at;
        one.spoil(at.source);
        const auto items = at.source_said();
        EXPECT_TRUE(blocks(items));
        const item found = said(items, one.id);
        EXPECT_EQ(found.state, outcome::failed);
        EXPECT_EQ(found.level, severity::blocking);
        EXPECT_THAT(found.fix, HasSubstr(one.fix));
        EXPECT_FALSE(found.why.empty());
    }
}

TEST(source_items, warn_of_partial_row_images_and_of_documents_that_are_partial_too) {
    scene at;
    at.source.server.settings["binlog_row_value_options"] = "PARTIAL_JSON";
    EXPECT_EQ(said(at.source_said(), "source.partial_json").state, outcome::passed);
    at.source.server.settings["binlog_row_image"] = "MINIMAL";
    const auto items = at.source_said();
    EXPECT_FALSE(blocks(items));
    for (const char* id : {"source.row_image", "source.partial_json"}) {
        SCOPED_TRACE(id);
        const item found = said(items, id);
        EXPECT_EQ(found.level, severity::warning);
        EXPECT_EQ(found.state, outcome::failed);
        EXPECT_THAT(found.fix, HasSubstr("SET GLOBAL binlog_row_"));
        EXPECT_THAT(found.why, HasSubstr("initial copy"));
    }
}

TEST(source_items, block_rules_for_tables_that_the_source_cannot_serve) {
    scene at;
    state::task_spec::table_rules rules;
    rules.pattern = "shop.orders";
    rules.where = "region = 'EU'";
    at.spec.objects.tables = {rules};
    at.source.server.settings["binlog_row_metadata"] = "FULL";
    EXPECT_FALSE(blocks(at.source_said()));
    EXPECT_EQ(said(at.source_said(), "source.table_rules").state, outcome::passed);

    at.source.tables[0].shape_misfit = "it has no column `region`";
    at.source.server.settings["binlog_row_metadata"] = "MINIMAL";
    at.source.server.settings["binlog_row_image"] = "NOBLOB";
    const auto items = at.source_said();
    EXPECT_EQ(said(items, "source.table_rules").seen, "`shop`.`orders`: it has no column `region`");
    for (const char* id :
         {"source.table_rules", "source.row_metadata", "source.row_image_for_where"}) {
        SCOPED_TRACE(id);
        EXPECT_EQ(said(items, id).level, severity::blocking);
        EXPECT_EQ(said(items, id).state, outcome::failed);
    }
    EXPECT_THAT(said(items, "source.row_metadata").fix,
                HasSubstr("SET GLOBAL binlog_row_metadata = 'FULL'"));

    // Later the source may be ahead of where the task stands.
    at.known.first_start = false;
    EXPECT_EQ(said(at.source_said(), "source.table_rules").level, severity::warning);

    // Leaving kinds of changes out needs no names.
    at.spec.objects.tables[0].where.clear();
    at.spec.objects.tables[0].skip = {"delete"};
    at.source.tables[0].shape_misfit.clear();
    EXPECT_FALSE(blocks(at.source_said()));
}

TEST(source_items, warn_of_slow_and_unsafe_tables) {
    scene at;
    at.source.tables[0].has_key = false;
    at.source.tables[1].engine = "MyISAM";
    at.source.unmatched = {"shop.ordres"};
    at.source.server.settings["binlog_expire_logs_seconds"] = "600";
    const auto items = at.source_said();
    EXPECT_FALSE(blocks(items));
    EXPECT_THAT(said(items, "source.keys").seen, HasSubstr("`shop`.`orders`"));
    EXPECT_THAT(said(items, "source.engines").seen, HasSubstr("`shop`.`visits` (MyISAM)"));
    EXPECT_THAT(said(items, "source.selection").seen, HasSubstr("shop.ordres"));
    EXPECT_EQ(said(items, "source.retention").state, outcome::failed);
}

TEST(source_items, warn_of_databases_that_a_pattern_may_miss) {
    scene at;
    at.spec = task({"shop*.*"});
    at.source.server.granted = granted({"GRANT SELECT ON `shop`.* TO `repl`@`%`"});
    EXPECT_EQ(said(at.source_said(), "source.hidden_databases").state, outcome::failed);
}

TEST(tls, is_warned_of_only_on_a_network) {
    scene at;
    EXPECT_EQ(said(at.source_said(), "source.tls").state, outcome::passed);
    at.spec.source.host = "db.example.com";
    EXPECT_EQ(said(at.source_said(), "source.tls").state, outcome::failed);
    at.source.server.tls_version = "TLSv1.3";
    EXPECT_THAT(said(at.source_said(), "source.tls").why, HasSubstr("not verified"));
    at.spec.source.tls.mode = protocol::tls_mode::verify_identity;
    EXPECT_EQ(said(at.source_said(), "source.tls").state, outcome::passed);
}

TEST(start_position, is_lost_when_the_source_purged_what_we_lack) {
    scene at;
    at.known.start = state::source_position{{}, gtids("11111111-1111-1111-1111-111111111111:1-50")};
    at.source.purged = gtids("11111111-1111-1111-1111-111111111111:1-50");
    EXPECT_FALSE(blocks(at.source_said()));
    at.source.purged = gtids("11111111-1111-1111-1111-111111111111:1-60");
    EXPECT_THAT(said(at.source_said(), "source.start_position").seen, HasSubstr(":51-60"));
    EXPECT_TRUE(blocks(at.source_said()));
}

TEST(start_position, is_refused_when_we_have_more_than_the_source) {
    scene at;
    at.known.start =
        state::source_position{{}, gtids("11111111-1111-1111-1111-111111111111:1-101")};
    const item found = said(at.source_said(), "source.start_position");
    EXPECT_EQ(found.state, outcome::failed);
    EXPECT_THAT(found.seen, HasSubstr(":101"));
}

TEST(start_position, is_refused_when_gtids_were_turned_off) {
    scene at;
    at.known.start = state::source_position{{}, gtids("11111111-1111-1111-1111-111111111111:1-50")};
    at.source.gtid_mode_on = false;
    at.source.server.settings["gtid_mode"] = "OFF_PERMISSIVE";
    EXPECT_THAT(said(at.source_said(), "source.start_position").seen, HasSubstr("OFF_PERMISSIVE"));
}

TEST(start_position, is_looked_up_by_file_and_offset) {
    scene at;
    at.source.gtid_mode_on = false;
    struct row {
        std::string file;
        std::uint64_t offset;
        outcome expected;
    };
    for (const row& one :
         {row{"binlog.000002", 500, outcome::passed}, row{"binlog.000002", 501, outcome::failed},
          row{"binlog.000001", 1000, outcome::passed}, row{"binlog.000000", 4, outcome::failed}}) {
        SCOPED_TRACE(one.file + ":" + std::to_string(one.offset));
        at.known.start = state::source_position{{one.file, one.offset}, {}};
        EXPECT_EQ(said(at.source_said(), "source.start_position").state, one.expected);
    }
    at.known.start = state::source_position{{"binlog.000002", 500}, {}};
    at.known.source_uuid = *protocol::uuid::parse("33333333-3333-3333-3333-333333333333");
    EXPECT_EQ(said(at.source_said(), "source.start_position").state, outcome::failed)
        << "another server's file names mean nothing";
    at.source.log_files.reset();
    at.known.source_uuid = {};
    EXPECT_EQ(said(at.source_said(), "source.start_position").state, outcome::skipped);
}

TEST(identity, must_be_nobody_elses) {
    scene at;
    at.known.server_id = 7;
    at.known.server_uuid = *protocol::uuid::parse("77777777-7777-7777-7777-777777777777");
    const std::string ours = at.known.server_uuid.to_string();
    const std::string other = "88888888-8888-8888-8888-888888888888";
    EXPECT_FALSE(blocks(at.source_said()));

    at.source.server_id = 7;
    EXPECT_TRUE(blocks(at.source_said())) << "the source's own id";
    at.source.server_id = 1;

    at.source.replicas = {{8, other, ""}};
    EXPECT_FALSE(blocks(at.source_said()));
    at.source.replicas = {{7, other, ""}};
    EXPECT_TRUE(blocks(at.source_said())) << "another replica's id";
    at.source.replicas = {{8, ours, ""}};
    EXPECT_TRUE(blocks(at.source_said())) << "another replica's UUID";
    at.source.replicas = {{7, ours, ""}};
    EXPECT_FALSE(blocks(at.source_said())) << "what our last run left";
    EXPECT_EQ(said(at.source_said(), "source.identity").state, outcome::failed);
    at.known.shares_identity = true;
    EXPECT_EQ(said(at.source_said(), "source.identity").state, outcome::passed)
        << "the connection that tasks share";
    at.source.replicas = {{7, other, ""}};
    EXPECT_TRUE(blocks(at.source_said()));
}

TEST(answers, do_not_repeat_what_missing_privileges_explain) {
    scene at;
    at.source.server.granted = granted({"GRANT SELECT ON *.* TO `repl`@`%`"});
    at.source.server.questions = {{"SHOW BINARY LOGS", "denied", true}};
    EXPECT_EQ(said(at.source_said(), "source.answers").state, outcome::skipped);
}

} // namespace
} // namespace understudy::precheck
