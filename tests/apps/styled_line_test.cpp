#include "apps/styled_line.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

TEST(styled_line, counts_columns_not_bytes) {
    EXPECT_EQ(text_columns("abc"), 3U);
    EXPECT_EQ(text_columns("Äpfel"), 5U);
    EXPECT_EQ(text_columns("漢字"), 4U);
    EXPECT_EQ(text_columns("e\u0301"), 1U);
    EXPECT_EQ(text_columns("\xff\xfe"), 2U);
}

TEST(styled_line, cuts_with_an_ellipsis) {
    EXPECT_EQ(fit("orders", 6), "orders");
    EXPECT_EQ(fit("orders", 5), "orde…");
    EXPECT_EQ(fit("漢字漢字", 5), "漢字…");
    EXPECT_EQ(fit("orders", 1), "…");
    EXPECT_EQ(fit("orders", 0), "");
}

TEST(styled_line, a_name_cannot_steer_the_terminal) {
    EXPECT_EQ(fit("a\x1b[2Jb\nc\x7f", 20), "a [2Jb c ");
    EXPECT_EQ(fit("a\u202Eb\xff", 20), "a b\uFFFD");
}

TEST(styled_line, never_gets_wider_than_the_terminal) {
    styled_line line(10, false);
    line.add("12345").add("6789012345").add("more");
    EXPECT_EQ(text_columns(line.text()), 10U);
    EXPECT_EQ(line.text(), "123456789…");
}

TEST(styled_line, colours_do_not_count) {
    styled_line line(10, true);
    line.add("abc", style::good).to_column(6).add("d");
    EXPECT_EQ(line.used(), 7U);
    EXPECT_EQ(line.text(), "\x1b[32mabc\x1b[0m   d");
}

TEST(styled_line, the_right_edge_is_left_free_when_there_is_no_room) {
    EXPECT_EQ(styled_line(10, false).add("abc").at_right_edge("xyz").text(), "abc    xyz");
    EXPECT_EQ(styled_line(7, false).add("abcd").at_right_edge("xyz").text(), "abcd");
}

TEST(styled_line, bars_fill_in_proportion) {
    EXPECT_EQ(styled_line(10, false).add_bar(4, 1, 2).text(), "━━··");
    EXPECT_EQ(styled_line(10, false).add_bar(4, 0, 2).text(), "····");
    EXPECT_EQ(styled_line(10, false).add_bar(4, 3, 2).text(), "━━━━");
    EXPECT_EQ(styled_line(10, false).add_bar(4, 0, 0).text(), "━━━━");
}

} // namespace
} // namespace understudy::apps
