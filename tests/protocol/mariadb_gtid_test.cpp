#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"

#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

gtid_set position(std::string_view text) {
    return gtid_set::parse(text).value();
}

gtid one(std::string_view text) {
    return gtid::parse(text).value();
}

TEST(mariadb_gtid, is_read_and_printed) {
    const auto read = mariadb_gtid::parse(" 4294967295-7-9223372036854775806 ").value();
    EXPECT_EQ(read, (mariadb_gtid{4294967295, 7, 9223372036854775806}));
    EXPECT_EQ(read.to_string(), "4294967295-7-9223372036854775806");
    for (const auto* text : {"", "0", "0-1", "0-1-", "-1-1", "0-1-0", "0-1-x", "0--1", "0-1-2-3",
                             "4294967296-1-1", "0-1-9223372036854775807", "a-1-1"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(mariadb_gtid::parse(text).error().code, errc::malformed);
    }
}

TEST(mariadb_gtid, passes_for_a_gtid_and_comes_back_the_same) {
    const mariadb_gtid id{3, 17, 4711};
    EXPECT_EQ(mariadb_gtid::of(id.to_gtid()), id);
    EXPECT_EQ(id.to_gtid().to_string(), "3-17-4711");
    EXPECT_EQ(one("3-17-4711"), id.to_gtid());
    EXPECT_EQ(mariadb_gtid::of(one("00000000-1111-2222-3333-444444444444:1")), std::nullopt);
}

TEST(mariadb_position, is_the_last_gtid_of_each_domain) {
    auto now = position("1-9-3,0-1-5");
    EXPECT_EQ(now.to_string(), "0-1-5,1-9-3");
    now.add(one("0-1-6"));
    now.add(one("0-2-9")); // another server writes in the domain, and numbers were left out
    EXPECT_EQ(now.to_string(), "0-2-9,1-9-3");
    now.add(position("1-8-4,2-1-1"));
    EXPECT_EQ(now.to_string(), "0-2-9,1-8-4,2-1-1");
}

TEST(mariadb_position, holds_what_is_not_above_it_whatever_server_wrote_it) {
    const auto now = position("0-2-9,1-9-3");
    EXPECT_TRUE(now.contains(one("0-1-9")));
    EXPECT_TRUE(now.contains(one("0-2-1")));
    EXPECT_FALSE(now.contains(one("0-2-10")));
    EXPECT_FALSE(now.contains(one("2-2-1")));
    EXPECT_TRUE(now.contains(position("0-5-9")));
    EXPECT_FALSE(now.contains(position("0-5-9,2-1-1")));
    EXPECT_FALSE(now.contains(position("1-9-4")));
    auto missing = position("0-1-9,1-9-4,2-1-1");
    missing.subtract(now);
    EXPECT_EQ(missing.to_string(), "1-9-4,2-1-1");
    EXPECT_TRUE(now.intersects(position("0-1-1")));
    EXPECT_FALSE(now.intersects(position("7-1-1")));
}

TEST(mariadb_position, survives_the_binary_form) {
    const auto now = position("0-2-9,1-9-3,4294967295-4294967295-9223372036854775806");
    EXPECT_EQ(gtid_set::decode(now.encode()).value(), now);
}

TEST(mariadb_position, and_a_set_of_mysql_do_not_touch) {
    auto both = position("00000000-1111-2222-3333-444444444444:1-5,0-1-7");
    EXPECT_EQ(both.to_string(), "00000000-1111-2222-3333-444444444444:1-5,0-1-7");
    EXPECT_EQ(gtid_set::decode(both.encode()).value(), both);
    both.subtract(position("0-9-7"));
    EXPECT_EQ(both.to_string(), "00000000-1111-2222-3333-444444444444:1-5");
}

} // namespace
} // namespace understudy::protocol
