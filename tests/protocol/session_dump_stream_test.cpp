#include "protocol/errc.hpp"
#include "protocol/session/dump_stream.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "tests/protocol/server_packets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace understudy::protocol {
namespace {

using ::testing::HasSubstr;
using kind = dump_stream::kind;
using test::bytes;

struct event_request {
    event_type type = event_type::xid;
    bytes body = bytes(8);
    std::uint32_t end_log_pos = 0;
    std::uint16_t flags = 0;
    bool checksum = true;
};

bytes event(const event_request& request) {
    bytes out;
    byte_writer writer(out);
    const auto size = event_header_size + request.body.size() + (request.checksum ? 4 : 0);
    writer.u32(request.flags == event_flag::artificial ? 0 : 1'700'000'000);
    writer.u8(static_cast<std::uint8_t>(request.type));
    writer.u32(1);
    writer.u32(static_cast<std::uint32_t>(size));
    writer.u32(request.end_log_pos);
    writer.u16(request.flags);
    writer.bytes(request.body);
    if (request.checksum) {
        writer.u32(static_cast<std::uint32_t>(
            crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size())));
    }
    return out;
}

bytes rotate(const std::string& file, std::uint64_t offset, bool checksum = true) {
    bytes body;
    byte_writer writer(body);
    writer.u64(offset);
    writer.text(file);
    return event({event_type::rotate, body, 0, event_flag::artificial, checksum});
}

bytes format(std::uint32_t end_log_pos, bool checksum = true) {
    bytes body;
    byte_writer writer(body);
    writer.u16(4);
    writer.text("9.7.4");
    writer.zeros(45);
    writer.u32(0);
    writer.u8(19);
    writer.zeros(41);
    writer.u8(checksum ? 1 : 0);
    // The field is there with checksums off as well.
    auto made = event({event_type::format_description, body, end_log_pos, 0, true});
    if (!checksum) made.back() ^= std::byte{0xff};
    return made;
}

bytes heartbeat(const std::string& file, std::uint32_t offset) {
    return event({event_type::heartbeat, test::to_bytes(file), offset});
}

bytes heartbeat_v2(const std::string& file, std::uint64_t offset) {
    bytes position;
    byte_writer(position).lenenc(offset);
    bytes body;
    byte_writer writer(body);
    writer.lenenc(1);
    writer.lenenc_text(file);
    writer.lenenc(2);
    writer.lenenc_bytes(position);
    writer.lenenc(0);
    return event({event_type::heartbeat_v2, body});
}

dump_stream started(std::uint64_t offset = 4, bool checksum = true) {
    dump_stream stream(binlog_position{"", 4});
    EXPECT_TRUE(stream.feed(rotate("binlog.000007", offset, checksum)).has_value());
    EXPECT_TRUE(stream.feed(format(0, checksum)).has_value());
    return stream;
}

TEST(dump_stream, follows_a_source_from_file_to_file) {
    dump_stream stream(binlog_position{"", 4});
    auto item = stream.feed(rotate("binlog.000007", 4));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->what, kind::file);
    EXPECT_EQ(stream.position(), (binlog_position{"binlog.000007", 4}));
    item = stream.feed(format(127));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->what, kind::event);
    EXPECT_EQ(item->end_offset, 127U);
    ASSERT_TRUE(stream.format().has_value());
    EXPECT_TRUE(stream.format()->has_checksum());
    const auto xid = event({.end_log_pos = 158});
    item = stream.feed(xid);
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->what, kind::event);
    EXPECT_EQ(item->event.body.size(), 8U);
    EXPECT_EQ(item->event.bytes.data(), xid.data());
    EXPECT_EQ(stream.position(), (binlog_position{"binlog.000007", 158}));

    // The real rotate is part of the file; the fake one moves on.
    bytes body = test::from_hex("0400000000000000");
    const auto name = test::to_bytes("binlog.000008");
    body.insert(body.end(), name.begin(), name.end());
    item = stream.feed(event({event_type::rotate, body, 202}));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->what, kind::event);
    EXPECT_EQ(stream.position(), (binlog_position{"binlog.000007", 202}));
    item = stream.feed(rotate("binlog.000008", 4));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->what, kind::file);
    EXPECT_EQ(stream.position(), (binlog_position{"binlog.000008", 4}));
}

TEST(dump_stream, calls_what_was_made_for_the_connection_artificial) {
    auto stream = started(1000);
    EXPECT_EQ(stream.position().offset, 1000U);
    EXPECT_EQ(stream.feed(format(0))->what, kind::artificial);
    const auto list = event({event_type::mariadb_gtid_list, bytes(4), 0, event_flag::artificial});
    EXPECT_EQ(stream.feed(list)->what, kind::artificial);
    EXPECT_EQ(stream.position().offset, 1000U);
}

TEST(dump_stream, reads_sources_without_checksums) {
    auto stream = started(4, false);
    EXPECT_FALSE(stream.format()->has_checksum());
    const auto item = stream.feed(event({.end_log_pos = 150, .checksum = false}));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->event.body.size(), 8U);
}

TEST(dump_stream, reports_an_event_damaged_at_any_byte) {
    const auto good = event({.end_log_pos = 158});
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto stream = started();
        auto bad = good;
        bad[i] ^= std::byte{0x10};
        const auto item = stream.feed(bad);
        ASSERT_FALSE(item.has_value()) << "byte " << i;
        EXPECT_THAT(item.error().what, HasSubstr("binlog.000007:4"));
    }
}

TEST(dump_stream, reports_a_first_rotate_that_was_damaged) {
    auto bad = rotate("binlog.000007", 4);
    bad[22] ^= std::byte{0x10};
    dump_stream stream(binlog_position{"", 4});
    const auto item = stream.feed(bad);
    ASSERT_FALSE(item.has_value());
    EXPECT_EQ(item.error().code, make_error_code(errc::checksum_mismatch));
}

TEST(dump_stream, reports_events_cut_at_any_byte) {
    const auto good = event({.end_log_pos = 158});
    for (std::size_t size = 0; size < good.size(); ++size) {
        auto stream = started();
        EXPECT_FALSE(stream.feed(std::span(good).first(size)).has_value()) << size;
    }
}

TEST(dump_stream, moves_with_heartbeats) {
    auto stream = started();
    auto item = stream.feed(heartbeat("binlog.000007", 500));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->what, kind::heartbeat);
    EXPECT_EQ(stream.position().offset, 500U);
    item = stream.feed(heartbeat_v2("binlog.000007", 5'000'000'000));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(stream.position().offset, 5'000'000'000U);
}

TEST(dump_stream, stops_at_a_heartbeat_from_elsewhere) {
    for (const auto& wrong : {heartbeat("binlog.000008", 500), heartbeat_v2("binlog.000007", 3)}) {
        auto stream = started(400);
        const auto item = stream.feed(wrong);
        ASSERT_FALSE(item.has_value());
        EXPECT_EQ(item.error().code, make_error_code(errc::malformed));
    }
}

TEST(dump_stream, keeps_counting_beyond_4_gib) {
    auto stream = started(0xffff'ff00);
    const auto item = stream.feed(event({.end_log_pos = 0x100}));
    ASSERT_TRUE(item.has_value()) << item.error().what;
    EXPECT_EQ(item->end_offset, 0x1'0000'0100U);
    EXPECT_EQ(stream.position().offset, 0x1'0000'0100U);
}

TEST(dump_stream, stops_at_an_unknown_event_unless_it_may_be_ignored) {
    auto stream = started();
    const auto type = static_cast<event_type>(99);
    EXPECT_EQ(stream.feed(event({type, bytes(8), 100, event_flag::ignorable}))->what, kind::event);
    const auto item = stream.feed(event({type, bytes(8), 200}));
    ASSERT_FALSE(item.has_value());
    EXPECT_EQ(item.error().code, make_error_code(errc::unknown_event));
    EXPECT_THAT(item.error().what, HasSubstr("99"));
    EXPECT_THAT(item.error().what, HasSubstr("binlog.000007:100"));
}

TEST(dump_stream, refuses_events_before_their_format) {
    dump_stream stream(binlog_position{"binlog.000007", 4});
    EXPECT_EQ(stream.feed(event({.end_log_pos = 100})).error().code,
              make_error_code(errc::malformed));
}

TEST(dump_stream, refuses_events_over_its_limit) {
    dump_stream stream(binlog_position{"", 4}, 200);
    ASSERT_TRUE(stream.feed(rotate("binlog.000007", 4)).has_value());
    ASSERT_TRUE(stream.feed(format(0)).has_value());
    EXPECT_EQ(stream.feed(event({event_type::xid, bytes(300), 400})).error().code,
              make_error_code(errc::limit_exceeded));
}

} // namespace
} // namespace understudy::protocol
