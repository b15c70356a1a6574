#include "precheck/needs.hpp"
#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::HasSubstr;
using testing::Not;

scene asking() {
    scene at;
    at.known.first_start = true;
    at.spec.objects.accounts = {"*"};
    at.source.accounts = {{"app", "%"}, {"reader", "%"}};
    at.source.account_grants = {"GRANT USAGE ON *.* TO `app`@`%`",
                                "GRANT PROCESS ON *.* TO `app`@`%` WITH GRANT OPTION",
                                "GRANT ALL PRIVILEGES ON `my\\_shop`.* TO `app`@`%`",
                                "GRANT SELECT (`a`), INSERT ON `my_shop`.`t` TO `reader`@`%`",
                                "GRANT `reader`@`%` TO `app`@`%`"};
    return at;
}

bool has(const std::vector<item>& items, std::string_view id) {
    return std::ranges::any_of(items, [&](const item& one) { return one.id == id; });
}

TEST(account_items, are_none_unless_accounts_are_asked_for) {
    auto at = asking();
    at.spec.objects.accounts.clear();
    EXPECT_FALSE(has(at.source_said(), "source.accounts"));
    EXPECT_FALSE(has(at.target_said(), "target.accounts"));
}

TEST(account_items, pass_between_servers_that_have_the_same_kind_of_accounts) {
    const auto at = asking();
    EXPECT_EQ(said(at.source_said(), "source.accounts").state, outcome::passed);
    EXPECT_EQ(said(at.target_said(), "target.accounts").state, outcome::passed);
}

TEST(account_items, refuse_servers_whose_accounts_are_of_another_kind) {
    auto old = asking();
    old.source.server.version_number = 50744;
    EXPECT_EQ(said(old.source_said(), "source.accounts").state, outcome::failed);
    auto from_mariadb = asking();
    from_mariadb.source.server.is_mariadb = true;
    EXPECT_EQ(said(from_mariadb.source_said(), "source.accounts").state, outcome::failed);
    auto to_mariadb = asking();
    to_mariadb.target.server.is_mariadb = true;
    EXPECT_EQ(said(to_mariadb.target_said(), "target.accounts").state, outcome::failed);
}

TEST(account_items, refuse_partial_revokes) {
    auto at = asking();
    at.source.server.settings["partial_revokes"] = "ON";
    at.target.server.settings["partial_revokes"] = "ON";
    EXPECT_EQ(said(at.source_said(), "source.accounts").state, outcome::failed);
    EXPECT_EQ(said(at.target_said(), "target.accounts").state, outcome::failed);
}

TEST(account_items, list_accounts_that_are_in_the_way) {
    auto at = asking();
    at.target.accounts = at.source.accounts;
    const auto one = said(at.target_said(), "target.accounts");
    EXPECT_EQ(one.state, outcome::failed);
    EXPECT_THAT(one.seen, HasSubstr("'app'@'%'"));
    EXPECT_THAT(one.seen, HasSubstr("'reader'@'%'"));
    EXPECT_TRUE(blocks(at.target_said()));
    at.spec.conflict.policy = state::task_spec::existing_tables::ignore;
    EXPECT_EQ(said(at.target_said(), "target.accounts").state, outcome::passed);
    at.spec.conflict.policy = state::task_spec::existing_tables::intercept;
    at.known.first_start = false;
    EXPECT_EQ(said(at.target_said(), "target.accounts").state, outcome::passed);
}

TEST(account_items, tell_privileges_that_cannot_be_given) {
    auto at = asking();
    at.source.account_troubles = {"`a_b` is a pattern of databases"};
    const auto one = said(at.source_said(), "source.accounts");
    EXPECT_EQ(one.state, outcome::failed);
    EXPECT_THAT(one.seen, HasSubstr("`a_b` is a pattern"));
}

std::string lacking(const scene& at, const std::vector<std::string>& held) {
    const auto selection = state::object_selection::make(at.spec);
    return grant_statements(
        missing(granted(held), target_needs(at.spec, *selection, at.source, at.target)), "apply@%");
}

TEST(account_needs, are_what_the_accounts_may_do_and_the_right_to_grant_it) {
    auto at = asking();
    const std::string held = "GRANT ALL PRIVILEGES ON `shop`.* TO `apply`@`%`";
    const auto asked = lacking(at, {held, "GRANT SELECT ON *.* TO `apply`@`%`"});
    EXPECT_THAT(asked, HasSubstr("CREATE USER"));
    EXPECT_THAT(asked, HasSubstr("GRANT OPTION"));
    EXPECT_THAT(asked, HasSubstr("ROLE_ADMIN"));
    EXPECT_THAT(asked, HasSubstr("PROCESS"));
    EXPECT_THAT(asked, HasSubstr("CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER"));
    EXPECT_THAT(asked, HasSubstr("ON `my\\_shop`.* TO 'apply'@'%';"));
    // All privileges are not the right to grant them.
    const std::string all = "GRANT ALL PRIVILEGES ON *.* TO `apply`@`%`";
    EXPECT_EQ(lacking(at, {all}), "GRANT GRANT OPTION ON *.* TO 'apply'@'%';");
    EXPECT_EQ(lacking(at, {all + " WITH GRANT OPTION"}), "");
    at.spec.objects.accounts.clear();
    EXPECT_EQ(lacking(at, {all}), "");
}

TEST(account_needs, of_the_source_are_to_read_them) {
    auto at = asking();
    const auto asked = [&] {
        const auto selection = state::object_selection::make(at.spec);
        return grant_statements(missing(granted({"GRANT USAGE ON *.* TO `repl`@`%`"}),
                                        source_needs(at.spec, *selection, at.source)),
                                "repl@%");
    };
    EXPECT_THAT(asked(), HasSubstr("GRANT SELECT ON `mysql`.* TO 'repl'@'%';"));
    at.spec.initial.schema = false;
    EXPECT_THAT(asked(), Not(HasSubstr("`mysql`")));
}

} // namespace
} // namespace understudy::precheck
