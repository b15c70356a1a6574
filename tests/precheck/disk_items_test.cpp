#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;

std::vector<item> disk_said(const scene& at) {
    const auto selection = state::object_selection::make(at.spec);
    EXPECT_TRUE(selection.has_value());
    return disk_items({at.spec, *selection, at.known, at.source});
}

// A source that logs 10 GiB a day.
scene with_free(std::uint64_t bytes) {
    scene at = well();
    at.known.free_bytes = bytes;
    at.source.server.settings["binlog_expire_logs_seconds"] = "172800";
    at.source.log_files = {{"binlog.000001", 19ULL << 30U}, {"binlog.000002", 1ULL << 30U}};
    return at;
}

TEST(disk_items, pass_where_the_log_of_a_day_fits) {
    const auto items = disk_said(with_free(11ULL << 30U));
    EXPECT_EQ(said(items, "relay.disk").state, outcome::passed);
    EXPECT_EQ(said(items, "relay.disk").seen, "11264 MB free");
}

TEST(disk_items, warn_where_it_does_not) {
    scene at = with_free(10ULL << 30U);
    const item found = said(disk_said(at), "relay.disk");
    EXPECT_EQ(found.state, outcome::failed);
    EXPECT_EQ(found.level, severity::warning);
    EXPECT_THAT(found.seen, HasSubstr("logs some 10240 MB"));
    EXPECT_THAT(found.fix, HasSubstr("relay.bytes_max"));
    at.spec.relay.bytes_max = 1U << 30U;
    EXPECT_EQ(said(disk_said(at), "relay.disk").state, outcome::passed);
    at.spec.relay.bytes_max = 0;
    at.known.first_start = false;
    EXPECT_EQ(said(disk_said(at), "relay.disk").state, outcome::passed);
}

TEST(disk_items, warn_where_the_reserve_is_not_free) {
    scene at = with_free((64U << 20U) - 1);
    at.known.first_start = false;
    EXPECT_THAT(said(disk_said(at), "relay.disk").seen, HasSubstr("relay.disk_reserve_bytes"));
}

TEST(disk_items, say_nothing_where_nobody_knows) {
    scene at = with_free(0);
    at.known.free_bytes.reset();
    EXPECT_TRUE(disk_said(at).empty());
    at = with_free(1ULL << 30U);
    at.source.server.settings["binlog_expire_logs_seconds"] = "0";
    EXPECT_EQ(said(disk_said(at), "relay.disk").state, outcome::passed);
}

} // namespace
} // namespace understudy::precheck
