#include "protocol/value/character_set.hpp"
#include "protocol/value/comparable_key.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace understudy::protocol {
namespace {

using key = std::optional<std::string>;

key key_of(const column_definition& column, const std::string& bytes) {
    std::string out;
    const auto value = std::as_bytes(std::span(bytes.data(), bytes.size()));
    return append_comparable_value(out, column, value) ? key(out) : std::nullopt;
}

column_definition column(column_type type, int metadata, std::optional<std::uint16_t> collation) {
    column_definition made;
    made.type = type;
    made.metadata = static_cast<std::uint16_t>(metadata);
    made.collation = collation;
    return made;
}

key text_key(std::uint16_t collation, const std::string& text) {
    return key_of(column(column_type::varchar, 40, collation),
                  static_cast<char>(text.size()) + text);
}

using namespace std::string_literals;

TEST(comparable_key, of_bin_collations_pads_as_they_do) {
    constexpr std::uint16_t utf8mb4_bin = 46;
    constexpr std::uint16_t utf8mb4_0900_bin = 309;
    constexpr std::uint16_t utf16_bin = 55;
    constexpr std::uint16_t latin1_nopad_bin = 1071;
    EXPECT_EQ(text_key(utf8mb4_bin, "a "), text_key(utf8mb4_bin, "a"));
    EXPECT_NE(text_key(utf8mb4_bin, "a"), text_key(utf8mb4_bin, "A"));
    EXPECT_NE(text_key(utf8mb4_bin, " a"), text_key(utf8mb4_bin, "a"));
    EXPECT_NE(text_key(utf8mb4_0900_bin, "a "), text_key(utf8mb4_0900_bin, "a"));
    EXPECT_NE(text_key(latin1_nopad_bin, "a "), text_key(latin1_nopad_bin, "a"));
    EXPECT_NE(text_key(binary_collation, "a "), text_key(binary_collation, "a"));
    EXPECT_EQ(text_key(utf16_bin, "\0a\0 "s), text_key(utf16_bin, "\0a"s));
    EXPECT_NE(text_key(utf16_bin, "\x20\x20"), text_key(utf16_bin, ""));
}

TEST(comparable_key, of_common_collations_ignores_what_they_do) {
    constexpr std::uint16_t latin1_swedish_ci = 8;
    constexpr std::uint16_t utf8mb4_general_ci = 45;
    constexpr std::uint16_t utf8mb4_unicode_ci = 224;
    constexpr std::uint16_t utf8mb4_0900_ai_ci = 255;
    constexpr std::uint16_t utf8mb4_general_nopad_ci = 1069;
    constexpr std::uint16_t utf8mb4_uca1400_ai_ci = 2304;
    for (const auto collation : {latin1_swedish_ci, utf8mb4_general_ci, utf8mb4_unicode_ci,
                                 utf8mb4_0900_ai_ci, utf8mb4_uca1400_ai_ci}) {
        SCOPED_TRACE(collation);
        ASSERT_TRUE(text_key(collation, "a"));
        EXPECT_EQ(text_key(collation, "Abc-1"), text_key(collation, "aBC-1"));
        EXPECT_NE(text_key(collation, "a"), text_key(collation, "b"));
        EXPECT_NE(text_key(collation, " a"), text_key(collation, "a"));
        const bool pads = collation != utf8mb4_0900_ai_ci;
        EXPECT_EQ(text_key(collation, "a ") == text_key(collation, "a"), pads);
    }
    EXPECT_NE(text_key(utf8mb4_general_nopad_ci, "a "), text_key(utf8mb4_general_nopad_ci, "a"));
    EXPECT_EQ(text_key(utf8mb4_general_ci, "ß"), text_key(utf8mb4_general_ci, "S"));
    EXPECT_EQ(text_key(utf8mb4_unicode_ci, "ß"), text_key(utf8mb4_unicode_ci, "sS"));
    EXPECT_EQ(text_key(utf8mb4_0900_ai_ci, "Straße"), text_key(utf8mb4_0900_ai_ci, "STRASSE"));
    EXPECT_EQ(text_key(utf8mb4_0900_ai_ci, "ёлка"), text_key(utf8mb4_0900_ai_ci, "ЕЛКА"));
    EXPECT_EQ(text_key(latin1_swedish_ci, "\xe9"), text_key(latin1_swedish_ci, "E"));
    // Neighbours may change a weight, or there is none.
    EXPECT_FALSE(text_key(utf8mb4_unicode_ci, "a\u0301"));
    EXPECT_FALSE(text_key(utf8mb4_0900_ai_ci, "a\u00ad"));
    EXPECT_FALSE(text_key(utf8mb4_0900_ai_ci, "\U0001f600"));
    EXPECT_FALSE(text_key(utf8mb4_general_ci, "\U0001f600"));
    EXPECT_FALSE(text_key(utf8mb4_general_ci, "\xff"));
}

TEST(comparable_key, cannot_be_told_of_other_collations) {
    EXPECT_FALSE(text_key(278, "a")); // utf8mb4_0900_as_cs
    EXPECT_FALSE(text_key(31, "a"));  // latin1_german2_ci
    EXPECT_FALSE(text_key(76, "a"));  // utf8mb3_tolower_ci, amid the *_bin
    EXPECT_FALSE(key_of(column(column_type::varchar, 40, std::nullopt), "\1a"));
    EXPECT_FALSE(key_of(column(column_type::json, 4, std::nullopt), "\1\0\0\0\4"s));
    auto prefix = column(column_type::varchar, 40, 46);
    prefix.primary_key_prefix = 1;
    EXPECT_FALSE(key_of(prefix, "\1a"));
}

TEST(comparable_key, of_a_prefix_of_bytes_ends_with_it) {
    auto prefix = column(column_type::blob, 2, binary_collation);
    prefix.primary_key_prefix = 2;
    EXPECT_EQ(key_of(prefix, "\3\0abc"s), key_of(prefix, "\3\0abd"s));
    EXPECT_NE(key_of(prefix, "\3\0abc"s), key_of(prefix, "\1\0a"s));
}

TEST(comparable_key, does_not_tell_zero_from_minus_zero) {
    const auto float_ = column(column_type::float_, 4, {});
    EXPECT_EQ(key_of(float_, "\0\0\0\x80"s), key_of(float_, "\0\0\0\0"s));
    EXPECT_NE(key_of(float_, "\1\0\0\x80"s), key_of(float_, "\0\0\0\0"s));
    const auto decimal = column(column_type::newdecimal, 4 << 8 | 2, {});
    EXPECT_EQ(key_of(decimal, "\x7f\xff"), key_of(decimal, "\x80\0"s));
    EXPECT_NE(key_of(decimal, "\x7f\xfe"), key_of(decimal, "\x80\0"s));
    EXPECT_FALSE(key_of(decimal, "\x80"));
}

TEST(comparable_key, keeps_columns_apart_and_knows_null) {
    const std::vector<column_definition> columns = {column(column_type::varchar, 40, 46),
                                                    column(column_type::varchar, 40, 46)};
    const std::vector<std::uint32_t> both = {0, 1};
    const auto of = [&](const std::string& left, const std::string& right, bool right_is_null) {
        row_image image;
        const auto bytes = [](const std::string& text) {
            return std::as_bytes(std::span(text.data(), text.size()));
        };
        image.columns = {
            {bytes(left), true, false},
            {right_is_null ? std::span<const std::byte>() : bytes(right), true, right_is_null}};
        std::string out = "kept";
        EXPECT_TRUE(append_comparable_key(out, columns, image, both));
        return out;
    };
    EXPECT_NE(of("\2ab", "\1c", false), of("\1a", "\2bc", false));
    EXPECT_NE(of("\1a", "", true), of("\1a", "\0"s, false));
    EXPECT_EQ(of("\2a ", "\1b", false), of("\1a", "\1b", false));
    row_image absent;
    absent.columns.resize(2);
    std::string out = "kept";
    EXPECT_FALSE(append_comparable_key(out, columns, absent, both));
    EXPECT_EQ(out, "kept");
}

} // namespace
} // namespace understudy::protocol
