#include "precheck/needs.hpp"

#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string source_grants(const scene& at, const std::vector<std::string>& held) {
    const auto selection = state::object_selection::make(at.spec);
    const auto lacking = missing(granted(held), source_needs(at.spec, *selection, at.source));
    return grant_statements(lacking, "repl@%");
}

std::string target_grants(const scene& at, const std::vector<std::string>& held) {
    const auto selection = state::object_selection::make(at.spec);
    const auto lacking =
        missing(granted(held), target_needs(at.spec, *selection, at.source, at.target));
    return grant_statements(lacking, "apply@%");
}

TEST(source_needs, asks_for_everything_of_a_whole_database_in_as_few_grants_as_possible) {
    const scene at;
    EXPECT_EQ(source_grants(at, {"GRANT USAGE ON *.* TO `repl`@`%`"}),
              "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SHOW_ROUTINE ON *.* TO 'repl'@'%';\n"
              "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `shop`.* TO 'repl'@'%';");
}

TEST(source_needs, is_content_with_what_is_enough) {
    const scene at;
    EXPECT_EQ(
        source_grants(at, {"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `repl`@`%`",
                           "GRANT SHOW_ROUTINE ON *.* TO `repl`@`%`",
                           "GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `shop`.* TO `repl`@`%`"}),
        "");
}

TEST(source_needs, asks_for_a_named_table_alone) {
    scene at;
    at.spec = task({"shop.orders"});
    at.source.tables.pop_back();
    const std::string asked = source_grants(at, {"GRANT USAGE ON *.* TO `repl`@`%`"});
    EXPECT_THAT(asked, HasSubstr("GRANT SELECT, SHOW VIEW, TRIGGER ON `shop`.`orders` TO"));
    EXPECT_THAT(asked, Not(HasSubstr("`shop`.*")));
    EXPECT_THAT(asked, Not(HasSubstr("SHOW_ROUTINE")));
}

TEST(source_needs, asks_for_a_table_that_the_account_is_not_shown) {
    scene at;
    at.spec = task({"shop.orders"});
    at.source.tables.clear();
    at.source.databases.clear();
    EXPECT_THAT(source_grants(at, {"GRANT USAGE ON *.* TO `repl`@`%`"}),
                HasSubstr("ON `shop`.`orders` TO"));
}

TEST(source_needs, escapes_wildcards_in_the_database_name_of_a_grant) {
    scene at;
    at.spec = task({"my_shop.*"});
    at.source.tables.clear();
    at.source.databases.clear();
    EXPECT_THAT(source_grants(at, {"GRANT USAGE ON *.* TO `repl`@`%`"}),
                HasSubstr("ON `my\\_shop`.* TO"));
}

TEST(source_needs, asks_to_lock_tables_only_where_that_is_the_only_exact_way) {
    scene at;
    const std::vector<std::string> held{
        "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO "
        "`repl`@`%`"};
    EXPECT_EQ(source_grants(at, held), "");
    const std::string wanted = "GRANT LOCK TABLES ON `shop`.* TO 'repl'@'%';";

    scene keyless = at;
    keyless.source.tables.back().has_key = false;
    EXPECT_EQ(source_grants(keyless, held), wanted);

    scene by_position = at;
    by_position.source.gtid_mode_on = false;
    EXPECT_EQ(source_grants(by_position, held), wanted);

    scene cascading = at;
    cascading.source.tables.back().cascades = true;
    EXPECT_EQ(source_grants(cascading, held), "") << "9.6 and later log cascades";
    cascading.source.server.version_number = 80404;
    EXPECT_EQ(source_grants(cascading, held), wanted);

    scene no_copy = keyless;
    no_copy.spec.initial.data = false;
    EXPECT_EQ(source_grants(no_copy, held), "");
}

TEST(source_needs, asks_old_servers_for_what_they_know) {
    scene at;
    at.source.server.version_number = 50624;
    const std::string asked = source_grants(at, {"GRANT USAGE ON *.* TO 'repl'@'%'"});
    EXPECT_THAT(asked, HasSubstr("GRANT SELECT ON `mysql`.`proc` TO"));
    EXPECT_THAT(asked, Not(HasSubstr("SHOW_ROUTINE")));
}

TEST(target_needs, asks_under_the_names_of_the_target) {
    scene at;
    at.spec.objects.rename = {{"shop", "shop_copy"}};
    for (table_fact& table : at.source.tables)
        table.on_target.database = "shop_copy";
    const std::string asked = target_grants(at, {"GRANT USAGE ON *.* TO `apply`@`%`"});
    EXPECT_THAT(
        asked,
        HasSubstr("GRANT REPLICATION_APPLIER, SESSION_VARIABLES_ADMIN ON *.* TO 'apply'@'%';"));
    EXPECT_THAT(asked, HasSubstr("ON `shop\\_copy`.* TO"));
    EXPECT_THAT(asked, HasSubstr("ON `understudy`.* TO"));
    EXPECT_THAT(asked, Not(HasSubstr("ON `shop`.* TO")));
}

TEST(target_needs, takes_older_privileges_for_the_same) {
    const scene at;
    const std::string asked = target_grants(at, {"GRANT SUPER ON *.* TO `apply`@`%`"});
    EXPECT_THAT(asked, Not(HasSubstr("REPLICATION_APPLIER")));
    EXPECT_THAT(asked, Not(HasSubstr("SESSION_VARIABLES_ADMIN")));
}

TEST(target_needs, asks_for_definer_privileges_by_version_and_only_for_others_definers) {
    scene at;
    const std::vector<std::string> held{"GRANT USAGE ON *.* TO `apply`@`%`"};
    at.source.definers = {{"view", {"shop", "v"}, "apply@%"}};
    EXPECT_THAT(target_grants(at, held), Not(HasSubstr("DEFINER")));
    at.source.definers = {{"view", {"shop", "v"}, "root@localhost"}};
    EXPECT_THAT(target_grants(at, held), HasSubstr("SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER"));
    at.target.server.version_number = 80042;
    EXPECT_THAT(target_grants(at, held), HasSubstr("SET_USER_ID"));
    EXPECT_THAT(target_grants(at, held), Not(HasSubstr("SET_ANY_DEFINER")));
}

TEST(quote_account, quotes_both_parts_and_splits_at_the_last_at_sign) {
    EXPECT_EQ(quote_account("repl@%"), "'repl'@'%'");
    EXPECT_EQ(quote_account("o'brien@ops@10.0.0.%"), "'o''brien@ops'@'10.0.0.%'");
}

} // namespace
} // namespace understudy::precheck
