#include "precheck/waivers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;

report two_servers() {
    report made;
    made.source.reached = made.target.reached = true;
    made.items = {{.id = "source.privileges",
                   .level = severity::blocking,
                   .state = outcome::failed,
                   .title = "privileges",
                   .seen = "missing",
                   .why = "it is needed",
                   .fix = "GRANT …"},
                  {.id = "target.names",
                   .level = severity::blocking,
                   .state = outcome::passed,
                   .title = "names",
                   .seen = "all",
                   .why = {},
                   .fix = {}}};
    return made;
}

TEST(waivers, let_a_task_start_with_what_a_person_has_accepted) {
    report value = two_servers();
    EXPECT_FALSE(value.passed());
    EXPECT_THAT(to_text(value, false), HasSubstr("precheck.waive = [\"source.privileges\"]"));
    apply_waivers(value, {"source.privileges"});
    EXPECT_TRUE(value.passed());
    EXPECT_TRUE(value.items[0].waived);
    EXPECT_EQ(value.items[0].state, outcome::failed);
    EXPECT_THAT(to_text(value, false), HasSubstr("missing (waived in the task file)"));
    EXPECT_THAT(to_json(value), HasSubstr(R"("waivable":true,"waived":true)"));
}

TEST(waivers, mean_nothing_for_what_has_passed) {
    report value = two_servers();
    value.items[0].state = outcome::passed;
    apply_waivers(value, {"source.privileges"});
    EXPECT_FALSE(value.items[0].waived);
    EXPECT_TRUE(value.passed());
}

TEST(waivers, are_refused_for_what_keeps_replication_exact) {
    report value = two_servers();
    value.items[0].state = outcome::passed;
    apply_waivers(value, {"target.names"});
    EXPECT_FALSE(value.passed());
    EXPECT_EQ(value.items.back().seen, "target.names cannot be waived");
}

TEST(waivers, are_refused_for_items_that_are_not_there) {
    report value = two_servers();
    value.items[0].state = outcome::passed;
    apply_waivers(value, {"source.privilege"});
    EXPECT_FALSE(value.passed());
    EXPECT_THAT(value.items.back().seen, HasSubstr("source.privilege is not the id"));
    // Some items are looked at in some tasks only.
    value = two_servers();
    value.items[0].state = outcome::passed;
    apply_waivers(value, {"source.partial_json"});
    EXPECT_TRUE(value.passed());
    // A server that was not reached has no items that could be named.
    value.target.reached = false;
    apply_waivers(value, {"target.unheard_of"});
    EXPECT_TRUE(value.passed());
}

} // namespace
} // namespace understudy::precheck
