// Against logs of a MariaDB 10.11 server; what is in them is said beside them.

#include "protocol/binlog/mariadb_compression.hpp"
#include "protocol/binlog/mariadb_events.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace understudy::protocol {
namespace {

using test::binlog_file;
using phase = mariadb_gtid_event::alter_phase;

std::vector<mariadb_gtid_event> gtids(const binlog_file& file) {
    std::vector<mariadb_gtid_event> all;
    for (const auto& event : file.all(event_type::mariadb_gtid)) {
        all.push_back(decode_mariadb_gtid_event(event).value());
    }
    return all;
}

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto view = std::as_bytes(std::span(text.data(), text.size()));
    return {view.begin(), view.end()};
}

std::vector<std::byte> block_of(std::string_view text) {
    std::vector<Bytef> packed(::compressBound(text.size()));
    uLongf size = packed.size();
    ::compress(packed.data(), &size, reinterpret_cast<const Bytef*>(text.data()), text.size());
    std::vector<std::byte> block;
    byte_writer out(block);
    out.u8(0x82);
    out.u8(static_cast<std::uint8_t>(text.size() >> 8U));
    out.u8(static_cast<std::uint8_t>(text.size()));
    out.bytes(std::as_bytes(std::span(packed.data(), size)));
    return block;
}

std::vector<std::byte> xa_gtid_body(std::uint8_t gtrid_size, std::size_t data_size) {
    std::vector<std::byte> body;
    byte_writer out(body);
    out.u64(7), out.u32(3);
    out.u8(mariadb_gtid_event::prepared_xa | mariadb_gtid_event::has_group_commit_id);
    out.u64(99);
    out.u32(1), out.u8(gtrid_size), out.u8(0);
    out.zeros(data_size);
    return body;
}

event_view view_of(event_type type, std::span<const std::byte> body) {
    event_view view;
    view.header.type = type;
    view.header.server_id = 5;
    view.body = body;
    return view;
}

TEST(mariadb_gtid_event, tells_who_wrote_what_kind_of_transaction) {
    const auto all = gtids(binlog_file::read("mariadb_1011.binlog"));
    ASSERT_GT(all.size(), 20U);
    EXPECT_EQ(all[0].id.domain, 0U);
    EXPECT_TRUE(all[0].is_standalone());
    EXPECT_TRUE(all[0].is_ddl());
    EXPECT_FALSE(all[2].is_standalone()); // INSERT
    EXPECT_TRUE(all[2].is_transactional());
    for (std::size_t i = 1; i < all.size(); ++i) {
        EXPECT_EQ(all[i].id.sequence, all[i - 1].id.sequence + 1);
        EXPECT_EQ(all[i].id.server, all[0].id.server);
    }
}

TEST(mariadb_gtid_event, marks_both_halves_of_xa_transactions_and_of_altering) {
    const auto all = gtids(binlog_file::read("mariadb_1011.binlog"));
    const auto count = [&](auto is) { return std::ranges::count_if(all, is); };
    EXPECT_EQ(count([](const auto& g) { return g.prepares_xa(); }), 2);
    EXPECT_EQ(count([](const auto& g) { return g.completes_xa(); }), 2);
    const auto start = std::ranges::find(all, phase::start, &mariadb_gtid_event::alter);
    const auto commit = std::ranges::find(all, phase::commit, &mariadb_gtid_event::alter);
    ASSERT_NE(start, all.end());
    ASSERT_NE(commit, all.end());
    EXPECT_EQ(commit->alter_started_by, static_cast<std::uint64_t>(start->id.sequence));
}

TEST(mariadb_gtid_event, is_read_up_to_its_end_and_no_further) {
    const auto whole = xa_gtid_body(4, 4);
    const auto read = decode_mariadb_gtid_event(view_of(event_type::mariadb_gtid, whole)).value();
    EXPECT_EQ(read.id.to_string(), "3-5-7");
    EXPECT_EQ(read.group_commit_id, 99U);
    EXPECT_TRUE(read.prepares_xa());
    const auto cut = xa_gtid_body(5, 4);
    EXPECT_EQ(decode_mariadb_gtid_event(view_of(event_type::mariadb_gtid, cut)).error().code,
              errc::truncated);
    std::vector<std::byte> zero(19);
    EXPECT_EQ(decode_mariadb_gtid_event(view_of(event_type::mariadb_gtid, zero)).error().code,
              errc::malformed);
}

TEST(mariadb_gtid_list, is_the_position_at_the_head_of_a_file) {
    const auto file = binlog_file::read("mariadb_1011_compressed.binlog");
    const auto list =
        decode_mariadb_gtid_list(file.all(event_type::mariadb_gtid_list).at(0)).value();
    ASSERT_EQ(list.size(), 1U);
    // It goes on where the file before ended.
    const auto before = gtids(binlog_file::read("mariadb_1011.binlog"));
    EXPECT_EQ(list[0], before.back().id);
    EXPECT_EQ(gtids(file).front().id.sequence, list[0].sequence + 1);
    const auto announced = bytes_of(std::string_view("\xff\xff\xff\x0f", 4));
    EXPECT_EQ(
        decode_mariadb_gtid_list(view_of(event_type::mariadb_gtid_list, announced)).error().code,
        errc::truncated);
}

TEST(mariadb_binlog_checkpoint, names_a_file) {
    const auto file = binlog_file::read("mariadb_1011.binlog");
    const auto named =
        decode_mariadb_binlog_checkpoint(file.all(event_type::mariadb_binlog_checkpoint).at(0));
    EXPECT_THAT(std::string(named.value()), testing::MatchesRegex(".*\\.[0-9]{6}"));
}

TEST(mariadb_start_encryption, is_read) {
    std::vector<std::byte> body;
    byte_writer out(body);
    out.u8(1), out.u32(7), out.zeros(12);
    EXPECT_EQ(decode_mariadb_start_encryption(view_of(event_type::mariadb_start_encryption, body))
                  .value()
                  .key_version,
              7U);
    body.pop_back();
    EXPECT_FALSE(
        decode_mariadb_start_encryption(view_of(event_type::mariadb_start_encryption, body))
            .has_value());
}

TEST(mariadb_compression, of_a_statement_is_taken_away) {
    const auto file = binlog_file::read("mariadb_1011_compressed.binlog");
    std::vector<std::byte> plain;
    const auto packed = file.all(event_type::mariadb_query_compressed).at(0);
    ASSERT_TRUE(uncompress_mariadb_event(plain, packed, file.format).has_value());
    const auto event = decode_event(plain, false).value();
    const auto query = decode_query_event(event, file.format).value();
    EXPECT_EQ(query.text,
              "CREATE TABLE ma.longname (a INT) COMMENT 'looooooooooooooooooooooooong'");
    EXPECT_TRUE(query.status.sql_mode.has_value());
    EXPECT_EQ(event.header.end_log_pos, packed.header.end_log_pos);
}

TEST(mariadb_compression, of_rows_is_taken_away) {
    const auto file = binlog_file::read("mariadb_1011_compressed.binlog");
    test::any_event_decoder decoder(file.format);
    std::vector<std::string> rows;
    for (std::size_t i = 0; i < file.events.size(); ++i) {
        const auto event = file.view(i);
        const auto lines = decoder.decode(event).value();
        if (event.header.type == event_type::mariadb_write_rows_compressed_v1) rows = lines;
    }
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_THAT(rows[0], testing::HasSubstr("cccccccccccccccccccc"));
}

TEST(mariadb_compression, that_is_damaged_is_refused_at_every_byte_that_is_missing) {
    const auto file = binlog_file::read("mariadb_1011_compressed.binlog");
    for (const auto type :
         {event_type::mariadb_query_compressed, event_type::mariadb_write_rows_compressed_v1}) {
        const auto whole = file.all(type).at(0);
        for (std::size_t size = 0; size < whole.body.size(); ++size) {
            const std::vector<std::byte> kept(whole.bytes.begin(),
                                              whole.bytes.begin() + event_header_size +
                                                  static_cast<std::ptrdiff_t>(size));
            event_view cut{whole.header, kept, std::span(kept).subspan(event_header_size)};
            std::vector<std::byte> plain;
            EXPECT_FALSE(uncompress_mariadb_event(plain, cut, file.format).has_value()) << size;
        }
    }
}

TEST(mariadb_compression, does_not_believe_sizes) {
    const std::string text(1000, 'x');
    auto block = block_of(text);
    std::vector<std::byte> out;
    ASSERT_TRUE(append_uncompressed_block(out, block, 1000).has_value());
    EXPECT_EQ(out, bytes_of(text));
    EXPECT_FALSE(append_uncompressed_block(out, block, 999).has_value());
    block[2] ^= std::byte{1}; // another size than the stream's
    EXPECT_FALSE(append_uncompressed_block(out, block, 4000).has_value());
    EXPECT_EQ(out.size(), 1000U);
    const auto bomb = bytes_of(std::string_view("\x84\xff\xff\xff\xff\x78\x9c", 7));
    EXPECT_FALSE(append_uncompressed_block(out, bomb, SIZE_MAX).has_value());
    auto method = block_of(text);
    method[0] |= std::byte{0x10};
    EXPECT_EQ(append_uncompressed_block(out, method, 1000).error().code, errc::unsupported);
    auto longer = block_of(text);
    longer.push_back(std::byte{0});
    EXPECT_FALSE(append_uncompressed_block(out, longer, 1000).has_value());
}

} // namespace
} // namespace understudy::protocol
