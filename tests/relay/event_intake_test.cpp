#include "protocol/binlog/format_description.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/errc.hpp"
#include "relay/event_intake.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

namespace understudy::relay_test {
namespace {

using namespace relay;
using protocol::event_type;

// The events of a dump, as a source without checksums sends them.
class dump {
public:
    std::vector<std::byte> event(event_type type, std::span<const std::byte> body,
                                 std::uint16_t flags = 0, bool has_place = true) {
        std::vector<std::byte> bytes;
        protocol::byte_writer out(bytes);
        const auto size = protocol::event_header_size + body.size();
        if (has_place) offset_ += size;
        out.u32(has_place ? 1'700'000'000 : 0);
        out.u8(static_cast<std::uint8_t>(type));
        out.u32(1);
        out.u32(static_cast<std::uint32_t>(size));
        out.u32(has_place ? static_cast<std::uint32_t>(offset_) : 0);
        out.u16(flags);
        out.bytes(body);
        return bytes;
    }
    std::vector<std::byte> fake_rotate(const std::string& file, std::uint64_t offset) {
        std::vector<std::byte> body;
        protocol::byte_writer out(body);
        out.u64(offset);
        out.text(file);
        file_ = file;
        auto bytes = event(event_type::rotate, body, protocol::event_flag::artificial, false);
        offset_ = offset;
        return bytes;
    }
    std::vector<std::byte> format(bool has_place) {
        const auto whole = protocol::encode_format_description("9.7.0");
        return event(event_type::format_description,
                     std::span(whole).subspan(protocol::event_header_size), 0, has_place);
    }
    std::vector<std::byte> mariadb_format() {
        const auto whole = protocol::encode_format_description("10.11.6-MariaDB-log");
        return event(event_type::format_description,
                     std::span(whole).subspan(protocol::event_header_size));
    }
    // A GTID that stands for BEGIN, and a commit.
    std::vector<std::vector<std::byte>> mariadb_group(std::uint32_t domain,
                                                      std::uint64_t sequence) {
        std::vector<std::byte> gtid;
        protocol::byte_writer out(gtid);
        out.u64(sequence);
        out.u32(domain);
        out.u8(0x04);
        out.zeros(6);
        std::vector<std::vector<std::byte>> events;
        events.push_back(event(event_type::mariadb_gtid, gtid));
        events.push_back(event(event_type::xid, std::vector<std::byte>(8)));
        return events;
    }
    std::vector<std::byte> previous_gtids() {
        return event(event_type::previous_gtids, std::vector<std::byte>(8));
    }
    std::vector<std::vector<std::byte>> group(std::int64_t number) {
        std::vector<std::byte> gtid;
        protocol::byte_writer out(gtid);
        out.u8(1);
        const auto uuid = test_uuid();
        out.bytes(std::as_bytes(std::span(uuid.bytes)));
        out.u64(static_cast<std::uint64_t>(number));
        out.u8(2);
        out.zeros(16);
        std::vector<std::byte> begin;
        protocol::byte_writer text(begin);
        text.zeros(13);
        text.u8(0);
        text.text("BEGIN");
        std::vector<std::vector<std::byte>> events;
        events.push_back(event(event_type::gtid, gtid));
        events.push_back(event(event_type::query, begin));
        events.push_back(event(event_type::xid, std::vector<std::byte>(8)));
        return events;
    }
    [[nodiscard]] protocol::binlog_position position() const { return {file_, offset_}; }
    void set_offset(std::uint64_t offset) { offset_ = offset; }

private:
    std::string file_;
    std::uint64_t offset_ = 4;
};

void take(event_intake& intake, const std::vector<std::byte>& event) {
    const auto done = intake.take(event);
    ASSERT_TRUE(done) << done.error().what;
}

void take(event_intake& intake, const std::vector<std::vector<std::byte>>& events) {
    for (const auto& event : events)
        take(intake, event);
}

std::size_t events_in(log& from) {
    auto reader = from.open_reader(from.begin());
    EXPECT_TRUE(reader) << reader.error().what;
    const auto got = read_available(**reader);
    EXPECT_TRUE(got) << got.error().what;
    return got ? got->size() : 0;
}

struct event_intake_test : testing::Test {
    std::shared_ptr<memory_directory> where = std::make_shared<memory_directory>();
    std::unique_ptr<log> relay = begin_log(where);
    dump source;
    std::uint64_t group_size = 0;

    // Three groups, the last position far in the file.
    void take_all_of_first() {
        event_intake intake(*relay, {});
        take(intake, source.fake_rotate("binlog.000001", 4));
        take(intake, source.format(true));
        take(intake, source.previous_gtids());
        const auto before = source.position().offset;
        for (int number = 1; number < 4; ++number)
            take(intake, source.group(number));
        group_size = (source.position().offset - before) / 3;
    }
};

TEST_F(event_intake_test, stores_a_dump_from_the_start_of_a_file) {
    event_intake intake(*relay, {});
    take(intake, source.fake_rotate("binlog.000001", 4));
    take(intake, source.format(true));
    take(intake, source.previous_gtids());
    take(intake, source.group(1));
    EXPECT_EQ(relay->end().binlog, source.position());
    EXPECT_EQ(relay->end().executed.count(), 1U);
    EXPECT_EQ(events_in(*relay), 5U);
}

TEST_F(event_intake_test, stores_nothing_twice_when_a_dump_by_gtid_begins_with_what_it_has) {
    {
        event_intake intake(*relay, {});
        take(intake, source.fake_rotate("binlog.000001", 4));
        take(intake, source.format(true));
        take(intake, source.previous_gtids());
        take(intake, source.group(1));
        auto half = source.group(2);
        half.pop_back();
        take(intake, half);
    }
    ASSERT_TRUE(relay->abandon_open_group());
    const auto resumed_at = relay->end().binlog;
    event_intake intake(*relay, {});
    take(intake, source.fake_rotate("binlog.000001", 4));
    take(intake, source.format(true));
    take(intake, source.previous_gtids());
    source.set_offset(resumed_at.offset);
    take(intake, source.group(2));
    EXPECT_EQ(relay->end().executed.count(), 2U);
    EXPECT_EQ(events_in(*relay), 8U);
}

TEST_F(event_intake_test, keeps_a_made_up_format_description_out_of_the_file) {
    event_intake intake(*relay, {"binlog.000001", 500});
    take(intake, source.fake_rotate("binlog.000001", 500));
    take(intake, source.format(false));
    take(intake, source.group(1));
    EXPECT_EQ(events_in(*relay), 3U);
    auto reader = relay->open_reader(relay->begin());
    ASSERT_TRUE(reader);
    const auto first = (*reader)->next();
    ASSERT_TRUE(first && *first);
    EXPECT_EQ(protocol::decode_event_header((*first)->bytes)->type, event_type::format_description);
}

TEST_F(event_intake_test, drops_a_group_that_the_source_lost_in_a_crash) {
    event_intake intake(*relay, {});
    take(intake, source.fake_rotate("binlog.000001", 4));
    take(intake, source.format(true));
    auto half = source.group(1);
    half.pop_back();
    take(intake, half);
    take(intake, source.fake_rotate("binlog.000002", 4));
    take(intake, source.format(true));
    take(intake, source.group(1));
    EXPECT_EQ(relay->end().binlog, source.position());
    EXPECT_EQ(events_in(*relay), 5U);
}

TEST_F(event_intake_test, keeps_the_last_gtid_of_each_domain_of_mariadb) {
    event_intake intake(*relay, {});
    take(intake, source.fake_rotate("binlog.000001", 4));
    take(intake, source.mariadb_format());
    take(intake, source.mariadb_group(0, 7));
    take(intake, source.mariadb_group(3, 1));
    take(intake, source.mariadb_group(0, 9));
    // Made for the connection, as MariaDB does at the point asked for.
    take(intake, source.event(event_type::mariadb_gtid_list, std::vector<std::byte>(4),
                              protocol::event_flag::artificial, false));
    take(intake, source.mariadb_group(0, 10));
    EXPECT_EQ(relay->end().executed.to_string(), "0-1-10,3-1-1");
    EXPECT_EQ(relay->end().binlog, source.position());
    EXPECT_EQ(events_in(*relay), 9U);
}

// MariaDB since 11.4. They are longer than all that stands before them in the file.
TEST_F(event_intake_test, takes_events_of_a_transaction_that_have_no_position) {
    event_intake intake(*relay, {});
    take(intake, source.fake_rotate("binlog.000001", 4));
    take(intake, source.mariadb_format());
    const auto group = source.mariadb_group(0, 1);
    const auto gtid_end = source.position().offset - group.back().size();
    take(intake, group.front());
    std::uint64_t end = gtid_end;
    for (int i = 0; i < 3; ++i) {
        const auto rows =
            source.event(event_type::write_rows_v1, std::vector<std::byte>(400), 0, false);
        take(intake, rows);
        end += rows.size();
        EXPECT_EQ(intake.position().offset, end);
    }
    source.set_offset(end);
    take(intake, source.event(event_type::xid, std::vector<std::byte>(8)));
    EXPECT_EQ(relay->end().binlog, source.position());
    EXPECT_EQ(events_in(*relay), 6U);
}

TEST_F(event_intake_test, calls_what_cannot_be_inside_of_a_transaction_malformed) {
    for (const bool made_up : {false, true}) {
        SCOPED_TRACE(made_up);
        event_intake intake(*relay, {});
        take(intake, source.fake_rotate("binlog.000001", 4));
        take(intake, source.mariadb_format());
        take(intake, source.mariadb_group(0, made_up ? 2 : 1).front());
        const auto odd = made_up ? source.format(false)
                                 : source.event(event_type::mariadb_binlog_checkpoint,
                                                std::vector<std::byte>(8));
        const auto done = intake.take(odd);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, protocol::errc::malformed);
        ASSERT_TRUE(relay->abandon_open_group());
    }
}

TEST_F(event_intake_test, stops_a_dump_by_gtid_where_the_numbers_of_a_domain_do_not_rise) {
    event_intake intake(*relay, {});
    take(intake, source.fake_rotate("binlog.000001", 4));
    take(intake, source.mariadb_format());
    take(intake, source.mariadb_group(0, 7));
    const auto refused = intake.take(source.mariadb_group(0, 7).front());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, protocol::errc::source_unsuitable);
    EXPECT_NE(refused.error().what.find("0-1-7"), std::string::npos);

    auto by_position = begin_log(std::make_shared<memory_directory>());
    dump other;
    event_intake unordered(*by_position, {"binlog.000001", 4});
    take(unordered, other.fake_rotate("binlog.000001", 4));
    take(unordered, other.mariadb_format());
    take(unordered, other.mariadb_group(0, 7));
    take(unordered, other.mariadb_group(0, 7));
    EXPECT_EQ(by_position->end().binlog, other.position());
}

// Both servers call their files alike, and the second is at an earlier place of its log.
TEST_F(event_intake_test, goes_on_in_the_files_of_another_server) {
    const server_turn second{1, *protocol::uuid::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562")};
    take_all_of_first();
    const auto at_switch = relay->end();
    dump other;
    for (int connection = 0; connection < 2; ++connection) {
        event_intake intake(*relay, {}, second);
        take(intake, other.fake_rotate("binlog.000001", 4));
        take(intake, other.format(true));
        take(intake, other.previous_gtids());
        if (connection == 1) other.set_offset(other.position().offset + group_size);
        take(intake, other.group(4 + connection));
    }
    EXPECT_EQ(relay->end().binlog.file, second.name_of("binlog.000001"));
    EXPECT_EQ(relay->end().binlog.offset, other.position().offset);
    EXPECT_EQ(relay->end().executed.count(), 5U);
    EXPECT_GT(relay->end().binlog, at_switch.binlog);

    const auto expect_whole = [&] {
        EXPECT_EQ(events_in(*relay), 2U + 9U + 2U + 6U);
        auto reader = relay->open_reader(at_switch);
        ASSERT_TRUE(reader) << reader.error().what;
        const auto got = read_available(**reader);
        ASSERT_TRUE(got) << got.error().what;
        ASSERT_EQ(got->size(), 2U + 6U);
        EXPECT_EQ(got->back().file, relay->end().binlog.file);
        EXPECT_TRUE(relay->open_reader(relay->end()));
    };
    expect_whole();
    ASSERT_TRUE(relay->flush(true));
    relay.reset();
    relay = open_log(where);
    expect_whole();
}

TEST_F(event_intake_test, tells_files_of_the_same_server_that_begin_anew) {
    take_all_of_first();
    const auto end = relay->end();
    const auto take_first_group = [&](const server_turn& turn) {
        dump anew;
        event_intake intake(*relay, {}, turn);
        take(intake, anew.fake_rotate("aaa.000001", 4));
        take(intake, anew.format(true));
        take(intake, anew.previous_gtids());
        return intake.take(anew.group(4).front());
    };
    const auto refused = take_first_group({});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::files_begin_anew);
    EXPECT_EQ(relay->end(), end);
    EXPECT_TRUE(take_first_group({1, relay->source()}));
}

TEST_F(event_intake_test, goes_on_with_the_same_event_after_a_full_disk) {
    event_intake intake(*relay, {});
    take(intake, source.fake_rotate("binlog.000001", 4));
    take(intake, source.format(true));
    where->set_free(0);
    std::int64_t number = 0;
    std::size_t stored = 1;
    bool was_full = false;
    for (; number < 400; ++number) {
        for (const auto& event : source.group(number + 1)) {
            auto done = intake.take(event);
            while (!done) {
                ASSERT_EQ(done.error().code, errc::disk_full) << done.error().what;
                was_full = true;
                where->set_free(1U << 30U);
                ASSERT_TRUE(relay->has_room());
                done = intake.retry();
            }
            ++stored;
        }
    }
    EXPECT_TRUE(was_full);
    EXPECT_EQ(events_in(*relay), stored);
}

} // namespace
} // namespace understudy::relay_test
