#include "protocol/binlog/gtid_event.hpp"
#include "protocol/errc.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

using test::binlog_file;

TEST(gtid_event, of_5_6_has_nothing_but_the_gtid) {
    const auto file = binlog_file::read("mysql_56_all_types.binlog");
    const auto event = decode_gtid_event(file.all(event_type::gtid).at(2)).value();
    EXPECT_EQ(event.id.to_string(), "78537c68-e661-11f1-abcb-02fc00000001:3");
    EXPECT_EQ(event.sequence_number, 0);
    EXPECT_EQ(event.immediate_commit_timestamp, 0U);
    EXPECT_EQ(event.transaction_length, 0U);
    EXPECT_EQ(event.immediate_server_version, 0U);
}

TEST(gtid_event, of_9_7_has_clock_times_length_and_version) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    const auto event = decode_gtid_event(file.all(event_type::gtid).at(2)).value();
    EXPECT_EQ(event.id.to_string(), "75bc728f-e661-11f1-9e43-02fc00000001:3");
    EXPECT_FALSE(event.may_have_statements);
    EXPECT_EQ(event.last_committed, 2);
    EXPECT_EQ(event.sequence_number, 3);
    EXPECT_EQ(event.transaction_length, 1553U - 898U);
    EXPECT_EQ(event.immediate_server_version, 90704U);
    EXPECT_EQ(event.original_server_version, 90704U);
    EXPECT_GT(event.immediate_commit_timestamp, 1'700'000'000'000'000U);
    EXPECT_EQ(event.original_commit_timestamp, event.immediate_commit_timestamp);
}

TEST(gtid_event, with_a_tag_is_a_serialized_message) {
    const auto file = binlog_file::read("mysql_97_statements.binlog");
    const auto events = file.all(event_type::gtid_tagged);
    ASSERT_EQ(events.size(), 2U);
    const auto blue = decode_gtid_event(events[0]).value();
    EXPECT_EQ(blue.id.to_string(), "75bc728f-e661-11f1-9e43-02fc00000001:blue:1");
    EXPECT_EQ(blue.sequence_number, 3);
    EXPECT_EQ(blue.last_committed, 2);
    EXPECT_EQ(blue.transaction_length, 1040U - 627U);
    EXPECT_EQ(blue.immediate_server_version, 90704U);
    EXPECT_EQ(blue.original_commit_timestamp, blue.immediate_commit_timestamp);
    const auto red = decode_gtid_event(events[1]).value();
    EXPECT_EQ(red.id.to_string(), "11111111-2222-3333-4444-555555555555:red_1:77");
}

TEST(gtid_event, that_is_anonymous_is_empty) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    auto event = file.all(event_type::gtid).at(0);
    event.header.type = event_type::anonymous_gtid;
    const auto decoded = decode_gtid_event(event).value();
    EXPECT_TRUE(decoded.id.empty());
    EXPECT_EQ(decoded.sequence_number, 1);
}

TEST(gtid_event, of_early_5_7_with_another_clock_keeps_its_gtid) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    auto event = file.all(event_type::gtid).at(0);
    std::vector<std::byte> body(event.body.begin(), event.body.begin() + 26);
    body[25] = std::byte{1};
    event.body = body;
    const auto decoded = decode_gtid_event(event).value();
    EXPECT_EQ(decoded.id.number, 1);
    EXPECT_EQ(decoded.sequence_number, 0);
}

TEST(previous_gtids, are_read_with_and_without_tags) {
    const auto plain = binlog_file::read("mysql_97_all_types_full_metadata.binlog");
    EXPECT_EQ(decode_previous_gtids(plain.view(1)).value().to_string(),
              "75bc728f-e661-11f1-9e43-02fc00000001:1-26");
    const auto tagged = binlog_file::read("mysql_97_tagged_previous_gtids.binlog");
    const auto set = decode_previous_gtids(tagged.view(1)).value();
    EXPECT_EQ(set.to_string(), "11111111-2222-3333-4444-555555555555:5:red_1:77,"
                               "75bc728f-e661-11f1-9e43-02fc00000001:1-42:blue:1");
    const auto body = tagged.view(1).body;
    EXPECT_EQ(set.encode(), std::vector<std::byte>(body.begin(), body.end()));
}

} // namespace
} // namespace understudy::protocol
