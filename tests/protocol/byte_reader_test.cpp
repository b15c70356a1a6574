#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::protocol {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (const int value : values) {
        bytes.push_back(static_cast<std::byte>(value));
    }
    return bytes;
}

TEST(byte_reader, reads_integers_of_every_width_and_order) {
    const auto bytes =
        bytes_of({1, 2, 1, 3, 2, 1, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1});
    byte_reader in(bytes);
    EXPECT_EQ(in.u8(), 0x01U);
    EXPECT_EQ(in.u16(), 0x0102U);
    EXPECT_EQ(in.u24(), 0x010203U);
    EXPECT_EQ(in.u32(), 0x01020304U);
    EXPECT_EQ(in.u48(), 0x010203040506U);
    EXPECT_EQ(in.u64(), 0x0102030405060708U);
    EXPECT_TRUE(in.ok());
    EXPECT_TRUE(in.at_end());
    byte_reader big(bytes);
    big.skip(1);
    EXPECT_EQ(big.u16_be(), 0x0201U);
    EXPECT_EQ(big.u24_be(), 0x030201U);
    EXPECT_EQ(big.u32_be(), 0x04030201U);
}

TEST(byte_reader, keeps_failing_after_the_first_read_that_does_not_fit) {
    const auto bytes = bytes_of({1, 2, 3});
    byte_reader in(bytes);
    EXPECT_EQ(in.u32(), 0U);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.u8(), 0U);
    EXPECT_TRUE(in.rest().empty());
    EXPECT_EQ(in.finish("thing").error().code, errc::truncated);
}

TEST(byte_reader, refuses_bytes_left_over_when_asked_to_finish) {
    const auto bytes = bytes_of({1, 2, 3});
    byte_reader in(bytes);
    in.skip(2);
    EXPECT_TRUE(in.status("thing").has_value());
    EXPECT_EQ(in.finish("thing").error().code, errc::malformed);
}

TEST(byte_reader, reads_what_byte_writer_wrote_as_length_encoded_integers) {
    for (const std::uint64_t value :
         {0ULL, 250ULL, 251ULL, 255ULL, 65535ULL, 65536ULL, 16777215ULL, 16777216ULL, ~0ULL}) {
        SCOPED_TRACE(value);
        std::vector<std::byte> bytes;
        byte_writer(bytes).lenenc(value);
        byte_reader in(bytes);
        EXPECT_EQ(in.lenenc(), value);
        EXPECT_TRUE(in.finish("integer").has_value());
    }
}

TEST(byte_reader, takes_null_and_error_marks_for_no_integers) {
    for (const int mark : {0xfb, 0xff}) {
        const auto bytes = bytes_of({mark, 1, 2, 3, 4, 5, 6, 7, 8});
        byte_reader in(bytes);
        static_cast<void>(in.lenenc());
        EXPECT_FALSE(in.ok());
    }
}

TEST(byte_reader, tells_null_from_empty_text_in_rows) {
    const auto bytes = bytes_of({0xfb, 0, 1, 'x'});
    byte_reader in(bytes);
    EXPECT_EQ(in.nullable_lenenc_text(), std::nullopt);
    EXPECT_EQ(in.nullable_lenenc_text(), "");
    EXPECT_EQ(in.nullable_lenenc_text(), "x");
    EXPECT_TRUE(in.finish("row").has_value());
}

TEST(byte_reader, does_not_believe_a_length_beyond_the_end) {
    const auto bytes = bytes_of({0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 'x'});
    byte_reader in(bytes);
    EXPECT_TRUE(in.lenenc_bytes().empty());
    EXPECT_FALSE(in.ok());
}

TEST(byte_reader, needs_the_nul_of_a_nul_ended_text) {
    const auto bytes = bytes_of({'a', 'b', 0, 'c'});
    byte_reader in(bytes);
    EXPECT_EQ(in.nul_text(), "ab");
    EXPECT_EQ(in.nul_text(), "");
    EXPECT_FALSE(in.ok());
}

TEST(byte_writer, patches_a_field_that_was_written_before) {
    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.u32(0);
    out.nul_text("x");
    out.patch_u32(0, 0x01020304);
    EXPECT_EQ(bytes, bytes_of({4, 3, 2, 1, 'x', 0}));
}

} // namespace
} // namespace understudy::protocol
