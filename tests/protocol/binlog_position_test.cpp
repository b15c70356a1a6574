#include "protocol/binlog/binlog_position.hpp"
#include "protocol/binlog/rotate_event.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

event_view view_of(event_type type, const std::vector<std::byte>& body,
                   std::uint32_t end_log_pos = 0) {
    event_view event;
    event.header.type = type;
    event.header.end_log_pos = end_log_pos;
    event.body = body;
    return event;
}

TEST(binlog_position, is_ordered_by_file_number_not_by_letters) {
    EXPECT_LT((binlog_position{"binlog.999999", 500}), (binlog_position{"binlog.1000000", 4}));
    EXPECT_LT((binlog_position{"binlog.000002", 4}), (binlog_position{"binlog.000002", 5}));
    EXPECT_LT((binlog_position{"a.b.000009", 4}), (binlog_position{"a.b.000010", 4}));
    EXPECT_LT((binlog_position{"a.000009", 4}), (binlog_position{"b.000001", 4}));
    EXPECT_NE((binlog_position{"log.1", 4}) <=> (binlog_position{"log.01", 4}),
              std::strong_ordering::equal);
    EXPECT_EQ((binlog_position{"log.1", 4}) <=> (binlog_position{"log.1", 4}),
              std::strong_ordering::equal);
    EXPECT_EQ((binlog_position{"binlog.000002", 5'000'000'000}).to_string(),
              "binlog.000002:5000000000");
}

TEST(binlog_position, advances_past_four_gigabytes) {
    constexpr std::uint64_t wrap = std::uint64_t{1} << 32;
    EXPECT_EQ(advance_offset(4, 127), 127U);
    EXPECT_EQ(advance_offset(wrap - 100, 50), wrap + 50);
    EXPECT_EQ(advance_offset(wrap + 50, 150), wrap + 150);
    EXPECT_EQ(advance_offset(2 * wrap - 1, 1), 2 * wrap + 1);
    EXPECT_EQ(advance_offset(1234, 0), 1234U);
    EXPECT_EQ(advance_offset(1234, 1234), 1234U);
}

TEST(rotate_event, names_the_next_file_and_offset) {
    const auto file = test::binlog_file::read("mysql_97_all_types.binlog");
    EXPECT_EQ(decode_rotate_event(file.view(file.events.size() - 1)).value(),
              (binlog_position{"binlog.000002", 4}));
}

TEST(rotate_event, needs_a_file_name) {
    std::vector<std::byte> body;
    byte_writer(body).u64(4);
    EXPECT_EQ(decode_rotate_event(view_of(event_type::rotate, body)).error().code, errc::malformed);
    body.resize(7);
    EXPECT_EQ(decode_rotate_event(view_of(event_type::rotate, body)).error().code, errc::truncated);
}

TEST(heartbeat, of_the_first_version_has_its_offset_in_the_header) {
    std::vector<std::byte> body;
    byte_writer(body).text("binlog.000007");
    EXPECT_EQ(decode_heartbeat(view_of(event_type::heartbeat, body, 4711)).value(),
              (binlog_position{"binlog.000007", 4711}));
}

TEST(heartbeat, of_the_second_version_reaches_past_four_gigabytes) {
    std::vector<std::byte> body;
    byte_writer out(body);
    std::vector<std::byte> offset;
    byte_writer(offset).lenenc(5'000'000'000);
    out.lenenc(1);
    out.lenenc_text("binlog.000007");
    out.lenenc(2);
    out.lenenc_bytes(offset);
    const auto without_end = body;
    out.lenenc(0);
    EXPECT_EQ(decode_heartbeat(view_of(event_type::heartbeat_v2, body)).value(),
              (binlog_position{"binlog.000007", 5'000'000'000}));
    EXPECT_EQ(decode_heartbeat(view_of(event_type::heartbeat_v2, without_end)).error().code,
              errc::truncated);
}

} // namespace
} // namespace understudy::protocol
