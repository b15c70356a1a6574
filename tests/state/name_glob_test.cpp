#include "state/name_glob.hpp"

#include <gtest/gtest.h>

namespace understudy::state {
namespace {

bool matches(std::string_view pattern, std::string_view database, std::string_view object,
             bool fold = false) {
    const auto parsed = object_pattern::parse(pattern);
    EXPECT_TRUE(parsed.has_value()) << pattern;
    return parsed && parsed->matches(database, object, fold);
}

TEST(object_pattern, a_database_alone_means_all_of_it) {
    EXPECT_TRUE(matches("shop", "shop", "orders"));
    EXPECT_FALSE(matches("shop", "shops", "orders"));
}

TEST(object_pattern, wildcards_work_in_both_parts) {
    EXPECT_TRUE(matches("sh?p.*", "shop", "orders"));
    EXPECT_TRUE(matches("*.tmp_*", "crm", "tmp_"));
    EXPECT_TRUE(matches("*.*a*b*", "x", "zzaqqbzz"));
    EXPECT_FALSE(matches("*.*a*b", "x", "zzaqqbzz"));
    EXPECT_FALSE(matches("shop.order?", "shop", "orders_old"));
}

TEST(object_pattern, a_question_mark_stands_for_one_character_not_one_byte) {
    EXPECT_TRUE(matches("shop.?pfel", "shop", "Äpfel"));
    EXPECT_FALSE(matches("shop.??pfel", "shop", "Äpfel"));
}

TEST(object_pattern, back_ticks_take_dots_asterisks_and_back_ticks_literally) {
    EXPECT_TRUE(matches("`my.db`.`a*b`", "my.db", "a*b"));
    EXPECT_FALSE(matches("`my.db`.`a*b`", "my.db", "axb"));
    EXPECT_TRUE(matches("`we``ird`", "we`ird", "anything"));
    EXPECT_TRUE(matches("`my.db`.*", "my.db", "t"));
}

TEST(object_pattern, letters_compare_with_case_unless_told_otherwise) {
    EXPECT_FALSE(matches("Shop.Orders", "shop", "orders"));
    EXPECT_TRUE(matches("Shop.Orders", "shop", "ORDERS", true));
}

TEST(object_pattern, bad_syntax_is_refused) {
    for (const char* text : {"", ".", "a.", ".b", "a.b.c", "`a", "`a`b", "a`b", "``"}) {
        EXPECT_FALSE(object_pattern::parse(text).has_value()) << text;
    }
}

TEST(name_glob, a_long_run_of_asterisks_does_not_explode) {
    const auto pattern = object_pattern::parse("d.*a*a*a*a*a*a*a*a*a*a*a*a*b");
    ASSERT_TRUE(pattern.has_value());
    EXPECT_FALSE(pattern->matches("d", std::string(5'000, 'a'), false));
}

TEST(name_glob, counts_characters) {
    EXPECT_EQ(count_characters("Äpfel"), 5U);
    EXPECT_EQ(count_characters(""), 0U);
}

} // namespace
} // namespace understudy::state
