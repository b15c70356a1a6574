#include "protocol/binlog/describe_value.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/errc.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

using test::any_event_decoder;
using test::binlog_file;
using testing::ElementsAre;

// All rows of a table, in the order of the file.
std::vector<std::string> rows_of(const std::string& name, const std::string& table) {
    const auto file = binlog_file::read(name);
    any_event_decoder decoder(file.format);
    std::vector<std::string> rows;
    bool wanted = false;
    for (std::size_t i = 0; i < file.events.size(); ++i) {
        const auto event = file.view(i);
        const auto lines = decoder.decode(event);
        if (!lines) {
            continue;
        }
        if (event.header.type == event_type::table_map) {
            wanted = lines->front().starts_with(table + " ");
        } else if (wanted && decode_rows_event(event, file.format)) {
            rows.insert(rows.end(), lines->begin(), lines->end());
        }
    }
    return rows;
}

const std::vector<std::string> rows_of_times = {
    "write (1, '1000-01-01', '-838:59:59', '-00:00:00.1', '-00:00:00.001', '-01:02:03.500000', "
    "'1000-01-01 00:00:00', "
    "'1000-01-01 00:00:00.01', '9999-12-31 23:59:59.9999', '9999-12-31 23:59:59.999999', "
    "'1970-01-01 00:00:01', "
    "'2038-01-19 03:14:07.999', '2026-11-22 10:11:12.123456')",
    "write (2, '0000-00-00', '838:59:59', '00:00:00.0', '838:59:59.000', '-838:59:59.000000', "
    "'0000-00-00 00:00:00', "
    "'0000-00-00 00:00:00.00', '2026-00-00 00:00:00.0000', '2000-02-29 01:02:03.000004', "
    "'0000-00-00 00:00:00', "
    "'0000-00-00 00:00:00.000', '0000-00-00 00:00:00.000000')",
    "write (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "write (4, '9999-12-31', '00:00:01', '12:34:56.7', '-12:34:56.789', '12:34:56.000001', "
    "'2026-11-22 10:11:12', "
    "'2026-11-22 10:11:12.34', '2026-11-22 10:11:12.0001', '2026-11-22 10:11:12.500000', "
    "'2026-11-22 10:11:12', "
    "'2026-11-22 10:11:12.500', '2026-11-22 10:11:12.500000')",
};

TEST(row_reader, cuts_numbers_at_their_limits) {
    const std::string zeros(64, '0');
    const std::string ones(64, '1');
    const std::string nulls = "write (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
                              "NULL, NULL, NULL, NULL, NULL, NULL, "
                              "NULL, NULL, NULL, NULL, NULL, NULL)";
    EXPECT_THAT(rows_of("mysql_97_all_types.binlog", "types.numbers"),
                ElementsAre("write (1, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, "
                            "4294967295, -9223372036854775808, "
                            "18446744073709551615, 1.1, -2.5e-300, -12345678.99, "
                            "-12345678901234567890123456789012345.123456789012345678901234567890, "
                            "99999, 0.123456789, 2155, b'1', "
                            "b'1000000001', b'" +
                                ones + "', 1)",
                            "write (2, 127, 0, 32767, 0, 8388607, 0, 2147483647, 0, "
                            "9223372036854775807, 0, -3.4e+38, "
                            "1.7976931348623157e+308, 99999999.99, "
                            "0.000000000000000000000000000000, 0, -0.999999999, 1901, b'0', "
                            "b'0000000000', b'" +
                                zeros + "', 0)",
                            nulls,
                            "write (4, 0, 1, 0, 1, -1, 1, -1, 1, -1, 1, 0, 0, 0.01, "
                            "1.000000000000000000000000000000, 1, 0.000000000, "
                            "0000, b'1', b'1111111111', b'" +
                                zeros.substr(1) + "1', 1)"));
}

TEST(row_reader, cuts_temporal_values_of_9_7_and_5_6) {
    EXPECT_EQ(rows_of("mysql_97_all_types.binlog", "types.times"), rows_of_times);
    EXPECT_EQ(rows_of("mysql_56_all_types.binlog", "types.times"), rows_of_times);
}

TEST(row_reader, cuts_strings_with_short_and_long_prefixes) {
    const auto shortened = [](const std::string& piece, int count, int size) {
        std::string text;
        for (int i = 0; i < count; ++i) {
            text += piece;
        }
        return "'" + text + "'… (" + std::to_string(size) + " bytes)";
    };
    const std::vector<std::string> expected = {
        "write (1, '', 'abc', 'über 😀', 'it\\'s', 'plain', 'plain', " + shortened("é", 32, 600) +
            ", x'00112233445566778899aabbccdd', '\\0\\x01', 2, 5, 65537)",
        "write (2, '', '', '', '', '', '', '', '', '', 0, 0, 0)",
        "write (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "write (4, '', 'x', " + shortened("w", 64, 255) + ", 'back\\\\slash', 'tab\\tnl\\n', " +
            shortened("q", 64, 256) + ", 'NUL\\0!', 'zzzzzzzzzzzzzzzz', " +
            shortened("z", 64, 300) + ", 3, 7, 131071)",
    };
    EXPECT_EQ(rows_of("mysql_97_all_types.binlog", "types.strings"), expected);
    EXPECT_EQ(rows_of("mysql_56_all_types.binlog", "types.strings"), expected);
    EXPECT_THAT(rows_of("mysql_97_all_types.binlog", "types.e300"),
                ElementsAre("write (1, 300)", "write (2, 1)"));
}

TEST(row_reader, cuts_blobs_json_geometry_vectors_and_generated_columns) {
    EXPECT_THAT(rows_of("mysql_97_all_types.binlog", "types.modern"),
                ElementsAre("write (1, JSON of 50 bytes, GEOMETRY of 45 bytes, GEOMETRY of 25 "
                            "bytes, VECTOR of 12 bytes, "
                            "'id1', 2, 7)",
                            "write (2, JSON of 2 bytes, NULL, NULL, NULL, 'id2', 4, NULL)",
                            "write (3, NULL, GEOMETRY of 25 bytes, GEOMETRY of 25 bytes, VECTOR of "
                            "12 bytes, 'id3', 6, 0)"));
    const auto blobs = rows_of("mysql_56_all_types.binlog", "types.blobs");
    ASSERT_EQ(blobs.size(), 3U);
    EXPECT_EQ(blobs[1], "write (2, '', '', '', '', '', '', '', '')");
    EXPECT_EQ(blobs, rows_of("mysql_97_all_types.binlog", "types.blobs"));
}

TEST(row_reader, pairs_the_images_of_updates) {
    EXPECT_THAT(rows_of("mysql_97_all_types.binlog", "types.many_pk"),
                ElementsAre("write (1, 'x', 'one')", "write (2, 'y', 'two')",
                            "update (1, 'x', 'one')(1, 'z', 'three')", "delete (2, 'y', 'two')"));
    EXPECT_THAT(rows_of("mysql_97_all_types.binlog", "types.part"),
                ElementsAre("write (1, 1)", "write (2, 2)", "update (2, 2)(4, 2)"));
}

TEST(row_reader, tells_absent_columns_of_minimal_images_from_null) {
    EXPECT_THAT(rows_of("mysql_97_statements.binlog", "st.t"),
                testing::Contains("update (1, -, -, -, -)(-, -, 10, -, -)"));
    EXPECT_THAT(rows_of("mysql_97_statements.binlog", "st.t"),
                testing::Contains("delete (2, -, -, -, -)"));
    EXPECT_THAT(rows_of("mysql_97_statements.binlog", "st.t"),
                testing::Contains("write (3, 'three', -, -, -)"));
    EXPECT_THAT(rows_of("mysql_97_statements.binlog", "st.t"),
                testing::Contains(
                    "update (1, 'uno', 10, JSON of 8 bytes, -)(1, 'uno', 11, JSON of 8 bytes, -)"));
}

TEST(row_reader, finds_the_one_row_of_an_insert_of_nothing_but_defaults) {
    EXPECT_THAT(rows_of("mysql_97_statements.binlog", "st.dflt"),
                ElementsAre("write (-, -)", "write (7, -)"));
}

TEST(row_reader, reads_version_1_rows_and_compressed_columns_of_mariadb) {
    const auto rows = rows_of("mariadb_1011.binlog", "ma.t");
    ASSERT_GE(rows.size(), 3U);
    EXPECT_EQ(rows[0],
              "write (1, 'a', compressed VARCHAR of 10 bytes, compressed VARCHAR of 8 bytes, "
              "compressed BLOB of 8 bytes, x'00112233445566778899aabbccddeeff', "
              "'\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\x01', '-01:02:03.004', '2026-01-02 "
              "03:04:05.000006')");
    EXPECT_EQ(rows[1], "write (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
    EXPECT_EQ(rows.back(), "delete (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
}

TEST(row_reader, image_bytes_put_together_are_the_rows_of_the_event) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    std::map<std::uint64_t, table_map> maps;
    std::size_t events = 0;
    for (std::size_t i = 0; i < file.events.size(); ++i) {
        const auto event = file.view(i);
        if (event.header.type == event_type::table_map) {
            auto map = decode_table_map(event, file.format).value();
            maps[map.table_id] = std::move(map);
        }
        const auto rows = decode_rows_event(event, file.format);
        if (!rows) {
            continue;
        }
        ++events;
        std::vector<std::byte> joined;
        row_reader reader(maps.at(rows->table_id), *rows);
        while (reader.next().value()) {
            for (const auto* image : {&reader.before(), &reader.after()}) {
                joined.insert(joined.end(), image->bytes.begin(), image->bytes.end());
            }
        }
        EXPECT_EQ(joined, std::vector<std::byte>(rows->rows.begin(), rows->rows.end()));
    }
    EXPECT_EQ(events, 16U);
}

TEST(row_reader, refuses_rows_whose_width_is_not_that_of_the_map) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    const auto map = decode_table_map(file.all(event_type::table_map).at(0), file.format).value();
    auto rows = decode_rows_event(file.all(event_type::write_rows).at(0), file.format).value();
    --rows.column_count;
    EXPECT_EQ(row_reader(map, rows).next().error().code, errc::malformed);
}

TEST(row_reader, does_not_turn_in_circles_on_rows_without_columns) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    const auto map = decode_table_map(file.all(event_type::table_map).at(0), file.format).value();
    auto rows = decode_rows_event(file.all(event_type::write_rows).at(0), file.format).value();
    const std::vector<std::byte> none(3);
    for (const auto kind : {rows_kind::write, rows_kind::delete_, rows_kind::update}) {
        rows.kind = kind;
        rows.present = rows.present_after = {none, 22};
        EXPECT_EQ(row_reader(map, rows).next().error().code, errc::malformed);
    }
}

TEST(rows_event, keeps_flags_and_extra_data) {
    const auto file = binlog_file::read("mysql_97_statements.binlog");
    const auto deletes = file.all(event_type::delete_rows);
    ASSERT_EQ(deletes.size(), 3U);
    const auto cascaded = decode_rows_event(deletes[1], file.format).value();
    EXPECT_EQ(cascaded.flags, rows_flag::no_foreign_key_checks | rows_flag::sql_foreign_keys);
    const auto parent = decode_rows_event(deletes[2], file.format).value();
    EXPECT_EQ(parent.flags, rows_flag::statement_end | rows_flag::sql_foreign_keys);
    EXPECT_TRUE(parent.extra.empty());
    const auto types = binlog_file::read("mysql_97_all_types.binlog");
    const auto partition =
        decode_rows_event(types.all(event_type::write_rows).back(), types.format).value();
    EXPECT_EQ(partition.extra.size(), 3U);
}

TEST(rows_event, of_a_kind_that_cannot_be_read_says_which_setting_makes_it) {
    const auto json = binlog_file::read("mysql_97_payload_and_partial_json.binlog");
    const auto partial =
        decode_rows_event(json.all(event_type::partial_update_rows).at(0), json.format);
    EXPECT_EQ(partial.error().code, errc::unsupported);
    EXPECT_THAT(partial.error().what, testing::HasSubstr("binlog_row_value_options"));
    const auto mariadb = binlog_file::read("mariadb_1011_compressed.binlog");
    const auto compressed = decode_rows_event(
        mariadb.all(event_type::mariadb_write_rows_compressed_v1).at(0), mariadb.format);
    EXPECT_EQ(compressed.error().code, errc::unsupported);
    EXPECT_THAT(compressed.error().what, testing::HasSubstr("log_bin_compress"));
}

TEST(rows_event, is_encoded_as_the_source_wrote_it_except_for_what_is_its_own) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    for (const auto type :
         {event_type::write_rows, event_type::update_rows, event_type::delete_rows}) {
        SCOPED_TRACE(to_string(type));
        const auto event = file.all(type).at(0);
        const auto rows = decode_rows_event(event, file.format).value();
        ASSERT_TRUE(rows.extra.empty());
        rows_event_header header;
        header.timestamp = event.header.timestamp;
        header.server_id = event.header.server_id;
        header.kind = rows.kind;
        header.table_id = rows.table_id;
        header.flags = rows.flags;
        header.column_count = rows.column_count;
        header.present = rows.present.bytes;
        header.present_after = rows.present_after.bytes;
        std::vector<std::byte> out = {std::byte{7}}; // appends
        encode_rows_event(out, header, rows.rows);
        out.erase(out.begin());
        const auto encoded = decode_event(out, false).value();
        EXPECT_EQ(encoded.header.type, type);
        EXPECT_EQ(encoded.header.end_log_pos, 0U);
        EXPECT_EQ(std::vector(encoded.body.begin(), encoded.body.end()),
                  std::vector(event.body.begin(), event.body.end()));
    }
}

TEST(column_bitmap, does_not_count_the_bits_after_the_last_column) {
    const std::vector<std::byte> bytes = {std::byte{0xff}, std::byte{0xfe}};
    const column_bitmap bitmap{bytes, 10};
    EXPECT_EQ(bitmap.set_count(), 9U);
    EXPECT_FALSE(bitmap.all());
    EXPECT_FALSE(bitmap.test(8));
    EXPECT_TRUE(bitmap.test(9));
}

} // namespace
} // namespace understudy::protocol
