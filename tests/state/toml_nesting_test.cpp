#include "state/toml_nesting.hpp"

#include "state/errc.hpp"
#include "state/toml_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace understudy::state {

using testing::HasSubstr;

namespace {

std::string repeat(const std::string& what, int count) {
    std::string made;
    for (int i = 0; i < count; ++i)
        made += what;
    return made;
}

} // namespace

TEST(toml_nesting, finds_keys_and_values_that_are_too_deep) {
    EXPECT_EQ(place_of_deep_nesting("a = 1\n" + repeat("b.", 17) + "c = 1"), (text_place{2, 34}));
    EXPECT_EQ(place_of_deep_nesting("a = " + repeat("[", 33)), (text_place{1, 37}));
    for (const std::string& deep :
         {"[" + repeat("b.", 17) + "c]", "[[" + repeat("b.", 17) + "c]]",
          "a = {" + repeat("b.", 17) + "c = 1}", repeat("\"x\" . ", 17) + "c = 1",
          repeat("'x.y'.", 17) + "c = 1", "a = " + repeat("{ b = ", 33),
          "a = \"it's\"\n" + repeat("b.", 17) + "c = 1", "# it's\n" + repeat("b.", 17) + "c = 1",
          "a = 'x\\'\n" + repeat("b.", 17) + "c = 1", "a = \"\\\\\"\n" + repeat("b.", 17) + "c = 1",
          "a = \"\"\"x\"\"\"\"\"\n" + repeat("b.", 17) + "c = 1",
          "a = '''x''''\n" + repeat("b.", 17) + "c = 1", "a = ''\n" + repeat("b.", 17) + "c = 1",
          "a = \"\"\n" + repeat("b.", 17) + "c = 1"}) {
        EXPECT_TRUE(place_of_deep_nesting(deep)) << deep;
        const auto document = parse_toml(deep);
        ASSERT_FALSE(document) << deep;
        EXPECT_EQ(document.error().code, errc::task_file_invalid);
        EXPECT_THAT(document.error().what, HasSubstr("deeper than"));
    }
}

TEST(toml_nesting, leaves_alone_what_only_looks_so) {
    for (const std::string& good :
         {repeat("b.", 16) + "c = 1", "a = " + repeat("[", 32) + repeat("]", 32),
          "a = \"" + repeat("x.", 100) + "\"", "a = '" + repeat("[", 100) + "'",
          "a = \"\"\"\n" + repeat("x.", 100) + "\"\n\\\"\"\" " + repeat("{", 100) + "\"\"\"",
          "a = '''" + repeat("x.", 100) + "''" + repeat("[", 100) + "'''",
          "a = " + repeat("{" + repeat("b.", 16) + "c = ", 32) + "1" + repeat("}", 32),
          "# " + repeat("x.", 100) + "\na = 1", "a = [" + repeat("1.5, ", 100) + "]",
          repeat("[[a]]\n", 100)}) {
        EXPECT_FALSE(place_of_deep_nesting(good)) << good;
        EXPECT_TRUE(parse_toml(good)) << good;
    }
}

TEST(toml_nesting, ends_with_texts_that_do_not) {
    for (const std::string& open :
         {"a = \"", "a = \"\"\"", "a = '", "a = '''", "a = \"\\", "a = \"\"\"\\", "\"", "'", "#",
          "a = \"\"\"x\"", "a = \"\"\"x\"\""})
        EXPECT_FALSE(place_of_deep_nesting(open)) << open;
}

} // namespace understudy::state
