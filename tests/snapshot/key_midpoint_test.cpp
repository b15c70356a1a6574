#include "snapshot/key_midpoint.hpp"
#include "tests/snapshot/tables.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

using test::make_column;

column text(const char* collation) {
    auto one = make_column("a", "varchar(40)", "utf8mb4");
    one.collation = collation;
    return one;
}

TEST(key_midpoint, halves_integers_of_every_sign) {
    const auto of = make_column("a", "bigint unsigned");
    EXPECT_EQ(key_midpoint(of, "1", "9"), "5");
    EXPECT_EQ(key_midpoint(of, "1", "2"), "1");
    EXPECT_EQ(key_midpoint(of, "2", "2"), std::nullopt);
    EXPECT_EQ(key_midpoint(of, "-10", "10"), "0");
    EXPECT_EQ(key_midpoint(of, "-9223372036854775808", "18446744073709551615"),
              "4611686018427387903");
    EXPECT_EQ(key_midpoint(make_column("a", "bit(64)"), "0", "8"), "4");
}

TEST(key_midpoint, halves_other_numbers_and_times) {
    EXPECT_EQ(key_midpoint(make_column("a", "decimal(20,2)"), "1.50", "8.90"), "4");
    EXPECT_EQ(key_midpoint(make_column("a", "decimal(20,2)"), "1.50", "1.90"), std::nullopt);
    EXPECT_EQ(key_midpoint(make_column("a", "double"), "1", "2"), "1.5");
    EXPECT_EQ(key_midpoint(make_column("a", "date"), "2026-01-01", "2026-01-04"), "2026-01-02");
    EXPECT_EQ(key_midpoint(make_column("a", "date"), "2026-01-01", "2026-01-01"), std::nullopt);
    EXPECT_EQ(key_midpoint(make_column("a", "datetime(6)"), "2026-01-01 00:00:00.000000",
                           "2026-01-02 00:00:00.500000"),
              "2026-01-01 12:00:00");
    EXPECT_EQ(key_midpoint(make_column("a", "date"), "0000-00-00", "2026-01-01"), std::nullopt);
    EXPECT_EQ(key_midpoint(make_column("a", "time"), "00:00:00", "10:00:00"), std::nullopt);
}

TEST(key_midpoint, halves_texts_behind_what_is_the_same) {
    EXPECT_EQ(key_midpoint(text("utf8mb4_0900_ai_ci"), "user:0000", "user:8000"), "user:40000000");
    EXPECT_EQ(key_midpoint(text("utf8mb4_0900_ai_ci"), "A", "C"), "b0000000");
    EXPECT_EQ(key_midpoint(text("utf8mb4_0900_ai_ci"), "a", "A"), std::nullopt);
    EXPECT_EQ(key_midpoint(text("utf8mb4_bin"), "A", "a"), "Q       ");
    EXPECT_EQ(key_midpoint(text("utf8mb4_bin"), "same", "same"), std::nullopt);
    EXPECT_EQ(key_midpoint(make_column("a", "binary(2)"), std::string("\0\0", 2), "\x02"),
              std::string("\x01\0\0\0\0\0\0\0", 8));
}

TEST(key_midpoint, never_cuts_a_character) {
    // The first bytes of both letters are the same.
    EXPECT_EQ(key_midpoint(text("utf8mb4_0900_ai_ci"), "\xd0\x90", "\xd0\x91"), std::nullopt);
    EXPECT_EQ(key_midpoint(text("utf8mb4_0900_ai_ci"),
                           "x\xd0\x90"
                           "1",
                           "x\xd0\x90"
                           "9"),
              "x\xd0\x90"
              "50000000");
    auto chinese = text("gbk_chinese_ci");
    chinese.charset = "gbk";
    EXPECT_EQ(key_midpoint(chinese,
                           "x\xb0\xa1"
                           "1",
                           "x\xb0\xa1"
                           "9"),
              "xzz500000");
    auto wide = make_column("a", "varchar(40)", "utf16");
    EXPECT_EQ(key_midpoint(wide, "aa", "zz"), std::nullopt);
}

TEST(key_midpoint, knows_none_for_types_whose_order_is_not_that_of_their_text) {
    EXPECT_EQ(key_midpoint(make_column("a", "enum('b','a')"), "1", "2"), std::nullopt);
}

} // namespace
} // namespace understudy::snapshot
