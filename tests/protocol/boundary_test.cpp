#include "protocol/binlog/boundary.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

using role = boundary::role;
using test::binlog_file;

class group_boundary : public testing::Test {
protected:
    result<role> feed(event_type type, std::vector<std::byte> body = {}, std::uint16_t flags = 0) {
        event_view event;
        event.header.type = type;
        event.header.flags = flags;
        event.header.end_log_pos = 4711;
        event.body = body;
        return boundary_.feed(event, {});
    }
    role must(event_type type, std::vector<std::byte> body = {}) {
        auto fed = feed(type, std::move(body));
        EXPECT_TRUE(fed.has_value()) << (fed ? "" : fed.error().what);
        return fed.value_or(role::outside);
    }
    role query(std::string_view text) { return must(event_type::query, query_body(text)); }
    static std::vector<std::byte> query_body(std::string_view text) {
        std::vector<std::byte> body;
        byte_writer out(body);
        out.zeros(13 + 1);
        out.text(text);
        return body;
    }
    // MariaDB's GTID event.
    role mariadb_gtid(std::uint8_t flags) {
        std::vector<std::byte> body;
        byte_writer out(body);
        out.zeros(12);
        out.u8(flags);
        out.zeros(6);
        return must(event_type::mariadb_gtid, body);
    }
    boundary boundary_;
};

TEST_F(group_boundary, is_found_around_a_transaction_with_a_gtid) {
    EXPECT_EQ(must(event_type::format_description), role::outside);
    EXPECT_EQ(must(event_type::previous_gtids), role::outside);
    EXPECT_EQ(must(event_type::gtid), role::starts);
    EXPECT_TRUE(boundary_.in_group());
    EXPECT_EQ(query("BEGIN"), role::inside);
    EXPECT_EQ(must(event_type::rows_query), role::inside);
    EXPECT_EQ(must(event_type::table_map), role::inside);
    EXPECT_EQ(must(event_type::write_rows), role::inside);
    EXPECT_EQ(query("SAVEPOINT `s`"), role::inside);
    EXPECT_EQ(query("ROLLBACK TO `s`"), role::inside);
    EXPECT_EQ(query("CREATE TABLE t (a INT) START TRANSACTION"), role::inside);
    EXPECT_EQ(must(event_type::intvar), role::inside);
    EXPECT_EQ(query("INSERT INTO t VALUES (1)"), role::inside);
    EXPECT_EQ(must(event_type::xid), role::ends);
    EXPECT_FALSE(boundary_.in_group());
    EXPECT_EQ(must(event_type::rotate), role::outside);
}

TEST_F(group_boundary, is_found_around_a_transaction_without_a_gtid) {
    EXPECT_EQ(query("BEGIN"), role::starts);
    EXPECT_EQ(must(event_type::table_map), role::inside);
    EXPECT_EQ(must(event_type::write_rows_v1), role::inside);
    EXPECT_EQ(query("COMMIT"), role::ends);
    EXPECT_EQ(query("CREATE TABLE t (a INT)"), role::starts_ends);
    EXPECT_EQ(must(event_type::intvar), role::starts);
    EXPECT_EQ(must(event_type::user_var), role::inside);
    EXPECT_EQ(query("INSERT INTO t VALUES (1)"), role::ends);
    EXPECT_EQ(must(event_type::transaction_payload), role::starts_ends);
    EXPECT_FALSE(boundary_.in_group());
}

TEST_F(group_boundary, is_found_around_single_statements) {
    for (const auto* text : {"CREATE TABLE t (a INT)", "XA COMMIT X'31',X'',1",
                             "xa rollback X'31',X'',1", "FLUSH TABLES", ""}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(must(event_type::gtid), role::starts);
        EXPECT_EQ(query(text), role::ends);
    }
    EXPECT_EQ(must(event_type::gtid), role::starts);
    EXPECT_EQ(must(event_type::user_var), role::inside);
    EXPECT_EQ(query("INSERT INTO t VALUES (@a)"), role::ends);
    EXPECT_EQ(must(event_type::gtid_tagged), role::starts);
    EXPECT_EQ(must(event_type::transaction_payload), role::ends);
    EXPECT_EQ(must(event_type::anonymous_gtid), role::starts);
    EXPECT_EQ(must(event_type::incident), role::ends);
}

TEST_F(group_boundary, is_found_around_a_prepared_xa_transaction) {
    EXPECT_EQ(must(event_type::gtid), role::starts);
    EXPECT_EQ(query("XA START X'31',X'',1"), role::inside);
    EXPECT_EQ(must(event_type::table_map), role::inside);
    EXPECT_EQ(must(event_type::update_rows), role::inside);
    EXPECT_EQ(query("XA END X'31',X'',1"), role::inside);
    EXPECT_EQ(must(event_type::xa_prepare), role::ends);
}

TEST_F(group_boundary, is_found_in_xa_transactions_that_were_rolled_back_unprepared) {
    EXPECT_EQ(query("XA START X'31',X'',1"), role::starts);
    EXPECT_EQ(must(event_type::table_map), role::inside);
    EXPECT_EQ(query("XA END X'31',X'',1"), role::inside);
    EXPECT_EQ(query("XA ROLLBACK X'31',X'',1"), role::ends);
}

TEST_F(group_boundary, of_mariadb_starts_with_a_gtid_that_stands_for_begin) {
    EXPECT_EQ(mariadb_gtid(0x04), role::starts);
    EXPECT_EQ(must(event_type::mariadb_annotate_rows), role::inside);
    EXPECT_EQ(query("CREATE TABLE t (a INT)"), role::inside);
    EXPECT_EQ(must(event_type::mariadb_binlog_checkpoint), role::outside);
    EXPECT_EQ(must(event_type::xid), role::ends);
    EXPECT_EQ(mariadb_gtid(0x21), role::starts);
    EXPECT_EQ(query("CREATE TABLE t (a INT)"), role::ends);
    EXPECT_EQ(mariadb_gtid(0x44), role::starts);
    EXPECT_EQ(query("XA END X'31',X'',1"), role::inside);
    EXPECT_EQ(must(event_type::xa_prepare), role::ends);
    EXPECT_EQ(mariadb_gtid(0x81), role::starts);
    EXPECT_EQ(query("XA COMMIT X'31',X'',1"), role::ends);
    EXPECT_EQ(mariadb_gtid(0x21), role::starts);
    EXPECT_EQ(must(event_type::mariadb_query_compressed), role::ends);
}

TEST_F(group_boundary, is_not_moved_by_heartbeats_and_ignorable_events) {
    EXPECT_EQ(must(event_type::heartbeat), role::outside);
    EXPECT_EQ(must(event_type::gtid), role::starts);
    EXPECT_EQ(must(event_type::heartbeat_v2), role::outside);
    EXPECT_EQ(feed(static_cast<event_type>(77), {}, event_flag::ignorable).value(), role::inside);
    EXPECT_TRUE(boundary_.in_group());
    EXPECT_EQ(query("COMMIT"), role::ends);
    EXPECT_EQ(feed(static_cast<event_type>(77), {}, event_flag::ignorable).value(), role::outside);
}

TEST_F(group_boundary, stops_at_unknown_events_with_their_number_and_position) {
    const auto unknown = feed(static_cast<event_type>(77));
    EXPECT_EQ(unknown.error().code, errc::unknown_event);
    EXPECT_THAT(unknown.error().what, testing::HasSubstr("type 77"));
    EXPECT_THAT(unknown.error().what, testing::HasSubstr("4711"));
}

TEST_F(group_boundary, refuses_events_that_break_the_order) {
    EXPECT_EQ(feed(event_type::xid).error().code, errc::malformed);
    EXPECT_EQ(feed(event_type::write_rows).error().code, errc::malformed);
    EXPECT_EQ(feed(event_type::query, query_body("COMMIT")).error().code, errc::malformed);
    EXPECT_EQ(must(event_type::gtid), role::starts);
    EXPECT_EQ(feed(event_type::gtid).error().code, errc::malformed);
    EXPECT_EQ(feed(event_type::rotate).error().code, errc::malformed);
    EXPECT_EQ(query("BEGIN"), role::inside);
    EXPECT_EQ(feed(event_type::query, query_body("BEGIN")).error().code, errc::malformed);
    boundary_.reset();
    EXPECT_FALSE(boundary_.in_group());
    EXPECT_EQ(must(event_type::rotate), role::outside);
}

TEST(boundary, finds_as_many_groups_as_captured_files_have_gtids) {
    for (const auto& name : test::captured_files()) {
        SCOPED_TRACE(name);
        const auto file = binlog_file::read(name);
        boundary judge;
        std::size_t starts = 0;
        std::size_t ends = 0;
        std::size_t gtids = 0;
        for (std::size_t i = 0; i < file.events.size(); ++i) {
            const auto event = file.view(i);
            const auto fed = judge.feed(event, file.format);
            ASSERT_TRUE(fed.has_value()) << fed.error().what;
            starts += *fed == role::starts ? 1U : 0U;
            ends += *fed == role::ends ? 1U : 0U;
            const auto type = event.header.type;
            gtids += type == event_type::gtid || type == event_type::gtid_tagged ||
                             type == event_type::anonymous_gtid || type == event_type::mariadb_gtid
                         ? 1U
                         : 0U;
            EXPECT_NE(*fed, role::starts_ends);
        }
        EXPECT_FALSE(judge.in_group());
        EXPECT_EQ(starts, gtids);
        EXPECT_EQ(ends, gtids);
    }
}

} // namespace
} // namespace understudy::protocol
