#include "state/condition/where_expression.hpp"

#include <gtest/gtest.h>

#include <map>

namespace understudy::state_test {
namespace {

using state::comparable;
using state::compare_decimals;
using state::matches_like;
using state::where_expression;
using kind = comparable::kind;

comparable value(kind what, std::string text) {
    comparable made;
    made.what = what;
    made.text = std::move(text);
    return made;
}

comparable real(double number, bool single) {
    comparable made;
    made.what = kind::real;
    made.real = number;
    made.is_single_precision = single;
    return made;
}

const std::map<std::string, comparable> row = {
    {"id", comparable::number("42")},
    {"big", comparable::number("18446744073709551615")},
    {"price", comparable::number("-12.50")},
    {"status", comparable::string("paid")},
    {"note", value(kind::null, "")},
    {"f", real(static_cast<double>(1.1F), true)},
    {"d", real(0.1, false)},
    {"at", value(kind::moment, "2026-02-03 12:34:56.500000")},
    {"day", value(kind::moment, "2026-02-03")},
    {"length", value(kind::time, "-01:30:00")},
    {"data", comparable::of_bytes(std::string("\x00\xff", 2))},
    {"@2", comparable::string("second")},
    {"before.status", comparable::string("new")},
    {"a b", comparable::number("7")},
};

std::string answer(const std::string& condition) {
    const auto parsed = where_expression::parse(condition);
    if (!parsed) return parsed.error().what;
    static const comparable absent;
    const auto found = parsed->evaluate([&](std::size_t i) -> const comparable& {
        const auto& column = parsed->columns()[i];
        std::string name = column.name.empty() ? "@" + std::to_string(column.number) : column.name;
        if (column.of == where_expression::image::before) name = "before." + name;
        if (column.of == where_expression::image::after) name = "after." + name;
        const auto at = row.find(name);
        return at == row.end() ? absent : at->second;
    });
    return !found ? "unknown" : *found ? "true" : "false";
}

TEST(where_expression, answers_as_sql_does) {
    const std::pair<const char*, const char*> cases[] = {
        {"id = 42", "true"},
        {"id == 42.0", "true"},
        {"id != 42", "false"},
        {"id <> 41", "true"},
        {"id < 42", "false"},
        {"id <= 42", "true"},
        {"42 = id", "true"},
        {"id > -1", "true"},
        {"id = 42 and status = \"paid\"", "true"},
        {"id = 42 and status = 'new'", "false"},
        {"id = 1 or status = 'paid'", "true"},
        {"not id = 1", "true"},
        {"not (id = 1 or id = 42)", "false"},
        {"id = 1 and id = 2 or id = 42", "true"},
        {"id = 42 or id = 1 and id = 2", "true"},
        {"id in (1, 2, 42)", "true"},
        {"id not in (1, 2)", "true"},
        {"id IN (1, 2)", "false"},
        {"note in ('a')", "unknown"},
        {"id between 40 and 42", "true"},
        {"id not between 40 and 42", "false"},
        {"id between 40 and 42 and status like 'p%'", "true"},
        {"note is null", "true"},
        {"note is not null", "false"},
        {"status is null", "false"},
        {"note = 'x'", "unknown"},
        {"note != 'x'", "unknown"},
        {"not note = 'x'", "unknown"},
        {"note = 'x' or id = 42", "true"},
        {"note = 'x' and id = 1", "false"},
        {"nowhere = 1", "unknown"},
        {"nowhere is null", "unknown"},
        {"big = 18446744073709551615", "true"},
        {"big > 18446744073709551614", "true"},
        {"big = 18446744073709551616", "false"},
        {"price = -12.5", "true"},
        {"price < -12.4999999999999999999999", "true"},
        {"price = '-12.500'", "true"},
        {"price = 'cheap'", "unknown"},
        {"status like 'p__d'", "true"},
        {"status like '%ai%'", "true"},
        {"status not like 'n%'", "true"},
        {"status like 'p\\%'", "false"},
        {"status = 'PAID'", "false"},
        {"f = 1.1", "true"},
        {"d = 0.1", "true"},
        {"d < 0.1000000000000001", "true"},
        {"at = '2026-02-03 12:34:56.5'", "true"},
        {"at = '2026-02-03T12:34:56.5Z'", "true"},
        {"at >= '2026-02-03'", "true"},
        {"at < '2026-02-04'", "true"},
        {"day = '2026-02-03'", "true"},
        {"day < '2026-02-03 00:00:01'", "true"},
        {"length = '-1:30'", "true"},
        {"length < '00:00'", "true"},
        {"data = x'00ff'", "true"},
        {"data = 0x00ff", "true"},
        {"status = x'70616964'", "true"},
        {"@2 = 'second'", "true"},
        {"before.status = 'new' and status = 'paid'", "true"},
        {"old.status != status", "true"},
        {"`a b` = 7", "true"},
        {"id = 42 -- ", "the condition has a character that means nothing: - at character 9"},
    };
    for (const auto& [condition, expected] : cases)
        EXPECT_EQ(answer(condition), expected) << condition;
}

TEST(where_expression, says_where_a_mistake_is) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "the condition should have a column or a value at character 1, but it ends"},
        {"id", "the condition should have =, !=, <, <=, >, >=, IN, LIKE, BETWEEN or IS at "
               "character 3, but it ends"},
        {"id = ", "the condition should have a column or a value at character 6, but it ends"},
        {"id = 1 status = 2",
         "the condition should have AND, OR or the end at character 8, but there is status"},
        {"(id = 1", "the condition should have a closing parenthesis at character 8, but it ends"},
        {"id = NULL", "the condition should have IS NULL or IS NOT NULL to ask for NULL, at "
                      "character 6, but there is NULL"},
        {"name = 'x", "the condition has no end of what begins with ' at character 8"},
        {"t.id = 1", "the condition should have before. or after. at character 1, but there is t"},
        {"id = x'0'", "the condition has an odd number of hex digits at character 10"},
        {"@0 = 1", "the condition should have a column number from 1 to 4096 at character 1, but "
                   "there is 0"},
        {"id not = 3", "the condition should have IN, LIKE or BETWEEN at character 8, but there is "
                       "="},
    };
    for (const auto& [condition, expected] : cases)
        EXPECT_EQ(answer(condition), expected) << condition;
}

TEST(where_expression, bounds_depth_and_length) {
    EXPECT_NE(answer(std::string(10'000, '(')).find("nested too deep"), std::string::npos);
    std::string long_one = "id = 1";
    for (int i = 0; i < 5'000; ++i)
        long_one += " or id = 1";
    EXPECT_NE(answer(long_one).find("too long"), std::string::npos);
    EXPECT_NE(answer("id = '" + std::string(100'000, 'x') + "'").find("too long"),
              std::string::npos);
}

TEST(where_expression, asks_for_each_column_once) {
    const auto parsed = where_expression::parse("id = 1 or id = 2 or before.id = 3 or @1 = 4");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->columns().size(), 3U);
}

TEST(comparable, compares_decimals_exactly) {
    const char* const ascending[] = {
        "-1e20", "-12.50", "-12.4999", "-1",    "-0.001",
        "0",     "1e-30",  "0.5",      "1",     "1.0000000000000000000001",
        "9",     "10",     "1e2",      "100.1", "99999999999999999999999999"};
    for (std::size_t i = 0; i < std::size(ascending); ++i) {
        for (std::size_t j = 0; j < std::size(ascending); ++j)
            EXPECT_EQ(compare_decimals(ascending[i], ascending[j]), i <=> j)
                << ascending[i] << " and " << ascending[j];
    }
    EXPECT_EQ(compare_decimals("-0.00", "0"), std::strong_ordering::equal);
    EXPECT_EQ(compare_decimals("100", "1e2"), std::strong_ordering::equal);
}

TEST(comparable, like_takes_characters_not_bytes) {
    EXPECT_TRUE(matches_like("grün", "gr_n"));
    EXPECT_FALSE(matches_like("grün", "gr__n"));
    EXPECT_TRUE(matches_like("100%", "100\\%"));
    EXPECT_FALSE(matches_like("1000", "100\\%"));
    EXPECT_TRUE(matches_like("", "%"));
    EXPECT_FALSE(matches_like("", "_"));
    EXPECT_TRUE(matches_like(std::string(20'000, 'a'), "%a%a%a%a"));
    EXPECT_FALSE(matches_like(std::string(20'000, 'a'), "%a%a%a%b"));
}

} // namespace
} // namespace understudy::state_test
