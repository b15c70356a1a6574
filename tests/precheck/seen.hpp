#pragma once

#include "precheck/items.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

// Two healthy servers and a task, for tests that spoil one thing and look at what is said.
namespace understudy::precheck {

inline state::task_spec task(std::vector<std::string> include = {"shop.*"}) {
    state::task_spec spec;
    spec.name = "shop";
    spec.source.host = "127.0.0.1";
    spec.source.user = "repl";
    spec.target.host = "127.0.0.1";
    spec.target.user = "apply";
    spec.objects.include = std::move(include);
    return spec;
}

inline grants granted(const std::vector<std::string>& lines) {
    auto found = grants::parse(lines, true);
    EXPECT_TRUE(found.has_value());
    return found ? *found : grants();
}

inline source_seen healthy_source() {
    source_seen seen;
    seen.server.version = "9.7.4";
    seen.server.version_number = 90704;
    seen.server.account = "repl@%";
    seen.server.server_uuid = "11111111-1111-1111-1111-111111111111";
    seen.server.settings = {{"log_bin", "ON"},
                            {"binlog_format", "ROW"},
                            {"binlog_row_image", "FULL"},
                            {"gtid_mode", "ON"},
                            {"max_allowed_packet", "67108864"},
                            {"binlog_row_event_max_size", "8192"},
                            {"lower_case_table_names", "0"}};
    seen.server.granted =
        granted({"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT, SHOW VIEW, EVENT, TRIGGER,"
                 " LOCK TABLES ON *.* TO `repl`@`%`"});
    seen.server_id = 1;
    seen.gtid_mode_on = true;
    seen.executed = *protocol::gtid_set::parse("11111111-1111-1111-1111-111111111111:1-100");
    seen.log_files = {{"binlog.000001", 1000}, {"binlog.000002", 500}};
    seen.databases = {"shop"};
    seen.tables = {{{"shop", "orders"}, {"shop", "orders"}, "InnoDB", false, true, false},
                   {{"shop", "visits"}, {"shop", "visits"}, "InnoDB", false, true, false}};
    return seen;
}

inline target_seen healthy_target() {
    target_seen seen;
    seen.server.version = "9.7.4";
    seen.server.version_number = 90704;
    seen.server.account = "apply@%";
    seen.server.server_uuid = "22222222-2222-2222-2222-222222222222";
    seen.server.settings = {
        {"log_bin", "ON"}, {"max_allowed_packet", "67108864"}, {"lower_case_table_names", "0"}};
    seen.server.granted = granted({"GRANT ALL PRIVILEGES ON *.* TO `apply`@`%`"});
    seen.engines = {"innodb", "myisam"};
    return seen;
}

// A whole task with its selection, so that `about()` has something to refer to.
struct scene {
    state::task_spec spec = task();
    source_seen source = healthy_source();
    target_seen target = healthy_target();
    context known{};

    [[nodiscard]] std::vector<item> source_said() const {
        const auto selection = state::object_selection::make(spec);
        EXPECT_TRUE(selection.has_value());
        return source_items({spec, *selection, known, source});
    }
    [[nodiscard]] std::vector<item> target_said() const {
        const auto selection = state::object_selection::make(spec);
        EXPECT_TRUE(selection.has_value());
        return target_items({spec, *selection, known, source}, target);
    }
};

// The item of this id; a test fails without it.
inline item said(const std::vector<item>& items, std::string_view id) {
    for (const item& one : items) {
        if (one.id == id) return one;
    }
    ADD_FAILURE() << "nothing is said about " << id;
    return {};
}

inline bool blocks(const std::vector<item>& items) {
    return !report{items}.passed();
}

// As scene, with all that a server can say, so that nothing is left out.
inline scene well() {
    scene at;
    at.source.server.settings["max_connections"] = "151";
    at.source.server.connections = 10;
    at.source.server.clock_offset = 0;
    at.source.server.tls_version = at.target.server.tls_version = "TLSv1.3";
    at.source.server.certificate_days = at.target.server.certificate_days = 365;
    at.spec.semi_sync = true;
    at.source.server.settings["rpl_semi_sync_source_enabled"] = "ON";
    at.source.is_replica = true;
    at.source.server.settings["log_slave_updates"] = "ON";
    at.source.replica_lag = 2;
    at.source.odd_sessions.emplace();
    at.source.prepared_transactions = 0;
    at.source.server.settings["time_zone"] = "SYSTEM";
    at.source.server.granted = granted(
        {"GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT, SHOW VIEW, EVENT, TRIGGER, PROCESS,"
         " LOCK TABLES ON *.* TO `repl`@`%`"});
    at.source.oldest_transaction = 3;
    at.source.collations = {{"utf8mb4_0900_ai_ci", "`shop`.`orders`.name"}};
    at.target.server.settings["max_connections"] = "151";
    at.target.server.connections = 10;
    at.target.threads_running = 2;
    at.target.history_length = 100;
    at.target.server.settings["event_scheduler"] = "ON";
    at.target.server.clock_offset = -1;
    at.target.collations = {"utf8mb4_0900_ai_ci", "binary"};
    return at;
}

inline std::vector<item> all_said(const scene& at) {
    std::vector<item> all = at.source_said();
    std::ranges::move(at.target_said(), std::back_inserter(all));
    return all;
}

// What spoils one thing, and what is said about it then.
struct spoiled {
    std::string id;
    std::function<void(scene&)> spoil;
    std::string fix;
    bool blocks = false;
};

inline void expect_all_pass(const std::vector<spoiled>& rows) {
    const auto said_of_all = all_said(well());
    for (const spoiled& one : rows)
        EXPECT_EQ(said(said_of_all, one.id).state, outcome::passed) << one.id;
}

inline void expect_all_fail(const std::vector<spoiled>& rows) {
    for (const spoiled& one : rows) {
        SCOPED_TRACE(one.id + " " + one.fix);
        scene at = well();
        one.spoil(at);
        const auto items = all_said(at);
        const item found = said(items, one.id);
        EXPECT_EQ(found.state, outcome::failed);
        EXPECT_THAT(found.fix, testing::HasSubstr(one.fix));
        EXPECT_FALSE(found.why.empty());
        EXPECT_EQ(blocks(items), one.blocks);
    }
}

} // namespace understudy::precheck
