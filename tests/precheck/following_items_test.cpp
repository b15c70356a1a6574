#include "tests/precheck/seen.hpp"

#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

const std::vector<spoiled> rows{
    {"source.gtid_mode", [](scene& s) { s.source.gtid_mode_on = false; },
     "SET PERSIST gtid_mode = ON"},
    {"source.gtid_mode",
     [](scene& s) {
         s.source.gtid_mode_on = false;
         s.spec.source_hosts = {{"a", 3306}, {"b", 3306}};
     },
     "SET PERSIST gtid_mode = ON", true},
    {"source.semi_sync",
     [](scene& s) { s.source.server.settings.erase("rpl_semi_sync_source_enabled"); },
     "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'"},
    {"source.semi_sync",
     [](scene& s) { s.source.server.settings["rpl_semi_sync_source_enabled"] = "OFF"; },
     "SET GLOBAL rpl_semi_sync_source_enabled = ON;"},
    {"source.sessions", [](scene& s) { s.source.odd_sessions->emplace("sql_log_bin = OFF", 2); },
     "performance_schema.threads"},
    {"source.prepared_transactions", [](scene& s) { s.source.prepared_transactions = 3; },
     "XA RECOVER"},
    {"source.replica_lag", [](scene& s) { s.source.replica_lag = 61; }, "SHOW REPLICA STATUS"},
    {"source.replica_lag", [](scene& s) { s.source.replica_applies = false; }, "START REPLICA"},
    {"source.skipped_errors",
     [](scene& s) { s.source.server.settings["slave_skip_errors"] = "1062"; }, "slave_skip_errors"},
    {"source.certificate", [](scene& s) { s.source.server.certificate_days = 13; },
     "ALTER INSTANCE RELOAD TLS;"},
    {"target.certificate", [](scene& s) { s.target.server.certificate_days = -1; },
     "ALTER INSTANCE RELOAD TLS;"},
};

TEST(following_items, pass_where_nothing_is_wrong) {
    expect_all_pass(rows);
}

TEST(following_items, say_what_is_wrong_and_what_mends_it) {
    expect_all_fail(rows);
}

TEST(following_items, ask_nothing_of_a_task_that_has_begun) {
    scene at = well();
    at.source.gtid_mode_on = false;
    at.source.prepared_transactions = 3;
    at.known.first_start = false;
    for (const item& one : at.source_said()) {
        EXPECT_NE(one.id, "source.gtid_mode");
        EXPECT_NE(one.id, "source.prepared_transactions");
    }
}

TEST(following_items, know_when_a_certificate_expires) {
    using namespace std::chrono;
    const sys_seconds now = sys_days(2036y / November / 20) + 12h;
    EXPECT_EQ(days_until("Nov 25 18:28:54 2036 GMT", now), 5);
    EXPECT_EQ(days_until("Nov  1 12:00:00 2036 GMT", now), -19);
    EXPECT_EQ(days_until("Nov 20 11:59:00 2036 GMT", now), -1);
    EXPECT_FALSE(days_until("", now));
}

TEST(following_items, say_nothing_of_a_certificate_that_nobody_uses) {
    scene at = well();
    at.source.server.tls_version.clear();
    for (const item& one : at.source_said())
        EXPECT_NE(one.id, "source.certificate");
}

TEST(following_items, know_the_days_that_older_servers_keep_their_logs) {
    scene at = well();
    at.source.server.settings["expire_logs_days"] = "7";
    EXPECT_EQ(said(at.source_said(), "source.retention").seen, "168 hours");
    at.source.server.settings["binlog_expire_logs_auto_purge"] = "OFF";
    for (const item& one : at.source_said())
        EXPECT_NE(one.id, "source.retention");
}

} // namespace
} // namespace understudy::precheck
