#include "protocol/binlog/binlog_position.hpp"
#include "relay/errc.hpp"
#include "relay/server_turn.hpp"
#include "relay/successor.hpp"
#include "tests/relay/source_log.hpp"

#include <gtest/gtest.h>

namespace understudy::relay_test {
namespace {

using protocol::binlog_position;
using relay::server_turn;

const auto first = test_uuid();
const auto second = *protocol::uuid::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562");

TEST(server_turn, names_files_of_later_servers_so_that_positions_keep_their_order) {
    const server_turn one{1, second};
    const server_turn two{2, first};
    const server_turn ten{10, second};
    EXPECT_EQ(one.name_of("binlog.000002"),
              "~00000001~3e11fa47-71ca-11e1-9e33-c80aa9429562~binlog.000002");
    EXPECT_EQ(server_turn(0, first).name_of("binlog.000002"), "binlog.000002");
    const std::vector<binlog_position> in_order{{"binlog.000009", 4'000},
                                                {one.name_of("binlog.000002"), 4},
                                                {one.name_of("binlog.000002"), 900},
                                                {one.name_of("binlog.000010"), 4},
                                                {two.name_of("binlog.000001"), 4},
                                                {ten.name_of("a.000001"), 4}};
    for (std::size_t i = 1; i < in_order.size(); ++i) {
        EXPECT_LT(in_order[i - 1], in_order[i]) << in_order[i].to_string();
    }
}

TEST(server_turn, reads_its_own_names) {
    const server_turn one{1, second};
    const auto name = one.name_of("binlog.000002");
    EXPECT_EQ(server_turn::of(name, first), one);
    EXPECT_EQ(server_turn::own_name(name), "binlog.000002");
    for (const std::string plain : {"binlog.000002", "", "~", "~00000001~",
                                    "~0000000x~3e11fa47-71ca-11e1-9e33-c80aa9429562~b",
                                    "~00000001~3e11fa47-71ca-11e1-9e33-c80aa942956x~b"}) {
        EXPECT_EQ(server_turn::of(plain, first), (server_turn{0, first})) << plain;
        EXPECT_EQ(server_turn::own_name(plain), plain);
    }
    EXPECT_TRUE(server_turn::can_follow("binlog.000001"));
    EXPECT_TRUE(server_turn::can_follow(name));
    EXPECT_FALSE(server_turn::can_follow("~binlog.000001"));
    EXPECT_FALSE(server_turn::can_follow("ü.000001"));
}

TEST(successor, has_all_that_we_have_and_purged_nothing_that_we_lack) {
    const auto set = [](const std::string& intervals) {
        return *protocol::gtid_set::parse(test_uuid().to_string() + ":" + intervals);
    };
    protocol::source_facts server;
    server.gtid_executed = set("1-100");
    server.gtid_purged = set("1-20");
    EXPECT_TRUE(relay::check_successor(server, set("1-50"), set("1-50")));
    EXPECT_TRUE(relay::check_successor(server, set("1-100"), set("1-100")));
    const auto lacks = relay::check_successor(server, set("1-102"), set("1-102"));
    ASSERT_FALSE(lacks);
    EXPECT_EQ(lacks.error().code, relay::errc::wrong_source);
    EXPECT_NE(lacks.error().what.find(":101-102"), std::string::npos) << lacks.error().what;
    const auto purged = relay::check_successor(server, set("1-10"), set("1-10"));
    ASSERT_FALSE(purged);
    EXPECT_NE(purged.error().what.find(":11-20"), std::string::npos) << purged.error().what;
}

} // namespace
} // namespace understudy::relay_test
