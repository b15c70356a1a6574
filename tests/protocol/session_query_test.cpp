#include "protocol/errc.hpp"
#include "protocol/session/packets.hpp"
#include "protocol/session/query_response.hpp"
#include "protocol/wire/packet_framing.hpp"
#include "tests/protocol/server_packets.hpp"

#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

using part = query_response::part;

TEST(query_response, reads_rows_with_and_without_eof_packets) {
    for (const bool deprecate_eof : {false, true}) {
        SCOPED_TRACE(deprecate_eof);
        query_response response(deprecate_eof);
        EXPECT_EQ(response.feed(test::from_hex("02")), part::more);
        EXPECT_EQ(response.feed(test::column_payload("id")), part::more);
        if (deprecate_eof) {
            EXPECT_EQ(response.feed(test::column_payload("name")), part::columns);
        } else {
            EXPECT_EQ(response.feed(test::column_payload("name")), part::more);
            EXPECT_EQ(response.feed(test::eof_payload()), part::columns);
        }
        ASSERT_EQ(response.columns().size(), 2U);
        EXPECT_EQ(response.columns()[1].name, "name");
        EXPECT_EQ(response.columns()[1].table, "orders");
        EXPECT_EQ(response.columns()[1].type, 253);
        EXPECT_EQ(response.columns()[1].length, 400U);
        EXPECT_EQ(response.columns()[1].collation, 45);

        const auto payload = test::row_payload({"1", std::nullopt});
        EXPECT_EQ(response.feed(payload), part::row);
        text_row row;
        ASSERT_TRUE(decode_text_row(payload, 2, row).has_value());
        EXPECT_EQ(row.fields[0], "1");
        EXPECT_EQ(row.fields[1], std::nullopt);
        EXPECT_EQ(response.feed(deprecate_eof ? test::ok_payload(0xfe) : test::eof_payload()),
                  part::done);
        EXPECT_TRUE(response.is_done());
        EXPECT_EQ(response.ok().warnings, 1);
        EXPECT_EQ(response.ok().status, 2);
    }
}

TEST(query_response, takes_an_ok_for_the_end) {
    query_response response(true);
    EXPECT_EQ(response.feed(test::ok_payload()), part::done);
    EXPECT_EQ(response.ok().affected_rows, 3U);
    EXPECT_EQ(response.ok().last_insert_id, 300U);
}

TEST(query_response, does_not_take_a_row_with_a_huge_first_value_for_the_end) {
    const auto payload = test::row_payload({std::string(packet_payload_max, 'x')});
    ASSERT_EQ(payload.front(), std::byte{0xfd}); // a three-byte length
    test::bytes huge(packet_payload_max + 20, std::byte{'x'});
    huge.front() = eof_header;
    for (const bool deprecate_eof : {false, true}) {
        query_response response(deprecate_eof);
        static_cast<void>(response.feed(test::from_hex("01")));
        static_cast<void>(response.feed(test::column_payload("b")));
        if (!deprecate_eof) static_cast<void>(response.feed(test::eof_payload()));
        EXPECT_EQ(response.feed(huge), part::row);
    }
}

TEST(query_response, reports_the_servers_error_at_every_step) {
    const auto refused = test::error_payload(1317, "Query execution was interrupted", "70100");
    const std::vector<test::bytes> steps{test::from_hex("01"), test::column_payload("b"),
                                         test::row_payload({"x"})};
    for (std::size_t before = 0; before <= steps.size(); ++before) {
        query_response response(true);
        for (std::size_t i = 0; i < before; ++i)
            ASSERT_TRUE(response.feed(steps[i]).has_value());
        const auto got = response.feed(refused);
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code, make_error_code(errc::server_error));
        EXPECT_EQ(got.error().what, "error 1317 (70100): Query execution was interrupted");
        EXPECT_TRUE(response.is_done());
    }
}

TEST(query_response, refuses_what_no_server_sends) {
    const std::vector<test::bytes> wrong{
        {},                                   // nothing
        test::from_hex("fb2f657463"),         // asks for a local file
        test::from_hex("0100"),               // bytes behind the column count
        test::from_hex("fdffffff"),           // 16 million columns
        test::from_hex("fefefefefefefefefe"), // more than there can be
        test::from_hex("000105"),             // an OK cut short
    };
    for (const auto& payload : wrong) {
        query_response response(true);
        const auto got = response.feed(payload);
        ASSERT_FALSE(got.has_value());
        EXPECT_NE(got.error().code, make_error_code(errc::server_error));
    }
}

TEST(query_response, refuses_a_column_cut_at_any_byte) {
    const auto whole = test::column_payload("name");
    for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
        query_response response(true);
        static_cast<void>(response.feed(test::from_hex("01")));
        EXPECT_FALSE(response.feed(std::span(whole).first(size)).has_value()) << size;
    }
}

TEST(text_row, must_fill_its_packet_exactly) {
    text_row row;
    const auto payload = test::row_payload({"one", "two"});
    EXPECT_TRUE(decode_text_row(payload, 2, row).has_value());
    EXPECT_FALSE(decode_text_row(payload, 1, row).has_value());
    EXPECT_FALSE(decode_text_row(payload, 3, row).has_value());
    EXPECT_FALSE(decode_text_row(std::span(payload).first(5), 2, row).has_value());
}

TEST(packets, reads_the_text_of_an_ok_with_and_without_its_length) {
    auto with_length = test::ok_payload();
    const auto text = test::to_bytes("\x05Rows!");
    with_length.insert(with_length.end(), text.begin(), text.end());
    EXPECT_EQ(decode_ok(with_length)->info, "Rows!");
    auto bare = test::ok_payload();
    const auto words = test::to_bytes("Rows matched: 1");
    bare.insert(bare.end(), words.begin(), words.end());
    EXPECT_EQ(decode_ok(bare)->info, "Rows matched: 1");
}

} // namespace
} // namespace understudy::protocol
