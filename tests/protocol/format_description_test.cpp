#include "protocol/binlog/format_description.hpp"
#include "protocol/errc.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

using test::binlog_file;

TEST(event_header, checksums_of_all_captured_events_match) {
    for (const auto& name : test::captured_files()) {
        SCOPED_TRACE(name);
        const auto file = binlog_file::read(name);
        // MariaDB writes checksums only on request; its format description has one all the same.
        const auto checked = file.format.has_checksum() ? file.events.size() : 1;
        for (std::size_t i = 0; i < checked; ++i) {
            EXPECT_TRUE(checksum_matches(file.events[i])) << "event " << i;
        }
    }
}

TEST(event_header, checksum_ignores_the_in_use_flag_of_a_format_description_only) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    constexpr std::size_t flags_offset = 17;
    std::vector<std::byte> format(file.events[0].begin(), file.events[0].end());
    format[flags_offset] ^= std::byte{event_flag::binlog_in_use};
    EXPECT_TRUE(checksum_matches(format));
    std::vector<std::byte> other(file.events[2].begin(), file.events[2].end());
    other[flags_offset] ^= std::byte{event_flag::binlog_in_use};
    EXPECT_FALSE(checksum_matches(other));
}

TEST(event_header, every_flipped_bit_breaks_the_checksum) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    std::vector<std::byte> event(file.events[2].begin(), file.events[2].end());
    for (std::size_t bit = 0; bit < event.size() * 8; ++bit) {
        event[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(checksum_matches(event)) << "bit " << bit;
        event[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST(event_header, refuses_a_length_other_than_that_of_the_bytes) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    std::vector<std::byte> event(file.events[2].begin(), file.events[2].end());
    EXPECT_EQ(decode_event(std::span(event).first(event.size() - 1), true).error().code,
              errc::truncated);
    event.push_back({});
    EXPECT_EQ(decode_event(event, true).error().code, errc::malformed);
    event[9] = std::byte{5};
    event[10] = event[11] = event[12] = std::byte{0};
    EXPECT_EQ(decode_event_header(event).error().code, errc::malformed);
}

TEST(format_description, of_each_server_is_understood) {
    const auto mysql_97 = binlog_file::read("mysql_97_all_types.binlog").format;
    EXPECT_EQ(mysql_97.server_version, "9.7.4-2");
    EXPECT_EQ(mysql_97.checksum, checksum_algorithm::crc32);
    EXPECT_EQ(mysql_97.post_header_lengths.size(), 42U);
    EXPECT_EQ(mysql_97.post_header_length(event_type::query), 13);
    EXPECT_EQ(mysql_97.post_header_length(event_type::table_map), 8);
    EXPECT_EQ(mysql_97.post_header_length(event_type::write_rows_v1), 0);
    EXPECT_EQ(mysql_97.post_header_length(event_type::gtid), 42);
    EXPECT_EQ(mysql_97.post_header_length(event_type::mariadb_gtid), 0);
    EXPECT_FALSE(mysql_97.is_mariadb());

    const auto mysql_56 = binlog_file::read("mysql_56_all_types.binlog").format;
    EXPECT_EQ(mysql_56.server_version, "5.6.24-log");
    EXPECT_EQ(mysql_56.checksum, checksum_algorithm::crc32);
    EXPECT_EQ(mysql_56.post_header_lengths.size(), 35U);
    EXPECT_EQ(mysql_56.post_header_length(event_type::gtid), 25);

    const auto mariadb = binlog_file::read("mariadb_1011.binlog").format;
    EXPECT_TRUE(mariadb.is_mariadb());
    EXPECT_EQ(mariadb.checksum, checksum_algorithm::crc32);
    EXPECT_EQ(mariadb.post_header_lengths.size(), 171U);
    EXPECT_EQ(mariadb.post_header_length(event_type::mariadb_gtid), 19);
}

TEST(format_description, is_encoded_with_the_table_that_the_servers_write) {
    for (const auto* name :
         {"mysql_97_all_types.binlog", "mysql_56_all_types.binlog", "mariadb_1011.binlog",
          "public/mysql_57_rows.binlog", "public/mysql_80_partial_json.binlog",
          "public/mysql_80_labels.binlog", "public/mysql_80_payload.binlog",
          "public/mysql_80_metadata.binlog", "public/mysql_84.binlog"}) {
        SCOPED_TRACE(name);
        const auto captured = binlog_file::read(name).format;
        const auto encoded = encode_format_description(captured.server_version);
        EXPECT_TRUE(checksum_matches(encoded));
        const auto decoded = decode_format_description(encoded).value();
        EXPECT_EQ(decoded.server_version, captured.server_version);
        EXPECT_EQ(decoded.post_header_lengths, captured.post_header_lengths);
        EXPECT_EQ(decoded.checksum, checksum_algorithm::none);
        EXPECT_EQ(decoded.created, 0U);
    }
}

TEST(format_description, has_the_table_size_of_the_version_it_is_made_for) {
    const std::vector<std::pair<std::string, std::size_t>> cases = {
        {"5.7.44-log", 38}, {"8.0.11", 39}, {"8.0.26", 40},
        {"8.0.36", 41},     {"8.4.0", 42},  {"9.7.4", 42},
    };
    for (const auto& [version, count] : cases) {
        SCOPED_TRACE(version);
        const auto decoded = decode_format_description(encode_format_description(version)).value();
        EXPECT_EQ(decoded.post_header_lengths.size(), count);
        EXPECT_EQ(decoded.post_header_length(event_type::format_description), 57 + count);
        EXPECT_EQ(decoded.post_header_length(event_type::table_map), 8);
        EXPECT_EQ(decoded.post_header_length(event_type::update_rows), 10);
    }
}

TEST(format_description, of_a_server_before_5_6_1_has_no_checksum) {
    const auto encoded = encode_format_description("5.5.62-log");
    const auto decoded = decode_format_description(encoded).value();
    EXPECT_EQ(decoded.checksum, checksum_algorithm::none);
    EXPECT_EQ(encoded.size(), event_header_size + 57 + decoded.post_header_lengths.size());
}

TEST(format_description, refuses_unknown_checksum_algorithms_and_old_logs) {
    auto encoded = encode_format_description("9.7.4");
    auto other_algorithm = encoded;
    other_algorithm[other_algorithm.size() - 5] = std::byte{2};
    EXPECT_EQ(decode_format_description(other_algorithm).error().code, errc::unsupported);
    encoded[event_header_size] = std::byte{3};
    EXPECT_EQ(decode_format_description(encoded).error().code, errc::unsupported);
}

TEST(event_type, is_named_as_show_binlog_events_does) {
    EXPECT_EQ(to_string(event_type::write_rows), "Write_rows");
    EXPECT_EQ(to_string(event_type::anonymous_gtid), "Anonymous_Gtid");
    EXPECT_EQ(to_string(event_type::gtid_tagged), "Gtid_tagged_log_event");
    EXPECT_EQ(to_string(static_cast<event_type>(77)), "type 77");
    EXPECT_FALSE(is_known(static_cast<event_type>(77)));
    EXPECT_FALSE(is_known(event_type::unknown));
    EXPECT_TRUE(is_known(event_type::mariadb_gtid));
}

} // namespace
} // namespace understudy::protocol
