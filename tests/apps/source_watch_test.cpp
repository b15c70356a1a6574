#include "apps/source_watch.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

protocol::gtid_set set(const char* text) {
    auto parsed = protocol::gtid_set::parse(text);
    EXPECT_TRUE(parsed);
    return parsed.value_or(protocol::gtid_set{});
}

constexpr const char* uuid = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";

protocol::source_facts facts(const std::string& executed, protocol::binlog_position written) {
    protocol::source_facts made;
    made.server_uuid = protocol::uuid::parse(uuid).value();
    made.gtid_executed = set(executed.c_str());
    made.written = std::move(written);
    return made;
}

TEST(source_watch, is_content_while_the_source_has_what_we_have) {
    const state::source_position held{{"binlog.000002", 500},
                                      set((std::string(uuid) + ":1-9").c_str())};
    const auto now = facts(std::string(uuid) + ":1-12", {"binlog.000002", 700});
    EXPECT_TRUE(check_still_same(now, held, true));
    EXPECT_TRUE(check_still_same(now, held, false));
}

TEST(source_watch, names_what_a_reset_source_has_lost) {
    const state::source_position held{{"binlog.000002", 500},
                                      set((std::string(uuid) + ":1-9").c_str())};
    const auto now = facts(std::string(uuid) + ":1-2", {"binlog.000001", 700});
    const auto by_gtid = check_still_same(now, held, true);
    ASSERT_FALSE(by_gtid);
    EXPECT_NE(by_gtid.error().what.find(":3-9"), std::string::npos);
    const auto by_position = check_still_same(now, held, false);
    ASSERT_FALSE(by_position);
    EXPECT_NE(by_position.error().what.find("binlog.000001:700"), std::string::npos);
}

} // namespace
} // namespace understudy::apps
