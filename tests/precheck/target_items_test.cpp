#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;

TEST(target_items, block_names_that_two_tables_would_have_or_no_server_takes) {
    scene at;
    EXPECT_EQ(said(at.target_said(), "target.names").state, outcome::passed);
    at.source.tables[0].on_target = {"dw", "Facts"};
    at.source.tables[1].on_target = {"dw", "facts"};
    EXPECT_EQ(said(at.target_said(), "target.names").state, outcome::passed);
    at.target.server.settings["lower_case_table_names"] = "1";
    EXPECT_TRUE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.names").seen,
              "`shop`.`orders` and `shop`.`visits` would both be `dw`.`facts`");
    at.source.tables[1].on_target = {"dw", std::string(65, 'x')};
    EXPECT_EQ(said(at.target_said(), "target.names").seen, "`shop`.`visits` would be `dw`.`" +
                                                               std::string(65, 'x') +
                                                               "`, longer than 64 characters");
}

TEST(target_items, let_a_healthy_target_pass) {
    const auto items = scene().target_said();
    EXPECT_FALSE(blocks(items)) << to_text({items}, false);
    for (const item& one : items)
        EXPECT_EQ(one.state, outcome::passed) << one.id;
}

TEST(target_items, block_what_would_fail_later_and_name_the_statement_that_mends_it) {
    struct row {
        std::string id;
        std::function<void(scene&)> spoil;
        std::string fix;
    };
    const std::vector<row> rows{
        {"target.version", [](scene& s) { s.target.server.version_number = 50744; }, "8.0.18"},
        {"target.version",
         [](scene& s) {
             s.target.server.is_mariadb = true;
             s.target.server.version_number = 100520;
         },
         "MariaDB 10.11"},
        {"target.writer",
         [](scene& s) {
             s.target.server.is_mariadb = true;
             s.target.server.version_number = 101106;
             s.spec.apply.how = state::task_spec::writer::row_image;
         },
         "auto"},
        {"target.another_server",
         [](scene& s) { s.target.server.server_uuid = s.source.server.server_uuid; }, "auto.cnf"},
        {"target.writable", [](scene& s) { s.target.read_only = true; },
         "SET GLOBAL super_read_only = OFF;"},
        {"target.max_allowed_packet",
         [](scene& s) { s.target.server.settings["max_allowed_packet"] = "4194304"; },
         "SET PERSIST max_allowed_packet = 67108864;"},
        {"target.max_allowed_packet",
         [](scene& s) { s.source.server.settings["binlog_row_event_max_size"] = "67108864"; },
         "SET PERSIST max_allowed_packet = 90177536;"},
        {"target.engines", [](scene& s) { s.source.tables[0].engine = "ROCKSDB"; }, "InnoDB"},
        {"target.privileges",
         [](scene& s) {
             s.spec.apply.how = state::task_spec::writer::row_image;
             s.target.server.granted = granted({"GRANT USAGE ON *.* TO `a`@`%`"});
         },
         "GRANT REPLICATION_APPLIER, SESSION_VARIABLES_ADMIN ON *.* TO 'apply'@'%';"},
        {"target.same_names", [](scene& s) { s.target.existing = {{"shop", "orders"}}; },
         "RENAME TABLE `shop`.`orders` TO `shop`.`orders_before`;"},
        {"target.tables_exist", [](scene& s) { s.spec.initial.schema = false; }, "schema = true"},
    };
    for (const row& one : rows) {
        SCOPED_TRACE(one.id + " " + one.fix);
        scene at;
        one.spoil(at);
        const auto items = at.target_said();
        EXPECT_TRUE(blocks(items));
        const item found = said(items, one.id);
        EXPECT_EQ(found.state, outcome::failed);
        EXPECT_THAT(found.fix, HasSubstr(one.fix));
        EXPECT_FALSE(found.why.empty());
    }
}

TEST(target_items, say_how_rows_will_be_written_and_why) {
    scene at;
    EXPECT_EQ(said(at.target_said(), "target.writer").seen, "row images");
    at.spec.apply.how = state::task_spec::writer::sql;
    EXPECT_THAT(said(at.target_said(), "target.writer").seen, HasSubstr("apply.writer"));
    at.spec.apply.how = state::task_spec::writer::automatic;
    at.target.server.granted = granted({"GRANT USAGE ON *.* TO `a`@`%`"});
    const item slower = said(at.target_said(), "target.writer");
    EXPECT_EQ(slower.level, severity::warning);
    EXPECT_THAT(slower.fix, HasSubstr("GRANT REPLICATION_APPLIER"));
    at.target.server.is_mariadb = true;
    at.target.server.version_number = 101106;
    EXPECT_THAT(said(at.target_said(), "target.writer").seen, HasSubstr("MariaDB"));
}

TEST(target_items, warn_of_an_older_target_and_of_untried_releases) {
    scene at;
    at.target.server.version_number = 80404;
    EXPECT_EQ(said(at.target_said(), "target.version").level, severity::warning);
    at.source.server.version_number = 50624;
    EXPECT_EQ(said(at.target_said(), "target.version").state, outcome::passed);
    at.target.server.version_number = 80300;
    EXPECT_EQ(said(at.target_said(), "target.version").state, outcome::failed);
    EXPECT_FALSE(blocks(at.target_said()));
}

TEST(same_names, are_a_warning_when_they_are_to_be_ignored) {
    scene at;
    at.target.existing = {{"shop", "orders"}};
    at.spec.conflict.policy = state::task_spec::existing_tables::ignore;
    EXPECT_FALSE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.same_names").level, severity::warning);
}

TEST(same_names, are_ours_once_the_task_has_begun) {
    scene at;
    at.target.existing = {{"shop", "orders"}};
    at.known.first_start = false;
    EXPECT_FALSE(blocks(at.target_said()));
}

TEST(same_names, are_needed_and_must_be_empty_when_only_rows_are_copied) {
    scene at;
    at.spec.initial.schema = false;
    at.target.existing = {{"shop", "orders"}, {"shop", "visits"}};
    EXPECT_FALSE(blocks(at.target_said()));
    at.target.filled = {{"shop", "visits"}};
    EXPECT_TRUE(blocks(at.target_said()));
    EXPECT_THAT(said(at.target_said(), "target.tables_empty").seen, HasSubstr("`shop`.`visits`"));
}

TEST(adopted_tables, block_where_they_differ_from_the_source_s) {
    scene at;
    at.spec.conflict.policy = state::task_spec::existing_tables::adopt;
    at.spec.initial.schema = at.spec.initial.data = false;
    at.target.existing = {{"shop", "orders"}, {"shop", "visits"}};
    at.target.filled = at.target.existing;
    at.source.tables[0].columns = {{"id", comparable_type("int(11)")}, {"v", "text utf8mb4"}};
    at.target.columns[at.source.tables[0].on_target] = {{"ID", comparable_type("int")},
                                                        {"v", "text utf8mb4"}};
    EXPECT_FALSE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.adopted_definitions").state, outcome::passed);

    at.target.columns[at.source.tables[0].on_target][1].type = "text latin1";
    EXPECT_TRUE(blocks(at.target_said()));
    EXPECT_THAT(said(at.target_said(), "target.adopted_definitions").seen,
                HasSubstr("v is text utf8mb4 there, text latin1 here"));
    // What is still to come from the log may change it.
    at.spec.adopted = state::source_position{.binlog = {"binlog.000002", 4}, .executed = {}};
    EXPECT_FALSE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.adopted_definitions").level, severity::warning);

    at.target.existing = {{"shop", "orders"}};
    EXPECT_FALSE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.tables_exist").level, severity::warning);
    at.spec.adopted.reset();
    EXPECT_TRUE(blocks(at.target_said()));
}

TEST(comparable_types, leave_out_what_versions_print_differently) {
    EXPECT_EQ(comparable_type("int(11) unsigned"), "int unsigned");
    EXPECT_EQ(comparable_type("TINYINT(1)"), "tinyint");
    EXPECT_EQ(comparable_type("int(5) unsigned zerofill"), "int(5) unsigned zerofill");
    EXPECT_EQ(comparable_type("varchar(10) utf8mb3"), comparable_type("varchar(10) utf8"));
    EXPECT_NE(comparable_type("varchar(10) utf8mb4"), comparable_type("varchar(10) utf8"));
}

TEST(name_case, blocks_names_that_become_one_on_the_target) {
    scene at;
    at.target.server.settings["lower_case_table_names"] = "1";
    EXPECT_FALSE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.lower_case_table_names").state, outcome::failed);
    at.source.tables[1].on_target = {"shop", "Orders"};
    EXPECT_TRUE(blocks(at.target_said()));
}

TEST(definers, need_rights_that_the_target_gives_few_accounts) {
    scene at;
    at.source.definers = {{"trigger", {"shop", "t"}, "root@localhost"}};
    const std::string rights =
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE "
        "VIEW, "
        "SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER ON *.* TO `apply`@`%`";
    const std::string dynamic = "GRANT REPLICATION_APPLIER,SESSION_VARIABLES_ADMIN,"
                                "SET_ANY_DEFINER,ALLOW_NONEXISTENT_DEFINER";
    at.target.server.granted = granted({rights, dynamic + " ON *.* TO `apply`@`%`"});
    EXPECT_THAT(said(at.target_said(), "target.trust_function_creators").fix,
                HasSubstr("log_bin_trust_function_creators = ON"));
    at.target.server.settings["log_bin_trust_function_creators"] = "ON";
    EXPECT_FALSE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.system_user").level, severity::warning)
        << "nobody could look whether root@localhost has SYSTEM_USER";
    at.target.system_users = {"root@localhost"};
    EXPECT_TRUE(blocks(at.target_said()));
    EXPECT_EQ(said(at.target_said(), "target.system_user").fix,
              "GRANT SYSTEM_USER ON *.* TO 'apply'@'%';");
    at.target.server.granted = granted({rights, dynamic + ",SYSTEM_USER ON *.* TO `apply`@`%`"});
    EXPECT_FALSE(blocks(at.target_said()));
}

} // namespace
} // namespace understudy::precheck
