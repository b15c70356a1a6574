// Against a log of a MariaDB 10.11 server: three COMPRESSED columns among others.

#include "applier/compressed_columns.hpp"

#include "protocol/binlog/describe_value.hpp"
#include "protocol/errc.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::applier {
namespace {

using namespace protocol;
using protocol::test::binlog_file;

struct outcome {
    table_map map;
    std::vector<std::byte> map_bytes;
    std::vector<std::string> rows;
};

// The first table map and the rows behind it.
outcome unpacked(const binlog_file& file) {
    compressed_columns columns;
    outcome found;
    for (std::size_t i = 0; i < file.events.size(); ++i) {
        const auto event = file.view(i);
        if (!columns.concerns(event.header.type)) continue;
        const auto changed = columns.uncompress(event, file.format).value();
        if (!changed) continue;
        std::vector<std::byte> bytes(changed->begin(), changed->end());
        const auto plain = decode_event(bytes, false).value();
        if (event.header.type == event_type::table_map) {
            found.map_bytes = bytes;
            const auto kept = decode_event(found.map_bytes, false).value();
            found.map = decode_table_map(kept, file.format).value();
            continue;
        }
        const auto rows = decode_rows_event(plain, file.format).value();
        row_reader reader(found.map, rows);
        while (reader.next().value())
            found.rows.push_back(describe_row(
                found.map, rows.kind == rows_kind::delete_ ? reader.before() : reader.after()));
        if (!found.rows.empty()) break;
    }
    return found;
}

TEST(compressed_columns, become_plain_ones) {
    const auto found = unpacked(binlog_file::read("mariadb_1011.binlog"));
    ASSERT_EQ(found.map.columns.size(), 9U);
    EXPECT_EQ(found.map.columns[2].type, column_type::varchar);
    EXPECT_EQ(found.map.columns[3].type, column_type::varchar);
    EXPECT_EQ(found.map.columns[3].metadata, 100);
    EXPECT_EQ(found.map.columns[4].type, column_type::blob);
    EXPECT_EQ(found.map.columns[7].type, column_type::time2); // its metadata stands behind theirs
    EXPECT_EQ(found.map.columns[7].metadata, 3);
    ASSERT_EQ(found.rows.size(), 3U);
    EXPECT_THAT(found.rows[0], testing::HasSubstr("vvvv'… (300 bytes)"));
    EXPECT_THAT(found.rows[0], testing::HasSubstr("ssss'… (100 bytes)"));
    EXPECT_THAT(found.rows[0], testing::HasSubstr("-01:02:03.004"));
    EXPECT_THAT(found.rows[1], testing::HasSubstr("NULL"));
    EXPECT_THAT(found.rows[2], testing::HasSubstr("''"));
}

TEST(compressed_columns, leave_other_tables_alone) {
    compressed_columns columns;
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    EXPECT_FALSE(columns.concerns(event_type::write_rows));
    for (const auto& event : file.all(event_type::table_map))
        EXPECT_FALSE(columns.uncompress(event, file.format).value().has_value());
    EXPECT_FALSE(columns.concerns(event_type::write_rows));
}

TEST(compressed_columns, that_are_damaged_are_errors) {
    const auto file = binlog_file::read("mariadb_1011.binlog");
    compressed_columns columns;
    for (std::size_t i = 0; i < file.events.size(); ++i) {
        const auto event = file.view(i);
        if (event.header.type == event_type::table_map) {
            ASSERT_TRUE(columns.uncompress(event, file.format).has_value());
        }
        if (event.header.type != event_type::write_rows_v1) continue;
        std::vector<std::byte> bytes(event.bytes.begin(), event.bytes.end());
        int refused = 0;
        for (std::size_t at = event_header_size; at < bytes.size(); ++at) {
            bytes[at] ^= std::byte{0x55};
            const event_view damaged{
                event.header, bytes,
                std::span(bytes).subspan(event_header_size, event.body.size())};
            if (!columns.uncompress(damaged, file.format)) ++refused;
            bytes[at] ^= std::byte{0x55};
        }
        EXPECT_GT(refused, 10);
        return;
    }
    FAIL() << "the log has no rows";
}

} // namespace
} // namespace understudy::applier
