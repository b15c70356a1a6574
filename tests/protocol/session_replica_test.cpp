#include "protocol/errc.hpp"
#include "protocol/session/commands.hpp"
#include "protocol/session/dump_error.hpp"
#include "protocol/session/semi_sync.hpp"
#include "protocol/session/source_facts.hpp"
#include "tests/protocol/server_packets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

using ::testing::HasSubstr;

const uuid source_uuid = *uuid::parse("00000000-1111-2222-3333-444444444444");
const uuid our_uuid = *uuid::parse("99999999-1111-2222-3333-444444444444");

server_info mysql(std::uint32_t version = 90704) {
    server_info server;
    server.version_number = version;
    return server;
}

server_info mariadb() {
    auto server = mysql(101119);
    server.is_mariadb = true;
    return server;
}

source_facts good_source() {
    source_facts facts;
    facts.server_uuid = source_uuid;
    facts.server_id = 1;
    facts.log_bin = true;
    facts.binlog_format = "ROW";
    facts.gtid_mode_on = true;
    return facts;
}

replica_options by_gtid() {
    replica_options options;
    options.server_id = 77;
    options.server_uuid = our_uuid;
    options.start = gtid_set();
    return options;
}

replica_options by_position() {
    auto options = by_gtid();
    options.start = binlog_position{"binlog.000001", 4};
    return options;
}

void expect_refused(const source_facts& facts, const server_info& server,
                    const replica_options& options, errc code, const std::string& text) {
    const auto checked = check_source(facts, server, options);
    ASSERT_FALSE(checked.has_value()) << text;
    EXPECT_EQ(checked.error().code, make_error_code(code));
    EXPECT_THAT(checked.error().what, HasSubstr(text));
}

TEST(check_source, accepts_what_can_be_replicated) {
    EXPECT_TRUE(check_source(good_source(), mysql(), by_gtid()).has_value());
    EXPECT_TRUE(check_source(good_source(), mysql(50624), by_position()).has_value());
    auto without_uuid = good_source();
    without_uuid.server_uuid = {};
    without_uuid.gtid_mode_on = false;
    EXPECT_TRUE(check_source(without_uuid, mariadb(), by_position()).has_value());
}

TEST(check_source, says_what_mends_each_obstacle) {
    auto facts = good_source();
    facts.log_bin = false;
    expect_refused(facts, mysql(), by_gtid(), errc::source_unsuitable, "--log-bin");
    facts = good_source();
    facts.binlog_format = "MIXED";
    expect_refused(facts, mysql(), by_gtid(), errc::source_unsuitable,
                   "SET PERSIST binlog_format = 'ROW'");
    expect_refused(facts, mysql(50624), by_gtid(), errc::source_unsuitable,
                   "SET GLOBAL binlog_format = 'ROW'");
    facts = good_source();
    facts.server_id = 77;
    expect_refused(facts, mysql(), by_gtid(), errc::source_unsuitable, "server_id is 77");
    facts = good_source();
    facts.server_uuid = our_uuid;
    expect_refused(facts, mysql(), by_gtid(), errc::source_unsuitable, "server_uuid");
    facts = good_source();
    facts.gtid_mode_on = false;
    expect_refused(facts, mysql(), by_gtid(), errc::source_unsuitable, "gtid_mode = ON");
    EXPECT_TRUE(check_source(facts, mysql(), by_position()).has_value());
    auto nobody = by_gtid();
    nobody.server_id = 0;
    expect_refused(good_source(), mysql(), nobody, errc::source_unsuitable, "server_id is 0");
    auto tagged = by_gtid();
    tagged.start = *gtid_set::parse("00000000-1111-2222-3333-444444444444:tag:1-5");
    expect_refused(good_source(), mysql(80036), tagged, errc::source_unsuitable, "8.3");
    EXPECT_TRUE(check_source(good_source(), mysql(), tagged).has_value());
}

TEST(replica_setup, speaks_to_each_flavour_in_its_words) {
    const auto for_mysql = replica_setup_statements(mysql(), by_gtid());
    const auto for_mariadb = replica_setup_statements(mariadb(), by_position());
    EXPECT_THAT(for_mysql, ::testing::Contains(HasSubstr("@source_heartbeat_period = 5000000000")));
    EXPECT_THAT(for_mysql, ::testing::Contains(HasSubstr("@source_binlog_checksum")));
    EXPECT_THAT(for_mysql, ::testing::Contains(HasSubstr("@slave_uuid = '99999999-1111")));
    EXPECT_THAT(for_mariadb, ::testing::Contains("SET @mariadb_slave_capability = 4"));
    EXPECT_THAT(for_mariadb,
                ::testing::Not(::testing::Contains(HasSubstr("@slave_connect_state"))));
    auto behind = by_gtid();
    behind.start = *gtid_set::parse("1-2-3, 0-1-4711");
    const auto for_mariadb_gtids = replica_setup_statements(mariadb(), behind);
    EXPECT_THAT(for_mariadb_gtids,
                ::testing::Contains("SET @slave_connect_state = '0-1-4711,1-2-3'"));
    EXPECT_THAT(for_mariadb_gtids, ::testing::Contains("SET @slave_gtid_strict_mode = 1"));
    EXPECT_THAT(for_mariadb, ::testing::Not(::testing::Contains(HasSubstr("uuid"))));
    EXPECT_EQ(show_binary_log_status(mysql()), "SHOW BINARY LOG STATUS");
    EXPECT_EQ(show_binary_log_status(mysql(80036)), "SHOW MASTER STATUS");
    EXPECT_EQ(show_binary_log_status(mariadb()), "SHOW MASTER STATUS");
}

TEST(commands, are_laid_out_as_the_manual_says) {
    EXPECT_EQ(encode_query("DO 1"), test::from_hex("03444f2031"));
    EXPECT_EQ(encode_quit(), test::from_hex("01"));
    EXPECT_EQ(encode_register_replica(0x11223344), test::from_hex("1544332211"
                                                                  "000000"
                                                                  "0000"
                                                                  "00000000"
                                                                  "00000000"));
    EXPECT_EQ(*encode_binlog_dump({"b.1", 0x01020304}, 2, 77),
              test::from_hex("120403020102004d000000622e31"));
    EXPECT_EQ(encode_binlog_dump_gtid(gtid_set(), 2, 77),
              test::from_hex("1e02004d000000000000000400000000000000"
                             "080000000000000000000000"));
}

TEST(commands, refuse_a_position_that_does_not_fit) {
    EXPECT_TRUE(encode_binlog_dump({"b.1", 0xffff'ffff}, 0, 77).has_value());
    const auto refused = encode_binlog_dump({"b.1", 0x1'0000'0000}, 0, 77);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, make_error_code(errc::source_unsuitable));
    EXPECT_THAT(refused.error().what, HasSubstr("4 GiB"));
}

// The sentences are those of MySQL 9.7 and MariaDB 10.11.
TEST(dump_error, tells_what_can_be_tried_again_from_what_cannot) {
    const auto meaning = [](std::uint16_t number, const std::string& message) {
        return dump_error(
                   {make_error_code(errc::server_error), message, {number, "HY000", message}})
            .code;
    };
    const auto lost = make_error_code(errc::binlog_position_lost);
    const auto unsuitable = make_error_code(errc::source_unsuitable);
    EXPECT_EQ(meaning(1236, "Could not find first log file name in binary log index file"), lost);
    EXPECT_EQ(meaning(1236, "Client requested source to start replication from position > file "
                            "size"),
              lost);
    EXPECT_EQ(meaning(1236, "Client requested master to start replication from impossible "
                            "position"),
              lost);
    EXPECT_EQ(meaning(1236, "Cannot replicate because the source purged required binary logs. "
                            "Replicate the missing transactions from elsewhere"),
              lost);
    EXPECT_EQ(meaning(1236, "Replica has more GTIDs than the source has, using the source's "
                            "SERVER_UUID"),
              unsuitable);
    EXPECT_EQ(meaning(1236, "A replica with the same server_uuid/server_id as this replica has "
                            "connected to the source"),
              unsuitable);
    EXPECT_EQ(meaning(1236, "bogus data in log event"), unsuitable);
    EXPECT_EQ(meaning(1236, "something new"), make_error_code(errc::server_error));
    EXPECT_EQ(meaning(1053, "Server shutdown in progress"), make_error_code(errc::server_error));
    EXPECT_EQ(meaning(1227, "Access denied; you need REPLICATION SLAVE"),
              make_error_code(errc::access_denied));
    const auto other = dump_error({make_error_code(errc::timed_out), "late", {}});
    EXPECT_EQ(other.code, make_error_code(errc::timed_out));
    EXPECT_EQ(other.what, "late");
}

TEST(semi_sync, reads_the_header_of_events_and_nothing_else_for_one) {
    const auto plain = take_semi_sync_header(test::from_hex("ef00aabb"));
    ASSERT_TRUE(plain.has_value());
    EXPECT_FALSE(plain->wants_ack);
    EXPECT_EQ(plain->event.size(), 2U);
    const auto waiting = take_semi_sync_header(test::from_hex("ef01ef86026b"));
    ASSERT_TRUE(waiting.has_value());
    EXPECT_TRUE(waiting->wants_ack);
    EXPECT_EQ(waiting->event.size(), 4U);
    for (const std::string wrong : {"", "ef", "ee00aa", "ef02aa", "ef86026b"}) {
        const auto refused = take_semi_sync_header(test::from_hex(wrong));
        ASSERT_FALSE(refused.has_value()) << wrong;
        EXPECT_EQ(refused.error().code, make_error_code(errc::malformed));
    }
}

TEST(semi_sync, acknowledges_a_place_in_the_sources_log) {
    EXPECT_EQ(encode_semi_sync_ack({"b.000001", 0x1'2345'6789ULL}),
              test::from_hex("ef8967452301000000622e303030303031"));
}

} // namespace
} // namespace understudy::protocol
