#include "precheck/grants.hpp"

#include "protocol/errc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using testing::ElementsAre;

grants parsed(std::vector<std::string> lines, bool wildcards = true) {
    auto found = grants::parse(lines, wildcards);
    EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().what);
    return found ? *found : grants();
}

TEST(grants, reads_static_and_dynamic_privileges_of_the_server) {
    const grants held = parsed({
        "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `repl`@`%`",
        "GRANT REPLICATION_APPLIER,SESSION_VARIABLES_ADMIN ON *.* TO `repl`@`%`",
    });
    EXPECT_TRUE(held.on_server("REPLICATION SLAVE"));
    EXPECT_TRUE(held.on_server("SESSION_VARIABLES_ADMIN"));
    EXPECT_TRUE(held.on_table("SELECT", "shop", "orders"));
    EXPECT_FALSE(held.on_server("INSERT"));
}

TEST(grants, usage_is_nothing) {
    const grants held =
        parsed({"GRANT USAGE ON *.* TO 'u'@'%' IDENTIFIED BY PASSWORD '*2470C0C0'"});
    EXPECT_FALSE(held.on_server("SELECT"));
}

TEST(grants, all_privileges_hold_where_they_were_given) {
    const grants held = parsed({"GRANT USAGE ON *.* TO `u`@`%`",
                                "GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%` WITH GRANT OPTION"});
    EXPECT_TRUE(held.on_database("CREATE VIEW", "shop"));
    EXPECT_TRUE(held.on_table("DELETE", "shop", "orders"));
    EXPECT_FALSE(held.on_database("SELECT", "crm"));
    EXPECT_FALSE(held.on_server("SELECT"));
}

TEST(grants, takes_wildcards_in_database_names_as_the_server_does) {
    const grants held = parsed({"GRANT SELECT ON `shop\\_%`.* TO `u`@`%`"});
    EXPECT_TRUE(held.on_database("SELECT", "shop_2026"));
    EXPECT_FALSE(held.on_database("SELECT", "shopX2026"));
    EXPECT_FALSE(held.on_database("SELECT", "shop"));
}

TEST(grants, the_most_specific_database_grant_counts_alone) {
    const grants held = parsed(
        {"GRANT SELECT, INSERT ON `sh%`.* TO `u`@`%`", "GRANT SELECT ON `shop`.* TO `u`@`%`"});
    EXPECT_TRUE(held.on_database("INSERT", "ship"));
    EXPECT_FALSE(held.on_database("INSERT", "shop"));
}

TEST(grants, has_no_wildcards_with_partial_revokes) {
    const grants held = parsed({"GRANT SELECT ON `shop_1`.* TO `u`@`%`"}, false);
    EXPECT_TRUE(held.on_database("SELECT", "shop_1"));
    EXPECT_FALSE(held.on_database("SELECT", "shopX1"));
}

TEST(grants, takes_partial_revokes_off) {
    const grants held =
        parsed({"GRANT SELECT, INSERT ON *.* TO `u`@`%`", "REVOKE INSERT ON `shop`.* FROM `u`@`%`",
                "REVOKE SELECT ON `mysql`.* FROM `u`@`%`"},
               false);
    EXPECT_FALSE(held.on_database("INSERT", "shop"));
    EXPECT_TRUE(held.on_database("SELECT", "shop"));
    EXPECT_FALSE(held.on_server("INSERT"));
    EXPECT_FALSE(held.on_table("SELECT", "mysql", "user"));
    EXPECT_TRUE(held.on_server("SELECT")) << "system schemas are of no interest";
}

TEST(grants, reads_table_grants_and_leaves_out_column_grants) {
    const grants held =
        parsed({"GRANT SELECT, INSERT (`id`, `odd``name`), UPDATE ON `shop`.`orders` TO `u`@`%`"});
    EXPECT_TRUE(held.on_table("SELECT", "shop", "orders"));
    EXPECT_TRUE(held.on_table("UPDATE", "shop", "orders"));
    EXPECT_FALSE(held.on_table("INSERT", "shop", "orders"));
    EXPECT_FALSE(held.on_table("SELECT", "shop", "customers"));
}

TEST(grants, lists_roles_and_passes_over_routines_and_proxies) {
    const grants held = parsed({"GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `shop`.`p` TO `u`@`%`",
                                "GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION",
                                "GRANT `reader`@`%`,`writer`@`%` TO `u`@`%`"});
    EXPECT_THAT(held.roles(), ElementsAre("`reader`@`%`", "`writer`@`%`"));
    EXPECT_FALSE(held.on_database("EXECUTE", "shop"));
}

TEST(grants, reads_names_in_double_quotes_and_with_doubled_back_ticks) {
    const grants held = parsed(
        {"GRANT SELECT ON \"shop\".* TO \"u\"@\"%\"", "GRANT SELECT ON `odd``one`.* TO `u`@`%`"});
    EXPECT_TRUE(held.on_database("SELECT", "shop"));
    EXPECT_TRUE(held.on_database("SELECT", "odd`one"));
}

TEST(grants, refuses_a_line_that_it_does_not_understand) {
    for (const std::string line :
         {"", "GRANT", "GRANT SELECT", "GRANT SELECT ON `shop", "HELLO",
          "GRANT SELECT ON shop.* TO u", "GRANT SELECT (`a` ON *.* TO u"}) {
        SCOPED_TRACE(line);
        const std::vector<std::string> lines{line};
        const auto found = grants::parse(lines, true);
        ASSERT_FALSE(found.has_value());
        EXPECT_EQ(found.error().code, make_error_code(protocol::errc::malformed));
    }
}

} // namespace
} // namespace understudy::precheck
