#include "protocol/binlog/row_key.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/binlog/table_map_layout.hpp"
#include "protocol/errc.hpp"
#include "protocol/value/column_definition.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>
#include <optional>

namespace understudy::protocol {
namespace {

using test::binlog_file;
using testing::ElementsAre;

event_view map_of(const binlog_file& file, const std::string& table) {
    for (const auto& event : file.all(event_type::table_map)) {
        if (decode_table_map(event, file.format).value().table == table) {
            return event;
        }
    }
    throw std::runtime_error("no map of " + table);
}

TEST(table_map, unpacks_the_types_hidden_in_string_metadata) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    const auto map = decode_table_map(map_of(file, "strings"), file.format).value();
    EXPECT_EQ(map.database, "types");
    ASSERT_EQ(map.columns.size(), 13U);
    EXPECT_EQ(map.columns[2].type, column_type::string);
    EXPECT_EQ(map.columns[2].metadata, 40);
    EXPECT_EQ(map.columns[3].metadata, 1020);
    EXPECT_EQ(map.columns[10].type, column_type::enum_);
    EXPECT_EQ(map.columns[10].metadata, 1);
    EXPECT_EQ(map.columns[12].type, column_type::set);
    EXPECT_EQ(map.columns[12].metadata, 3);
    EXPECT_FALSE(map.columns[0].nullable);
    EXPECT_TRUE(map.columns[1].nullable);
}

TEST(table_map, counts_numeric_columns_for_signedness) {
    const auto file = binlog_file::read("mysql_97_all_types.binlog");
    const auto map = decode_table_map(map_of(file, "numbers"), file.format).value();
    for (const std::size_t i : {2U, 4U, 6U, 8U, 10U, 15U, 17U}) {
        EXPECT_EQ(map.columns[i].is_unsigned, true) << i;
    }
    for (const std::size_t i : {0U, 1U, 3U, 5U, 7U, 9U, 11U, 12U, 13U, 14U, 16U, 21U}) {
        EXPECT_EQ(map.columns[i].is_unsigned, false) << i;
    }
    EXPECT_EQ(map.columns[18].is_unsigned, std::nullopt); // BIT is no number here
}

TEST(table_map, of_5_6_does_not_know_signedness) {
    const auto file = binlog_file::read("mysql_56_all_types.binlog");
    const auto map = decode_table_map(map_of(file, "numbers"), file.format).value();
    EXPECT_EQ(map.columns[2].is_unsigned, std::nullopt);
    EXPECT_TRUE(map.column_names.empty());
    EXPECT_TRUE(map.primary_key.empty());
}

TEST(table_map, with_full_metadata_has_names_and_primary_key) {
    const auto file = binlog_file::read("mysql_97_all_types_full_metadata.binlog");
    const auto map = decode_table_map(map_of(file, "many_pk"), file.format).value();
    EXPECT_THAT(map.column_names, ElementsAre("a", "b", "c"));
    EXPECT_THAT(map.primary_key, ElementsAre(1U, 0U));
    EXPECT_FALSE(map.primary_key_has_prefix);
    const auto prefix = decode_table_map(map_of(file, "prefix_pk"), file.format).value();
    EXPECT_THAT(prefix.primary_key, ElementsAre(0U));
    EXPECT_TRUE(prefix.primary_key_has_prefix);
    const auto modern = decode_table_map(map_of(file, "modern"), file.format).value();
    EXPECT_THAT(modern.column_names, ElementsAre("id", "j", "g", "p", "v", "vc", "sc", "inv"));
}

TEST(table_map, decoded_into_a_used_one_keeps_nothing_of_the_last_table) {
    const auto file = binlog_file::read("mysql_97_all_types_full_metadata.binlog");
    const auto plain = binlog_file::read("mysql_56_all_types.binlog");
    table_map map;
    ASSERT_TRUE(decode_table_map_into(map, map_of(file, "prefix_pk"), file.format).has_value());
    ASSERT_TRUE(decode_table_map_into(map, map_of(plain, "numbers"), plain.format).has_value());
    EXPECT_EQ(map.columns.size(), 22U);
    EXPECT_FALSE(map.primary_key_has_prefix);
    EXPECT_TRUE(map.primary_key.empty());
    EXPECT_TRUE(map.column_names.empty());
    EXPECT_EQ(map.columns[1].is_unsigned, std::nullopt);
}

TEST(table_map, is_encoded_with_other_names_and_the_same_definition) {
    const auto file = binlog_file::read("mysql_97_all_types_full_metadata.binlog");
    for (const auto& event : file.all(event_type::table_map)) {
        const auto map = decode_table_map(event, file.format).value();
        std::vector<std::byte> same;
        encode_table_map(same, event.header.timestamp, event.header.server_id, map.table_id,
                         map.flags, map.database, map.table, map.after_names);
        const auto again = decode_event(same, false).value();
        EXPECT_EQ(std::vector(again.body.begin(), again.body.end()),
                  std::vector(event.body.begin(), event.body.end()));

        std::vector<std::byte> renamed;
        encode_table_map(renamed, 1, 2, 3, 1, "dw", "other_name", map.after_names);
        const auto other =
            decode_table_map(decode_event(renamed, false).value(), file.format).value();
        EXPECT_EQ(other.database, "dw");
        EXPECT_EQ(other.table, "other_name");
        EXPECT_EQ(other.table_id, 3U);
        EXPECT_EQ(other.columns.size(), map.columns.size());
        EXPECT_EQ(other.primary_key, map.primary_key);
    }
}

TEST(table_map, split_into_columns_and_joined_again_says_the_same) {
    for (const std::string name : {"mysql_97_all_types_full_metadata.binlog",
                                   "mysql_97_all_types.binlog", "mysql_56_all_types.binlog"}) {
        SCOPED_TRACE(name);
        const auto file = binlog_file::read(name);
        for (const auto& event : file.all(event_type::table_map)) {
            const auto map = decode_table_map(event, file.format).value();
            const auto columns = split_columns(map).value();
            std::vector<map_key_part> key;
            for (const auto column : map.primary_key)
                key.push_back({column, columns[column].what.primary_key_prefix});
            std::vector<std::byte> joined;
            encode_table_map(joined, 1, 2, 3, 1, map.database, map.table,
                             join_columns(columns, key));
            const auto again =
                decode_table_map(decode_event(joined, false).value(), file.format).value();
            EXPECT_EQ(again.column_names, map.column_names);
            EXPECT_EQ(again.primary_key, map.primary_key);
            EXPECT_EQ(again.primary_key_has_prefix, map.primary_key_has_prefix);
            const auto once = define_columns(map).value();
            const auto twice = define_columns(again).value();
            ASSERT_EQ(twice.size(), once.size());
            for (std::size_t i = 0; i < once.size(); ++i) {
                SCOPED_TRACE(i);
                EXPECT_EQ(twice[i].type, once[i].type);
                EXPECT_EQ(twice[i].metadata, once[i].metadata);
                EXPECT_EQ(twice[i].nullable, once[i].nullable);
                EXPECT_EQ(twice[i].visible, once[i].visible);
                EXPECT_EQ(twice[i].is_unsigned, once[i].is_unsigned);
                EXPECT_EQ(twice[i].collation, once[i].collation);
                EXPECT_EQ(twice[i].labels, once[i].labels);
                EXPECT_EQ(twice[i].geometry_type, once[i].geometry_type);
                EXPECT_EQ(twice[i].vector_dimensions, once[i].vector_dimensions);
                EXPECT_EQ(twice[i].primary_key_part, once[i].primary_key_part);
            }
        }
    }
}

TEST(table_map, with_more_columns_than_bytes_allocates_nothing) {
    std::vector<std::byte> body;
    byte_writer out(body);
    out.u48(1);
    out.u16(1);
    out.u8(1);
    out.nul_text("d");
    out.u8(1);
    out.nul_text("t");
    auto huge = body;
    byte_writer(huge).lenenc(~std::uint64_t{0});
    auto large = body;
    byte_writer(large).lenenc(4096);
    event_view event;
    event.header.type = event_type::table_map;
    event.body = huge;
    EXPECT_EQ(decode_table_map(event, {}).error().code, errc::malformed);
    event.body = large;
    EXPECT_EQ(decode_table_map(event, {}).error().code, errc::truncated);
}

TEST(table_map, that_ends_the_rows_of_a_statement_is_a_dummy) {
    table_map map;
    map.table_id = 0x00ffffff;
    EXPECT_TRUE(map.is_dummy());
}

struct value_case {
    const char* name;
    table_map_column column;
    std::vector<int> bytes;
    std::size_t length;
};

TEST(value_length, knows_every_type) {
    const auto column = [](column_type type, int metadata) {
        return table_map_column{type, static_cast<std::uint16_t>(metadata), true, {}};
    };
    const std::vector<value_case> cases = {
        {"NULL", column(column_type::null, 0), {}, 0},
        {"YEAR", column(column_type::year, 0), {1}, 1},
        {"old TIMESTAMP", column(column_type::timestamp, 0), {1, 2, 3, 4}, 4},
        {"old TIME", column(column_type::time, 0), {1, 2, 3}, 3},
        {"old DATETIME", column(column_type::datetime, 0), {1, 2, 3, 4, 5, 6, 7, 8}, 8},
        {"NEWDATE", column(column_type::newdate, 0), {1, 2, 3}, 3},
        {"TIME(0)", column(column_type::time2, 0), {1, 2, 3}, 3},
        {"TIME(5)", column(column_type::time2, 5), {1, 2, 3, 4, 5, 6}, 6},
        {"DATETIME(1)", column(column_type::datetime2, 1), {1, 2, 3, 4, 5, 6}, 6},
        {"DATETIME(4)", column(column_type::datetime2, 4), {1, 2, 3, 4, 5, 6, 7}, 7},
        {"TIMESTAMP(6)", column(column_type::timestamp2, 6), {1, 2, 3, 4, 5, 6, 7}, 7},
        {"BIT(9)", column(column_type::bit, 9), {1, 2}, 2},
        {"DECIMAL(10,2)", column(column_type::newdecimal, 10 << 8 | 2), {1, 2, 3, 4, 5}, 5},
        {"DECIMAL(20,9)",
         column(column_type::newdecimal, 20 << 8 | 9),
         {1, 2, 3, 4, 5, 6, 7, 8, 9},
         9},
        {"VARCHAR of 255 bytes", column(column_type::varchar, 255), {2, 'a', 'b'}, 3},
        {"VARCHAR of 256 bytes", column(column_type::varchar, 256), {2, 0, 'a', 'b'}, 4},
        {"CHAR of 1020 bytes", column(column_type::string, 1020), {1, 0, 'a'}, 3},
        {"VAR_STRING", column(column_type::var_string, 10), {1, 'a'}, 2},
        {"TINYBLOB", column(column_type::tiny_blob, 1), {1, 'a'}, 2},
        {"LONGBLOB", column(column_type::blob, 4), {1, 0, 0, 0, 'a'}, 5},
        {"SET of 8 bytes", column(column_type::set, 8), {1, 2, 3, 4, 5, 6, 7, 8}, 8},
        {"compressed VARCHAR",
         column(column_type::mariadb_varchar_compressed, 301),
         {1, 0, 'a'},
         3},
        {"VECTOR", column(column_type::vector, 4), {4, 0, 0, 0, 1, 2, 3, 4}, 8},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        std::vector<std::byte> bytes;
        for (const int byte : one.bytes) {
            bytes.push_back(static_cast<std::byte>(byte));
        }
        bytes.push_back(std::byte{0xee}); // the next value
        EXPECT_EQ(value_length(one.column, bytes).value(), one.length);
        for (std::size_t cut = 0; cut < one.length; ++cut) {
            EXPECT_EQ(value_length(one.column, std::span(bytes).first(cut)).error().code,
                      errc::truncated);
        }
    }
    EXPECT_EQ(value_length(column(column_type::typed_array, 0), {}).error().code,
              errc::unsupported);
}

class row_key : public testing::Test {
protected:
    row_image image_of(const std::vector<std::optional<std::string>>& values) {
        row_image image;
        for (const auto& value : values) {
            row_image::column column;
            column.present = true;
            column.is_null = !value;
            if (value) {
                texts_.push_back(*value);
                column.value = std::as_bytes(std::span(texts_.back().data(), texts_.back().size()));
            }
            image.columns.push_back(column);
        }
        map_.columns.resize(values.size());
        return image;
    }
    std::string key_of(const row_image& image, const std::vector<std::uint32_t>& columns) {
        std::string key;
        EXPECT_TRUE(append_row_key(key, map_, image, columns));
        return key;
    }
    std::list<std::string> texts_;
    table_map map_;
};

TEST_F(row_key, is_equal_for_equal_values_only) {
    const auto left = image_of({"ab", "c", std::nullopt});
    const auto right = image_of({"a", "bc", ""});
    EXPECT_EQ(key_of(left, {0, 1, 2}), key_of(image_of({"ab", "c", std::nullopt}), {0, 1, 2}));
    EXPECT_NE(key_of(left, {0, 1}), key_of(right, {0, 1}));
    EXPECT_NE(key_of(left, {2}), key_of(right, {2}));
    EXPECT_NE(key_of(left, {0}), key_of(left, {1}));
}

TEST_F(row_key, cannot_be_made_of_absent_columns) {
    auto image = image_of({"a", "b"});
    image.columns[1].present = false;
    std::string key = "kept";
    EXPECT_FALSE(append_row_key(key, map_, image, std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(key, "kept");
}

} // namespace
} // namespace understudy::protocol
