#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/load_query_event.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/simple_events.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/value/column_definition.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What MySQL 5.7, 8.0 and 8.4 wrote (tests/data/binlog/public/README.md).

namespace understudy::protocol {
namespace {

using test::binlog_file;
using testing::ElementsAre;

binlog_file recorded(const std::string& name) {
    return binlog_file::read("public/" + name + ".binlog");
}

// The rows of a file, one line each; what a payload holds is told with the types of its events.
std::vector<std::string> rows_of(const binlog_file& file) {
    test::any_event_decoder decoder(file.format);
    std::vector<std::string> found;
    for (std::size_t i = 0; i < file.events.size(); ++i) {
        const auto event = file.view(i);
        auto lines = decoder.decode(event).value();
        switch (event.header.type) {
        case event_type::write_rows:
        case event_type::update_rows:
        case event_type::delete_rows:
        case event_type::partial_update_rows:
        case event_type::transaction_payload:
            found.insert(found.end(), lines.begin(), lines.end());
            break;
        default: break;
        }
    }
    return found;
}

std::size_t groups_in(const binlog_file& file) {
    boundary judge;
    std::size_t ended = 0;
    for (std::size_t i = 0; i < file.events.size(); ++i) {
        const auto role = judge.feed(file.view(i), file.format).value();
        if (role == boundary::role::ends || role == boundary::role::starts_ends) ++ended;
    }
    EXPECT_FALSE(judge.in_group());
    return ended;
}

TEST(mysql_57, tells_its_version_and_table_sizes) {
    const auto format = recorded("mysql_57_rows").format;
    EXPECT_EQ(format.server_version, "5.7.30-log");
    EXPECT_EQ(format.checksum, checksum_algorithm::crc32);
    EXPECT_EQ(format.post_header_lengths.size(), 38U);
    EXPECT_EQ(format.post_header_length(event_type::write_rows_v1), 8);
}

TEST(mysql_57, rows_without_metadata_are_read) {
    EXPECT_THAT(rows_of(recorded("mysql_57_rows")),
                ElementsAre("write (1, 'abcde')", "delete (1, 'abcde')"));
    EXPECT_THAT(rows_of(recorded("mysql_57_update")),
                ElementsAre("update (1, 'abc', 'abc', 'abc', 'abc', 'abc', 1, 2, 3.0000)"
                            "(1, 'xd', 'xd', 'xd', 'xd', 'xd', 4, 4, 4.0000)"));
}

TEST(mysql_57, gtids_have_a_logical_clock_and_no_length) {
    const auto file = recorded("mysql_57_rows");
    const auto events = file.all(event_type::gtid);
    ASSERT_EQ(events.size(), 4U);
    const auto last = decode_gtid_event(events.back()).value();
    EXPECT_EQ(last.id.to_string(), "80549ecc-d2f2-11ea-b790-0242ac130002:4");
    EXPECT_EQ(last.last_committed, 3);
    EXPECT_EQ(last.sequence_number, 4);
    EXPECT_EQ(last.transaction_length, 0U);
    EXPECT_EQ(groups_in(file), 4U);
    EXPECT_EQ(groups_in(recorded("mysql_57_anonymous")), 3U);
}

TEST(mysql_57, what_belongs_to_statements_is_read) {
    const auto intvar = recorded("mysql_57_intvar");
    EXPECT_EQ(decode_intvar_event(intvar.all(event_type::intvar).at(0)).value().kind,
              intvar_kind::last_insert_id);
    const auto rand = recorded("mysql_57_rand");
    EXPECT_NE(decode_rand_event(rand.all(event_type::rand).at(0)).value().seed1, 0U);
    const auto vars = recorded("mysql_57_user_var");
    std::vector<std::string> names;
    for (const auto& event : vars.all(event_type::user_var))
        names.emplace_back(decode_user_var_event(event).value().name);
    EXPECT_THAT(names, ElementsAre("val_s", "val_i", "val_d"));
}

TEST(mysql_57, a_file_that_a_statement_loads_is_read) {
    const auto file = recorded("mysql_57_load");
    const auto block = decode_load_block(file.all(event_type::begin_load_query).at(0)).value();
    EXPECT_EQ(as_text(block.data), "1,\"abc\"\n");
    const auto statement =
        decode_execute_load_query(file.all(event_type::execute_load_query).at(0), file.format)
            .value();
    EXPECT_EQ(statement.file_id, block.file_id);
    EXPECT_EQ(statement.text_for("f").find("LOAD DATA LOCAL INFILE 'f' INTO"), 0U)
        << statement.text_for("f");
    EXPECT_EQ(groups_in(file), 1U);
}

TEST(mysql_80, tells_its_version_and_table_sizes) {
    EXPECT_EQ(recorded("mysql_80_partial_json").format.post_header_lengths.size(), 40U);
    const auto format = recorded("mysql_80_metadata").format;
    EXPECT_EQ(format.server_version, "8.0.40");
    EXPECT_EQ(format.post_header_lengths.size(), 41U);
    EXPECT_EQ(format.post_header_length(event_type::write_rows_v1), 8);
}

TEST(mysql_80, rows_with_metadata_are_read) {
    EXPECT_THAT(rows_of(recorded("mysql_80_metadata")),
                ElementsAre("write (1, -, 'a', -, 3230202323)"));
    EXPECT_THAT(rows_of(recorded("mysql_80_negative_time")), ElementsAre("write ('-507:48:27')"));
    const auto file = recorded("mysql_80_labels");
    const auto map = decode_table_map(file.all(event_type::table_map).at(0), file.format).value();
    EXPECT_THAT(map.column_names, ElementsAre("f1", "f2", "f3", "f4", "f5"));
    const auto columns = define_columns(map).value();
    EXPECT_THAT(columns.at(2).labels, ElementsAre("var1", "variant2", "foo"));
    EXPECT_THAT(columns.at(3).labels, ElementsAre("one", "two", "three", "four"));
    EXPECT_EQ(groups_in(file), 5U);
}

TEST(mysql_80, changes_of_json_by_parts_are_read) {
    const auto file = recorded("mysql_80_partial_json");
    const auto rows = rows_of(file);
    ASSERT_EQ(rows.size(), 18U);
    EXPECT_EQ(rows.front(), "write (1, JSON of 52 bytes, 'Joe', 24)");
    EXPECT_EQ(rows.back(), "update (6, -, -, -)(-, changes in JSON of 11 bytes, 'Pete', 42)");
    EXPECT_EQ(groups_in(file), 8U);
}

TEST(mysql_80, payloads_are_read) {
    const auto file = recorded("mysql_80_payload");
    EXPECT_THAT(rows_of(file),
                ElementsAre("Query", "use test; BEGIN", "Table_map", "test.tb1 (INT/0)",
                            "Write_rows", "write (1)", "Xid", "462"));
    EXPECT_EQ(groups_in(file), 1U);
}

TEST(mysql_80, previous_gtids_are_read) {
    const auto file = recorded("mysql_80_previous_gtids");
    EXPECT_EQ(decode_previous_gtids(file.all(event_type::previous_gtids).at(0)).value().to_string(),
              "b9b88c66-0755-11f1-9899-4a9da94c4d71:1-2");
}

TEST(mysql_84, tells_its_version_and_table_sizes) {
    const auto format = recorded("mysql_84").format;
    EXPECT_EQ(format.server_version, "8.4.2-2");
    EXPECT_EQ(format.post_header_lengths.size(), 42U);
    // It writes no rows of the first version any more.
    EXPECT_EQ(format.post_header_length(event_type::write_rows_v1), 0);
    EXPECT_EQ(format.post_header_length(event_type::gtid), 42);
}

TEST(mysql_84, transactions_are_read) {
    const auto file = recorded("mysql_84");
    EXPECT_EQ(decode_previous_gtids(file.all(event_type::previous_gtids).at(0)).value().to_string(),
              "57381fef-b887-11ef-931d-00163e0e40a1:1");
    const auto gtids = file.all(event_type::gtid);
    ASSERT_EQ(gtids.size(), 2U);
    const auto second = decode_gtid_event(gtids[1]).value();
    EXPECT_EQ(second.id.to_string(), "573b580b-b887-11ef-8d8f-00163e0e40a1:41");
    EXPECT_EQ(second.transaction_length, 293U);
    const auto create = decode_query_event(file.all(event_type::query).at(0), file.format).value();
    EXPECT_EQ(create.text, "CREATE DATABASE `bet`");
    EXPECT_EQ(create.database, "bet");
    EXPECT_THAT(rows_of(file), ElementsAre("write (1, '1xbet')"));
    EXPECT_EQ(groups_in(file), 2U);
}

} // namespace
} // namespace understudy::protocol
