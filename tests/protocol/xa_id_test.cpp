#include "protocol/binlog/xa_id.hpp"

#include "protocol/wire/byte_writer.hpp"

#include <gtest/gtest.h>

namespace understudy::protocol {
namespace {

TEST(xa_id, reads_what_servers_write) {
    const auto id = xa_id::parse("X'6162',X'00ff',7");
    ASSERT_TRUE(id);
    EXPECT_EQ(id->gtrid, "ab");
    EXPECT_EQ(id->bqual, std::string("\0\xff", 2));
    EXPECT_EQ(id->format, 7U);
    EXPECT_EQ(id->to_string(), "X'6162',X'00ff',7");
}

TEST(xa_id, reads_the_short_forms) {
    EXPECT_EQ(xa_id::parse("'ab'"), xa_id::parse("X'6162',X'',1"));
    EXPECT_EQ(xa_id::parse(" 'ab' , 'c' "), xa_id::parse("x'6162',X'63',1"));
    EXPECT_EQ(xa_id::parse("X'61',X'',1 ONE PHASE"), xa_id::parse("'a'"));
}

TEST(xa_id, refuses_what_is_no_name) {
    const std::string long_part(65, 'a');
    for (const std::string& text :
         {std::string(), std::string("ab"), std::string("'ab"), std::string("X'6'"),
          std::string("X'zz'"), std::string("'a','b',x"), std::string("'a' JOIN"),
          "'" + long_part + "'", std::string("'a','b',99999999999")})
        EXPECT_FALSE(xa_id::parse(text)) << text;
}

std::vector<std::byte> body_of(std::uint32_t gtrid_size, std::string_view data) {
    std::vector<std::byte> body;
    byte_writer out(body);
    out.u8(1);
    out.u32(3);
    out.u32(gtrid_size);
    out.u32(1);
    out.text(data);
    return body;
}

TEST(xa_prepare_event, names_its_transaction) {
    const auto body = body_of(2, "abc");
    event_view event;
    event.body = body;
    const auto decoded = decode_xa_prepare(event);
    ASSERT_TRUE(decoded) << decoded.error().what;
    EXPECT_TRUE(decoded->one_phase);
    EXPECT_EQ(decoded->id.to_string(), "X'6162',X'63',3");
}

TEST(xa_prepare_event, is_refused_when_it_is_cut_or_too_long) {
    for (const auto& body : {body_of(2, "ab"), body_of(65, std::string(66, 'a')), body_of(1, "abc"),
                             body_of(0xffffffff, "abc")}) {
        event_view event;
        event.body = body;
        EXPECT_FALSE(decode_xa_prepare(event));
    }
}

} // namespace
} // namespace understudy::protocol
