#include "precheck/waivers.hpp"
#include "tests/precheck/seen.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>

namespace understudy::precheck {
namespace {

const std::vector<spoiled> rows{
    {"source.replica_updates",
     [](scene& s) {
         s.source.is_replica = true;
         s.source.server.settings["log_slave_updates"] = "OFF";
     },
     "log_slave_updates = ON", true},
    {"source.checksum", [](scene& s) { s.source.server.settings["binlog_checksum"] = "NONE"; },
     "binlog_checksum = CRC32"},
    {"source.connections", [](scene& s) { s.source.server.connections = 150; },
     "SET GLOBAL max_connections = 177"},
    {"source.connections", [](scene& s) { s.source.server.settings["max_user_connections"] = "2"; },
     "max_connections"},
    {"source.clock", [](scene& s) { s.source.server.clock_offset = 3600; }, "NTP"},
    {"source.long_transactions", [](scene& s) { s.source.oldest_transaction = 61; }, "KILL"},
    {"source.foreign_key_parents", [](scene& s) { s.source.tables[0].parents = {{"crm", "b"}}; },
     "Select"},
    {"source.schema_changes", [](scene& s) { s.source.tables[0].name.object = "_a_gho"; }, "Wait"},
    {"target.connections", [](scene& s) { s.target.server.connections = 145; }, "apply.workers"},
    {"target.clock", [](scene& s) { s.target.server.clock_offset = -30; }, "NTP"},
    {"target.collations", [](scene& s) { s.target.collations = {"binary"}; }, "CONVERT TO", true},
    {"target.time_zone",
     [](scene& s) {
         s.source.server.settings["time_zone"] = "Europe/Berlin";
         s.target.knows_time_zones = false;
     },
     "mysql_tzinfo_to_sql"},
};

TEST(health_items, pass_where_nothing_is_wrong) {
    expect_all_pass(rows);
}

TEST(health_items, say_what_is_wrong_and_what_mends_it) {
    expect_all_fail(rows);
}

TEST(health_items, and_all_others_are_in_the_documentation) {
    std::stringstream page;
    page << std::ifstream(std::string(UNDERSTUDY_SOURCE_DIR) + "/docs/precheck.md").rdbuf();
    const std::string text = page.str();
    for (const item& one : all_said(well())) {
        const auto line = text.find("`" + one.id + "`");
        ASSERT_NE(line, std::string::npos) << one.id;
        const bool waivable =
            text.substr(line, text.find('\n', line) - line).contains("can be waived");
        if (one.level == severity::blocking) EXPECT_EQ(waivable, may_be_waived(one.id)) << one.id;
    }
}

TEST(health_items, let_a_replica_pass_that_logs_what_it_replicates) {
    scene at = well();
    at.source.is_replica = true;
    at.source.server.settings["log_replica_updates"] = "ON";
    EXPECT_EQ(said(at.source_said(), "source.replica_updates").state, outcome::passed);
}

TEST(health_items, take_the_two_names_of_a_character_set_for_one) {
    EXPECT_EQ(comparable_collation("utf8mb3_bin"), comparable_collation("utf8_bin"));
    EXPECT_NE(comparable_collation("utf8mb4_bin"), comparable_collation("utf8_bin"));
}

TEST(health_items, know_how_far_a_clock_is_ahead) {
    const auto later = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now().time_since_epoch() + std::chrono::seconds(100));
    EXPECT_NEAR(static_cast<double>(*clock_offset(std::to_string(later.count()))), 100, 2);
    EXPECT_FALSE(clock_offset(""));
}

} // namespace
} // namespace understudy::precheck
