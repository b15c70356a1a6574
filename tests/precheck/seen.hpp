#pragma once

#include "precheck/items.hpp"

#include <gtest/gtest.h>

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

} // namespace understudy::precheck
