#include "precheck/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;
using testing::Not;

report example() {
    return {{
        {"source.version", severity::blocking, outcome::passed, "server version", "MySQL 9.7.4", "",
         ""},
        {"source.privileges", severity::blocking, outcome::failed, "privileges of repl@%",
         "missing: SELECT on `shop`.*", "needed to copy the tables",
         "GRANT SELECT ON `shop`.* TO 'repl'@'%';\n-- or a role"},
        {"target.tls", severity::warning, outcome::failed, "encryption", "none", "it can be read",
         "tls.mode"},
    }};
}

TEST(report, passes_unless_something_blocking_did_not) {
    report one = example();
    EXPECT_FALSE(one.passed());
    one.items[1].state = outcome::skipped;
    EXPECT_FALSE(one.passed()) << "what was not looked at has not passed";
    one.items[1].state = outcome::passed;
    EXPECT_TRUE(one.passed()) << "warnings do not block";
    EXPECT_TRUE(report{}.passed());
}

TEST(report, is_a_text_with_the_way_out_below_each_failure) {
    EXPECT_EQ(to_text(example(), false),
              "source\n"
              "  ✓ server version                        MySQL 9.7.4\n"
              "  ✗ privileges of repl@%                  missing: SELECT on `shop`.*\n"
              "     why  needed to copy the tables\n"
              "     fix  GRANT SELECT ON `shop`.* TO 'repl'@'%';\n"
              "          -- or a role\n"
              "      or  precheck.waive = [\"source.privileges\"]\n"
              "\n"
              "target\n"
              "  ! encryption                            none\n"
              "     why  it can be read\n"
              "     fix  tls.mode\n"
              "\n"
              "1 passed, 1 warning, 1 blocking: the task cannot start.\n");
}

TEST(report, has_colours_only_when_asked) {
    EXPECT_THAT(to_text(example(), true), HasSubstr("\x1b[31m✗\x1b[0m"));
    EXPECT_THAT(to_text(example(), false), Not(HasSubstr("\x1b")));
}

TEST(report, is_json_for_programs) {
    const std::string json = to_json(example());
    EXPECT_THAT(json, HasSubstr(R"({"passed":false,"items":[{"id":"source.version")"));
    EXPECT_THAT(json, HasSubstr(R"("severity":"warning","outcome":"failed")"));
    EXPECT_THAT(json,
                HasSubstr(R"("fix":"GRANT SELECT ON `shop`.* TO 'repl'@'%';\n-- or a role")"));
}

} // namespace
} // namespace understudy::precheck
