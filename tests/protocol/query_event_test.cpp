#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/query_status.hpp"
#include "protocol/binlog/simple_events.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

namespace understudy::protocol {
namespace {

using test::binlog_file;
using testing::ElementsAre;

query_event query_that_starts_with(const binlog_file& file, std::string_view text) {
    for (const auto& event : file.all(event_type::query)) {
        auto query = decode_query_event(event, file.format);
        EXPECT_TRUE(query.has_value());
        if (query && query->text.starts_with(text)) {
            return *query;
        }
    }
    ADD_FAILURE() << "no query starts with " << text;
    return {};
}

// A QUERY body with these status variables.
std::vector<std::byte> query_body(const std::vector<std::byte>& status) {
    std::vector<std::byte> body;
    byte_writer out(body);
    out.u32(7);
    out.u32(1);
    out.u8(2);
    out.u16(0);
    out.u16(static_cast<std::uint16_t>(status.size()));
    out.bytes(status);
    out.nul_text("db");
    out.text("DO 1");
    return body;
}

event_view query_view(const std::vector<std::byte>& body) {
    event_view event;
    event.header.type = event_type::query;
    event.body = body;
    return event;
}

format_description mariadb_format() {
    format_description format;
    format.server_version = "10.11.6-MariaDB-log";
    return format;
}

TEST(query_event, has_the_session_state_of_its_statement) {
    const auto file = binlog_file::read("mysql_97_statements.binlog");
    const auto query = query_that_starts_with(file, "INSERT INTO t (a,b) VALUES (@d");
    EXPECT_EQ(query.database, "st");
    const auto& status = query.status;
    EXPECT_EQ(status.time_zone, "+05:30");
    EXPECT_EQ(status.lc_time_names, 4); // de_DE
    EXPECT_EQ(status.auto_increment_increment, 3);
    EXPECT_EQ(status.auto_increment_offset, 2);
    EXPECT_EQ(status.character_set_client, 255);
    EXPECT_EQ(status.collation_connection, 255);
    EXPECT_EQ(status.collation_server, 255);
    EXPECT_EQ(status.default_collation_for_utf8mb4, 255);
    ASSERT_TRUE(status.flags2.has_value());
    EXPECT_EQ(*status.flags2 & query_status::no_foreign_key_checks, 0U);
    ASSERT_TRUE(status.updated_databases.has_value());
    EXPECT_THAT(*status.updated_databases, ElementsAre("st"));
    ASSERT_TRUE(status.microseconds.has_value());
    EXPECT_LT(*status.microseconds, 1'000'000U);
    EXPECT_TRUE(status.sql_mode.has_value());
    EXPECT_EQ(status.invoker_user, std::nullopt);
}

TEST(query_event, has_the_flags_of_its_session) {
    const auto file = binlog_file::read("mysql_97_statements.binlog");
    const auto flags =
        query_that_starts_with(file, "UPDATE t SET b=b+1000").status.flags2.value_or(0);
    EXPECT_NE(flags & query_status::no_foreign_key_checks, 0U);
    EXPECT_NE(flags & query_status::relaxed_unique_checks, 0U);
    EXPECT_NE(flags & query_status::sql_auto_is_null, 0U);
}

TEST(query_event, of_ddl_has_what_decides_its_meaning) {
    const auto file = binlog_file::read("mysql_97_statements.binlog");
    const auto create = query_that_starts_with(file, "CREATE TABLE d1");
    EXPECT_EQ(create.status.sql_require_primary_key, false);
    EXPECT_EQ(create.status.ddl_xid, 294U);
    const auto latin = query_that_starts_with(file, "CREATE TABLE lat");
    EXPECT_EQ(latin.status.character_set_client, 8); // latin1_swedish_ci
    EXPECT_EQ(query_that_starts_with(file, "CREATE DATABASE").status.default_table_encryption,
              false);
    const auto types = binlog_file::read("mysql_97_all_types.binlog");
    EXPECT_EQ(
        query_that_starts_with(types, "CREATE TABLE times").status.explicit_defaults_for_timestamp,
        true);
}

TEST(query_event, of_every_captured_server_is_understood) {
    for (const auto& name : test::captured_files()) {
        SCOPED_TRACE(name);
        const auto file = binlog_file::read(name);
        for (const auto& event : file.all(event_type::query)) {
            const auto query = decode_query_event(event, file.format);
            ASSERT_TRUE(query.has_value()) << query.error().what;
            EXPECT_EQ(decode_query_text(event, file.format).value(), query->text);
        }
    }
}

TEST(query_event, of_mariadb_has_its_own_status_variables) {
    const auto file = binlog_file::read("mariadb_1011.binlog");
    EXPECT_TRUE(query_that_starts_with(file, "CREATE TABLE t ").status.mariadb_xid.has_value());
    EXPECT_EQ(query_that_starts_with(file, "INSERT INTO t (a) VALUES (RAND").status.microseconds,
              std::nullopt);
}

TEST(query_event, of_mariadb_has_its_own_bits) {
    const auto status_of = [](std::uint32_t flags2, std::uint64_t sql_mode) {
        std::vector<std::byte> status;
        byte_writer out(status);
        out.u8(0), out.u32(flags2);
        out.u8(1), out.u64(sql_mode);
        return decode_query_status(status, true).value();
    };
    const auto plain = status_of(0x01000000, 0x4);
    EXPECT_EQ(plain.explicit_defaults_for_timestamp, true);
    EXPECT_TRUE(plain.logged_by_mariadb);
    EXPECT_EQ(plain.sql_mode, 0x4);
    const auto other = status_of(0, 0x7'0000'0004); // EMPTY_STRING_IS_NULL … ROUND_FRACTIONAL
    EXPECT_EQ(other.explicit_defaults_for_timestamp, false);
    EXPECT_EQ(other.sql_mode, 0x7'0000'0004);
}

TEST(query_event, reads_every_status_variable_of_mysql) {
    std::vector<std::byte> status;
    byte_writer out(status);
    const auto text = [&](std::uint8_t code, std::initializer_list<const char*> values) {
        out.u8(code);
        for (const std::string_view value : values) {
            out.u8(static_cast<std::uint8_t>(value.size()));
            out.text(value);
        }
    };
    out.u8(0), out.u32(0x04000000);
    out.u8(1), out.u64(1);
    out.u8(2), out.u8(3), out.nul_text("std");
    out.u8(3), out.u16(2), out.u16(1);
    out.u8(4), out.u16(45), out.u16(46), out.u16(47);
    text(5, {"SYSTEM"});
    text(6, {"std"});
    out.u8(7), out.u16(9);
    out.u8(8), out.u16(33);
    out.u8(9), out.u64(3);
    out.u8(10), out.u32(99);
    text(11, {"root", "localhost"});
    out.u8(12), out.u8(2), out.nul_text("a"), out.nul_text("b");
    out.u8(13), out.u24(123456);
    out.u8(14);
    out.u8(15);
    out.u8(16), out.u8(1);
    out.u8(17), out.u64(77);
    out.u8(18), out.u16(255);
    out.u8(19), out.u8(1);
    out.u8(20), out.u8(1);
    out.u8(21), out.u8(1);
    const auto body = query_body(status);
    const auto query = decode_query_event(query_view(body), {}).value();
    EXPECT_EQ(query.thread_id, 7U);
    EXPECT_EQ(query.database, "db");
    EXPECT_EQ(query.text, "DO 1");
    EXPECT_EQ(query.status.collation_server, 47);
    EXPECT_EQ(query.status.time_zone, "SYSTEM");
    EXPECT_EQ(query.status.collation_database, 33);
    EXPECT_EQ(query.status.table_map_for_update, 3U);
    EXPECT_EQ(query.status.invoker_user, "root");
    EXPECT_EQ(query.status.invoker_host, "localhost");
    EXPECT_THAT(*query.status.updated_databases, ElementsAre("a", "b"));
    EXPECT_EQ(query.status.microseconds, 123456U);
    EXPECT_EQ(query.status.ddl_xid, 77U);
    EXPECT_EQ(query.status.default_table_encryption, true);
    for (std::size_t cut = 1; cut < status.size(); ++cut) {
        const auto torn_body =
            query_body({status.begin(), status.begin() + static_cast<std::ptrdiff_t>(cut)});
        const auto torn = decode_query_event(query_view(torn_body), {});
        EXPECT_TRUE(torn.has_value() || torn.error().code == errc::truncated);
    }
}

TEST(query_event, has_no_names_when_too_many_databases_were_updated) {
    const std::vector<std::byte> status = {std::byte{12}, std::byte{254}, std::byte{13},
                                           std::byte{1},  std::byte{0},   std::byte{0}};
    const auto body = query_body(status);
    const auto query = decode_query_event(query_view(body), {}).value();
    EXPECT_EQ(query.status.updated_databases, std::nullopt);
    EXPECT_EQ(query.status.microseconds, 1U);
}

TEST(query_event, reads_numbers_above_13_by_the_flavour_of_the_source) {
    std::vector<std::byte> status;
    byte_writer out(status);
    out.u8(128), out.u24(5);
    out.u8(129), out.u64(6);
    out.u8(130), out.u8(4), out.u64(1);
    out.u8(130), out.u8(2);
    out.u8(131), out.u8(2), out.zeros(8);
    const auto body = query_body(status);
    const auto query = decode_query_event(query_view(body), mariadb_format()).value();
    EXPECT_EQ(query.status.microseconds, 5U);
    EXPECT_EQ(query.status.mariadb_collations.size(), 2U);
    EXPECT_EQ(query.status.mariadb_xid, 6U);
    EXPECT_EQ(query.status.explicit_defaults_for_timestamp, std::nullopt);
    EXPECT_EQ(decode_query_event(query_view(body), {}).error().code, errc::unsupported);
    const auto mysql_body = query_body({std::byte{19}, std::byte{1}});
    EXPECT_EQ(decode_query_event(query_view(mysql_body), mariadb_format()).error().code,
              errc::unsupported);
}

TEST(query_event, with_an_unknown_status_variable_is_refused_but_its_text_can_be_read) {
    const auto body = query_body({std::byte{99}, std::byte{1}});
    const auto query = decode_query_event(query_view(body), {});
    EXPECT_EQ(query.error().code, errc::unsupported);
    EXPECT_THAT(query.error().what, testing::HasSubstr("99"));
    EXPECT_EQ(decode_query_text(query_view(body), {}).value(), "DO 1");
}

TEST(query_event, skips_what_a_newer_server_adds_to_the_post_header) {
    auto body = query_body({});
    body.insert(body.begin() + 13, {std::byte{1}, std::byte{2}});
    format_description format;
    format.post_header_lengths = {0, 15};
    EXPECT_EQ(decode_query_event(query_view(body), format).value().text, "DO 1");
}

TEST(query_event, knows_the_words_around_transactions) {
    const auto query = [](const char* text) {
        query_event event;
        event.text = text;
        return event;
    };
    EXPECT_TRUE(query("BEGIN").is_begin());
    EXPECT_TRUE(query(" begin\n").is_begin());
    EXPECT_FALSE(query("BEGINNING").is_begin());
    EXPECT_FALSE(query("BEGIN x").is_begin());
    EXPECT_FALSE(query("").is_begin());
    EXPECT_TRUE(query("Commit").is_commit());
    EXPECT_FALSE(query("COMMITTED").is_commit());
    EXPECT_TRUE(query("ROLLBACK").is_rollback());
    EXPECT_FALSE(query("ROLLBACK TO `s`").is_rollback());
    EXPECT_TRUE(query("ROLLBACK TO `s`").is_savepoint());
    EXPECT_TRUE(query("savepoint `s`").is_savepoint());
    EXPECT_TRUE(query("RELEASE SAVEPOINT `s`").is_savepoint());
    EXPECT_FALSE(query("SAVEPOINTS").is_savepoint());
}

TEST(user_var_event, has_values_of_every_type) {
    const auto file = binlog_file::read("mysql_97_statements.binlog");
    std::map<std::string, user_var_event> found;
    for (const auto& event : file.all(event_type::user_var)) {
        const auto decoded = decode_user_var_event(event).value();
        found[std::string(decoded.name)] = decoded;
    }
    EXPECT_EQ(found["v"].type, user_var_type::string);
    EXPECT_EQ(as_text(found["v"].value), "it's");
    EXPECT_EQ(found["v"].collation, 255U);
    EXPECT_EQ(found["i"].type, user_var_type::integer);
    EXPECT_EQ(static_cast<std::int64_t>(byte_reader(found["i"].value).u64()), -5);
    EXPECT_FALSE(found["i"].is_unsigned);
    EXPECT_EQ(found["r"].type, user_var_type::real);
    EXPECT_EQ(std::bit_cast<double>(byte_reader(found["r"].value).u64()), 1.0);
    EXPECT_TRUE(found["n"].is_null);
    EXPECT_EQ(found["dec"].type, user_var_type::decimal);
}

TEST(simple_events, are_read_as_captured) {
    const auto file = binlog_file::read("mysql_97_statements.binlog");
    EXPECT_EQ(decode_xid_event(file.all(event_type::xid).at(0)).value(), 231U);
    EXPECT_EQ(decode_rows_query_event(file.all(event_type::rows_query).at(1)).value(),
              "UPDATE t SET a='uno' WHERE id=1");
    const auto intvar = decode_intvar_event(file.all(event_type::intvar).at(0)).value();
    EXPECT_EQ(intvar.kind, intvar_kind::insert_id);
    EXPECT_EQ(intvar.value, 11U);
    const auto rand = decode_rand_event(file.all(event_type::rand).at(0)).value();
    EXPECT_EQ(rand.seed1, 623560572U);
    EXPECT_EQ(rand.seed2, 1006488636U);
    EXPECT_EQ(decode_xid_event(file.all(event_type::rand).at(0)).error().code, errc::malformed);
}

TEST(incident_event, says_what_was_lost) {
    std::vector<std::byte> body;
    byte_writer out(body);
    out.u16(1);
    out.u8(4);
    out.text("gone");
    event_view event;
    event.header.type = event_type::incident;
    event.body = body;
    const auto incident = decode_incident_event(event).value();
    EXPECT_EQ(incident.number, 1);
    EXPECT_EQ(incident.message, "gone");
}

} // namespace
} // namespace understudy::protocol
