// What becomes of statements about accounts (ddl/account_planner).

#include "applier/ddl/lexer.hpp"
#include "applier/errc.hpp"
#include "applier/statement_plan.hpp"
#include "state/object_selection.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::applier {
namespace {

constexpr std::uint32_t version_97 = 90704;
constexpr std::string_view hash = "'$A$005$\\'x\\\\y0123456789abcdef'";

state::task_spec spec_of(std::vector<std::string> accounts,
                         std::vector<std::pair<std::string, std::string>> rename = {},
                         std::vector<std::string> include = {"shop.*", "crm.customers"}) {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = std::move(include);
    spec.objects.rename = std::move(rename);
    spec.objects.accounts = std::move(accounts);
    return spec;
}

state::object_selection selection_of(const state::task_spec& spec) {
    auto made = state::object_selection::make(spec);
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

struct known {
    std::string text;
    std::string expected; // empty: skipped; "!": refused; "=": as it is
};

logged_statement logged(std::string_view text, std::string_view database = "shop") {
    logged_statement made{text, database, 0, version_97};
    return made;
}

void check(const state::task_spec& spec, const std::vector<known>& cases,
           std::string_view database = "shop") {
    const auto selection = selection_of(spec);
    for (const known& one : cases) {
        SCOPED_TRACE(one.text);
        const auto made = plan_statement(logged(one.text, database), selection);
        if (one.expected == "!") {
            ASSERT_FALSE(made.has_value()) << made->text << made->reason;
            EXPECT_EQ(made.error().code, errc::unsupported_statement);
            EXPECT_FALSE(made.error().what.contains("$A$")) << made.error().what;
            continue;
        }
        ASSERT_TRUE(made.has_value()) << made.error().what;
        EXPECT_EQ(made->is, statement_plan::kind::account);
        if (one.expected.empty()) {
            EXPECT_EQ(made->what, statement_plan::action::skip) << made->text;
            EXPECT_FALSE(made->reason.empty());
            continue;
        }
        EXPECT_EQ(made->what, statement_plan::action::execute) << made->reason;
        EXPECT_EQ(made->text, one.expected == "=" ? one.text : one.expected);
        EXPECT_EQ(made->database, "");
        EXPECT_FALSE(made->accounts.empty());
    }
}

std::string with_hash(std::string text) {
    for (auto at = text.find('#'); at != std::string::npos; at = text.find('#'))
        text.replace(at, 1, hash);
    return text;
}

TEST(account_statements, are_left_out_unless_asked_for) {
    check(spec_of({}), {{"CREATE USER 'app'@'%'", ""},
                        {"GRANT SELECT ON `shop`.* TO 'app'@'%'", ""},
                        {"SET PASSWORD FOR x = 'y'", ""},
                        {"DROP ROLE r", ""},
                        {"RENAME USER a TO b", ""}});
}

TEST(account_statements, of_selected_accounts_go_as_they_are) {
    std::vector<known> cases;
    for (
        const std::string text :
        {"CREATE USER 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS #",
         "CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS # DEFAULT "
         "ROLE `app`@`%` REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 5 MAX_USER_CONNECTIONS 2 PASSWORD "
         "EXPIRE INTERVAL 10 DAY PASSWORD HISTORY 3 PASSWORD REUSE INTERVAL 30 DAY PASSWORD "
         "REQUIRE CURRENT OPTIONAL FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED ACCOUNT "
         "LOCK COMMENT 'it\\'s, me'",
         "CREATE USER 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS 0x2441 REQUIRE SUBJECT "
         "'/C=x' ISSUER 'y' CIPHER 'z' PASSWORD EXPIRE ACCOUNT UNLOCK ATTRIBUTE '{\\\"a\\\":1}'",
         "CREATE USER 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS # AND IDENTIFIED WITH "
         "'authentication_webauthn' AND IDENTIFIED WITH 'x' AS ''",
         "CREATE USER 'app'@'%' IDENTIFIED WITH 'mysql_native_password'",
         "ALTER USER 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS # RETAIN CURRENT "
         "PASSWORD",
         "ALTER USER 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS # REPLACE 'x'",
         "ALTER USER IF EXISTS 'app'@'%' DISCARD OLD PASSWORD",
         "ALTER USER 'app'@'%' PASSWORD EXPIRE NEVER",
         "ALTER USER 'app'@'%' ACCOUNT UNLOCK",
         "ALTER USER 'app'@'%' ADD 2 FACTOR IDENTIFIED WITH 'x' AS #",
         "ALTER USER 'app'@'%' DROP 2 FACTOR",
         "ALTER USER app@'%' DEFAULT ROLE ALL",
         "ALTER USER app DEFAULT ROLE NONE",
         "ALTER USER app DEFAULT ROLE app_r, `app_w`@'%'",
         "SET DEFAULT ROLE app_r TO app, app2@'%'",
         "SET DEFAULT ROLE NONE TO app",
         "DROP USER IF EXISTS app@'%', 'app2'@'%'",
         "DROP ROLE app_r",
         "CREATE ROLE app_r, app_w",
         "RENAME USER app@'%' TO app2@'%'",
         "GRANT app_r, app_w@'%' TO app@'%' WITH ADMIN OPTION",
         "REVOKE IF EXISTS app_r FROM app IGNORE UNKNOWN USER",
         "GRANT SELECT, INSERT (`a`, `b`), CREATE TEMPORARY TABLES ON `shop`.`t` TO 'app'@'%' WITH "
         "GRANT OPTION",
         "GRANT ALL PRIVILEGES ON *.* TO 'app'@'%' WITH GRANT OPTION",
         "GRANT SELECT, BACKUP_ADMIN ON *.* TO 'app'@'%'",
         "GRANT SELECT ON *.* TO 'app'@'%' AS 'app2'@'%' WITH ROLE app_r",
         "GRANT SELECT ON `shop`.* TO 'app'@'%','app2'@'%'",
         "GRANT SELECT ON `crm`.`customers` TO 'app'@'%'",
         "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `shop`.`p` TO 'app'@'%'",
         "GRANT EXECUTE ON FUNCTION `shop`.`f` TO 'app'@'%'",
         "GRANT PROXY ON 'app2'@'%' TO 'app'@'%' WITH GRANT OPTION",
         "REVOKE PROXY ON 'app2'@'%' FROM 'app'@'%'",
         "REVOKE ALL PRIVILEGES, GRANT OPTION FROM app, app2",
         "REVOKE ALL ON shop.* FROM app",
         "REVOKE IF EXISTS SELECT ON *.* FROM app IGNORE UNKNOWN USER",
         "REVOKE GRANT OPTION ON shop.* FROM app",
         "GRANT GRANT OPTION ON `shop`.* TO 'app'@'%'",
         "/* x */ GRANT SELECT ON `shop`.* TO 'app'@'%' /* y */ ;"})
        cases.push_back({with_hash(text), "="});
    check(spec_of({"app*@%"}), cases);
}

TEST(account_statements, may_be_cut_anywhere) {
    const auto selection = selection_of(spec_of({"app*@%"}, {{"shop", "my_shop"}}));
    const std::string text = with_hash(
        "CREATE USER IF NOT EXISTS 'x'@'%' IDENTIFIED WITH 'p' AS #,'app'@'%' IDENTIFIED WITH 'p' "
        "AS # AND IDENTIFIED BY 'y' DEFAULT ROLE `r`@`%`,`app_r`@`%` REQUIRE SUBJECT 'a' AND "
        "ISSUER "
        "'b' WITH MAX_USER_CONNECTIONS 5 PASSWORD EXPIRE INTERVAL 1 DAY ACCOUNT LOCK COMMENT 'c'");
    const std::string grant = "GRANT SELECT (`a`,`b`), INSERT ON `shop`.`t` TO 'x'@'%','app'@'%' "
                              "WITH GRANT OPTION AS 'app'@'%' WITH ROLE ALL EXCEPT app_r";
    for (const std::string& one : {text, grant}) {
        for (std::size_t length = 0; length <= one.size(); ++length) {
            const auto made =
                plan_statement(logged(std::string_view(one).substr(0, length)), selection);
            if (!made) EXPECT_FALSE(made.error().what.contains("$A$")) << made.error().what;
        }
    }
}

TEST(account_statements, are_trimmed_to_the_selected_accounts) {
    check(
        spec_of({"app*@%"}),
        {{with_hash("CREATE USER 'x'@'%' IDENTIFIED WITH 'p' AS #,'app'@'%' IDENTIFIED WITH 'p' AS "
                    "#,'y'@'h' IDENTIFIED WITH 'p' PASSWORD EXPIRE"),
          with_hash("CREATE USER 'app'@'%' IDENTIFIED WITH 'p' AS # PASSWORD EXPIRE")},
         {with_hash(
              "CREATE USER 'app'@'%' IDENTIFIED WITH 'p' AS #,'y'@'h','app2'@'%' ACCOUNT LOCK"),
          with_hash("CREATE USER 'app'@'%' IDENTIFIED WITH 'p' AS #,'app2'@'%' ACCOUNT LOCK")},
         {with_hash("CREATE USER 'app'@'%' IDENTIFIED WITH 'p' AS # DEFAULT ROLE `r`@`%` ACCOUNT "
                    "LOCK"),
          with_hash("CREATE USER 'app'@'%' IDENTIFIED WITH 'p' AS # ACCOUNT LOCK")},
         {"CREATE USER 'app'@'%' DEFAULT ROLE `r`@`%`,`app_r`@`%`",
          "CREATE USER 'app'@'%' DEFAULT ROLE `app_r`@`%`"},
         {with_hash("CREATE USER 'x'@'%' IDENTIFIED WITH 'p' AS #"), ""},
         {"CREATE USER 'app'@'localhost'", ""},
         {"ALTER USER 'x'@'%' ACCOUNT LOCK", ""},
         {with_hash("ALTER USER 'app'@'%' IDENTIFIED WITH 'p' AS # RETAIN CURRENT PASSWORD,'c'@'h' "
                    "PASSWORD EXPIRE"),
          with_hash(
              "ALTER USER 'app'@'%' IDENTIFIED WITH 'p' AS # RETAIN CURRENT PASSWORD PASSWORD "
              "EXPIRE")},
         {"ALTER USER app DEFAULT ROLE r1, app_r, r2", "ALTER USER app DEFAULT ROLE app_r"},
         {"ALTER USER app DEFAULT ROLE r1, r2", "ALTER USER app DEFAULT ROLE NONE"},
         {"SET DEFAULT ROLE r1 TO x, app", "SET DEFAULT ROLE NONE TO app"},
         {"SET DEFAULT ROLE r1, app_r TO app, x", "SET DEFAULT ROLE app_r TO app"},
         {"SET DEFAULT ROLE ALL TO x", ""},
         {"SET ROLE NONE", ""},
         {"DROP USER IF EXISTS x, app , y", "DROP USER IF EXISTS app"},
         {"DROP USER x", ""},
         {"CREATE ROLE r, 'app_r', s", "CREATE ROLE 'app_r'"},
         {"DROP ROLE r, app_r", "DROP ROLE app_r"},
         {"RENAME USER a TO b, app TO app2, c TO d", "RENAME USER app TO app2"},
         {"RENAME USER a TO b", ""},
         {"GRANT r, app_r TO x, app WITH ADMIN OPTION", "GRANT app_r TO app WITH ADMIN OPTION"},
         {"GRANT r TO app", ""},
         {"GRANT app_r TO x", ""},
         {"REVOKE app_r, r FROM app, x", "REVOKE app_r FROM app"},
         {"GRANT SELECT ON `shop`.* TO 'x'@'%','app'@'%' WITH GRANT OPTION",
          "GRANT SELECT ON `shop`.* TO 'app'@'%' WITH GRANT OPTION"},
         {"GRANT SELECT ON `shop`.* TO 'x'@'%'", ""},
         {"REVOKE ALL PRIVILEGES, GRANT OPTION FROM x, app",
          "REVOKE ALL PRIVILEGES, GRANT OPTION FROM app"},
         {"GRANT PROXY ON 'x'@'%' TO 'app'@'%'", ""},
         {"GRANT PROXY ON 'app2'@'%' TO 'app'@'%','x'@'%'",
          "GRANT PROXY ON 'app2'@'%' TO 'app'@'%'"}});
}

TEST(account_statements, on_what_is_not_selected_are_left_out) {
    check(spec_of({"*"}), {{"GRANT SELECT ON `other`.* TO 'app'@'%'", ""},
                           {"GRANT SELECT ON `oth%`.* TO 'app'@'%'", ""},
                           {"GRANT SELECT ON `mysql`.* TO 'app'@'%'", ""},
                           {"GRANT SELECT ON `mysql`.`user` TO 'app'@'%'", ""},
                           {"GRANT SELECT ON `other`.`t` TO 'app'@'%'", ""},
                           // The database is not selected as a whole.
                           {"GRANT SELECT ON `crm`.* TO 'app'@'%'", ""},
                           {"GRANT SELECT ON `crm`.`other` TO 'app'@'%'", ""},
                           {"GRANT EXECUTE ON PROCEDURE `crm`.`p` TO 'app'@'%'", ""},
                           {"REVOKE SELECT ON other.t FROM app", ""},
                           {"GRANT SELECT ON `shop`.* TO 'root'@'localhost'", ""}});
    check(spec_of({"*"}), {{"REVOKE ALL ON * FROM app", ""}, {"REVOKE ALL ON t FROM app", ""}},
          "x");
}

TEST(account_statements, have_the_names_of_the_target) {
    check(spec_of({"*"}, {{"shop", "my_shop"}, {"crm.customers", "dw.clients"}}),
          {{"GRANT SELECT ON `shop`.* TO 'a'@'%'", "GRANT SELECT ON `my\\_shop`.* TO 'a'@'%'"},
           {"GRANT SELECT (`a`) ON `shop`.`t` TO 'a'@'%'",
            "GRANT SELECT (`a`) ON `my_shop`.`t` TO 'a'@'%'"},
           {"GRANT SELECT ON `crm`.`customers` TO 'a'@'%'",
            "GRANT SELECT ON `dw`.`clients` TO 'a'@'%'"},
           {"GRANT EXECUTE ON FUNCTION `shop`.`f` TO 'a'@'%'",
            "GRANT EXECUTE ON FUNCTION `my_shop`.`f` TO 'a'@'%'"},
           {"REVOKE SELECT ON t FROM a", "REVOKE SELECT ON `my_shop`.`t` FROM a"},
           {"REVOKE SELECT ON * FROM a", "REVOKE SELECT ON `my\\_shop`.* FROM a"},
           {"REVOKE EXECUTE ON PROCEDURE p FROM a",
            "REVOKE EXECUTE ON PROCEDURE `my_shop`.`p` FROM a"},
           {"GRANT SELECT ON *.* TO 'a'@'%'", "="},
           // Nothing that has another name on the target fits the pattern but for shop itself.
           {"GRANT SELECT ON `sh_p`.* TO 'a'@'%'", "GRANT SELECT ON `my\\_shop`.* TO 'a'@'%'"},
           {"GRANT SELECT ON `my_shop`.* TO 'a'@'%'", ""}});
    check(spec_of({"*"}), {{"REVOKE SELECT ON t FROM a", "REVOKE SELECT ON `shop`.`t` FROM a"},
                           {"REVOKE SELECT ON * FROM a", "REVOKE SELECT ON `shop`.* FROM a"}});
}

TEST(account_statements, keep_a_pattern_of_databases_only_where_it_means_the_same) {
    const std::vector<std::string> include{"shop_1.*", "shop_2.*", "other.*"};
    check(spec_of({"*"}, {}, include), {{"GRANT SELECT ON `shop_%`.* TO 'a'@'%'", "="},
                                        {"GRANT SELECT ON `shop_1`.* TO 'a'@'%'", "="},
                                        {"GRANT SELECT ON `shop\\_1`.* TO 'a'@'%'", "="},
                                        {"GRANT SELECT ON `shop\\_3`.* TO 'a'@'%'", ""},
                                        {"GRANT SELECT ON `nope%`.* TO 'a'@'%'", ""}});
    check(spec_of({"*"}, {{"shop_1", "first"}}, include),
          {{"GRANT SELECT ON `shop\\_%`.* TO 'a'@'%'", "!"},
           {"GRANT SELECT ON `fi%`.* TO 'a'@'%'", ""},
           {"GRANT SELECT ON `%`.* TO 'a'@'%'", "!"},
           {"GRANT SELECT ON `shop_1`.* TO 'a'@'%'", "GRANT SELECT ON `first`.* TO 'a'@'%'"},
           {"GRANT SELECT ON `shop\\_1`.* TO 'a'@'%'", "GRANT SELECT ON `first`.* TO 'a'@'%'"},
           {"GRANT SELECT ON `shop_2`.* TO 'a'@'%'", "="},
           {"GRANT SELECT ON `oth%`.* TO 'a'@'%'", "="}});
    check(spec_of({"*"}, {{"shop_*", "s_*"}}, {"shop_*.*"}),
          {{"GRANT SELECT ON `shop_1`.* TO 'a'@'%'", "!"},
           {"GRANT SELECT ON `shop\\_1`.* TO 'a'@'%'", "GRANT SELECT ON `s\\_1`.* TO 'a'@'%'"}});
}

TEST(account_statements, stop_where_privileges_on_a_database_would_be_for_other_tables) {
    check(spec_of({"*"}, {{"shop.orders", "dw.orders"}}, {"shop.*", "dw.*"}),
          {{"GRANT SELECT ON `shop`.* TO 'a'@'%'", "!"},
           {"GRANT SELECT ON `dw`.* TO 'a'@'%'", "!"},
           {"GRANT SELECT ON `shop`.`orders` TO 'a'@'%'",
            "GRANT SELECT ON `dw`.`orders` TO 'a'@'%'"}});
    auto merging = spec_of({"*"}, {{"shop_*.orders", "dw.orders"}}, {"shop_*.*"});
    merging.objects.merge = {"dw.orders"};
    check(merging, {{"REVOKE SELECT ON shop_1.orders FROM a", "!"},
                    {"GRANT SELECT ON `shop\\_1`.* TO 'a'@'%'", "!"}});
    // Several sources have the table under its own name.
    auto shared = spec_of({"*"});
    shared.objects.merge = {"shop.orders"};
    check(shared, {{"GRANT SELECT ON `shop`.* TO 'a'@'%'", "!"},
                   {"GRANT SELECT ON `sho_`.* TO 'a'@'%'", "!"},
                   {"GRANT SELECT ON `shop`.`other` TO 'a'@'%'", "="}});
}

TEST(account_statements, know_a_database_that_is_called_like_a_kind_of_object) {
    const auto spec = spec_of({"*"}, {}, {"library.*", "package.*"});
    check(spec, {{"REVOKE SELECT ON library.books FROM a", "="},
                 {"REVOKE SELECT ON library.* FROM a", "="},
                 {"GRANT SELECT ON package.t TO a", "="},
                 {"REVOKE SELECT ON function.t FROM a", ""}});
}

TEST(account_statements, follow_the_columns_of_objects_tables) {
    auto spec = spec_of({"*"});
    state::task_spec::table_rules rules;
    rules.pattern = "shop.t";
    rules.rename_columns = {{"a", "x"}};
    rules.drop_columns = {"secret"};
    spec.objects.tables.push_back(rules);
    check(spec, {{"GRANT SELECT (`a`, `b`), INSERT ON `shop`.`t` TO 'u'@'%'",
                  "GRANT SELECT (`x`, `b`), INSERT ON `shop`.`t` TO 'u'@'%'"},
                 {"GRANT SELECT (`secret`) ON `shop`.`t` TO 'u'@'%'", "!"},
                 {"GRANT SELECT (`secret`) ON `shop`.`t2` TO 'u'@'%'", "="}});
}

TEST(account_statements, stop_where_they_cannot_be_followed) {
    check(spec_of({"app*@%"}),
          {{"RENAME USER app TO x", "!"},
           {"RENAME USER x TO app", "!"},
           {"GRANT SELECT ON *.* TO 'app'@'%' AS 'root'@'localhost' WITH ROLE NONE", "!"},
           {"GRANT SELECT ON *.* TO 'app'@'%' AS 'app2'@'%' WITH ROLE r", "!"},
           {with_hash("CREATE USER 'app'@'%' IDENTIFIED WITH 'p' AS # SOMETHING NEW"), "!"},
           {with_hash("CREATE USER 'app'@'%' SOMETHING # NEW"), "!"},
           {with_hash("ALTER USER 'app'@'%' IDENTIFIED WITH 'p' FROM #"), "!"},
           {"ALTER USER USER() ACCOUNT LOCK", "!"},
           {"ALTER USER CURRENT_USER() DEFAULT ROLE ALL", "!"}, // the log does not say whose
           {"GRANT SELECT ON `shop`.* FOR 'app'@'%'", "!"},
           {"SET PASSWORD FOR app = 'x'", "!"},
           {"GRANT SELECT ON `shop`.* TO 'app'@'%' WITH SOMETHING", "!"},
           {"DROP USER app, /*!80000 x, */ app2", "!"},
           {with_hash("CREATE USER 'app'@'%' IDENTIFIED WITH 'p' AS #").substr(0, 60), "!"}});
}

TEST(account_statements, name_who_the_current_user_was) {
    const auto selection = selection_of(spec_of({"app@%"}));
    const auto of = [&](std::string_view text, state::account_name invoker) {
        auto statement = logged(text);
        statement.invoker = std::move(invoker);
        return plan_statement(statement, selection);
    };
    const auto ours = of("GRANT app TO CURRENT_USER()", {"app", "%"});
    ASSERT_TRUE(ours.has_value()) << ours.error().what;
    EXPECT_EQ(ours->text, "GRANT app TO `app`@`%`");
    const auto revoked = of("REVOKE SELECT ON shop.t FROM current_user", {"app", "%"});
    ASSERT_TRUE(revoked.has_value()) << revoked.error().what;
    EXPECT_EQ(revoked->text, "REVOKE SELECT ON shop.t FROM `app`@`%`");
    const auto theirs = of("ALTER USER CURRENT_USER() DEFAULT ROLE ALL", {"root", "localhost"});
    ASSERT_TRUE(theirs.has_value()) << theirs.error().what;
    EXPECT_EQ(theirs->what, statement_plan::action::skip);
}

TEST(account_statements, read_names_as_the_sql_mode_says) {
    const auto selection = selection_of(spec_of({"'a\"b'@%", "`a'b`@%"}));
    const auto texts = [&](std::string_view text, std::uint64_t sql_mode) {
        auto statement = logged(text);
        statement.sql_mode = sql_mode;
        const auto made = plan_statement(statement, selection);
        return made ? made->text : made.error().what;
    };
    EXPECT_EQ(texts("CREATE USER 'a\\\"b'@'%',x", 0), "CREATE USER 'a\\\"b'@'%'");
    EXPECT_EQ(texts("DROP USER \"a\"\"b\"@\"%\",x", 0), "DROP USER \"a\"\"b\"@\"%\"");
    EXPECT_EQ(texts("DROP USER \"a\"\"b\"@\"%\",x", ddl::mode_ansi_quotes),
              "DROP USER \"a\"\"b\"@\"%\"");
    EXPECT_EQ(texts("DROP USER 'a''b',x", ddl::mode_no_backslash_escapes), "DROP USER 'a''b'");
    EXPECT_EQ(texts("DROP USER 'a\\'b',x", 0), "DROP USER 'a\\'b'");
    EXPECT_EQ(texts("GRANT SELECT ON \"shop\".\"t\" TO 'a\\\"b'@'%'", ddl::mode_ansi_quotes),
              "GRANT SELECT ON \"shop\".\"t\" TO 'a\\\"b'@'%'");
}

// MySQL writes names in UTF-8 and texts as they came into one statement.
TEST(account_statements, stop_where_the_source_mixes_character_sets) {
    const auto selection = selection_of(spec_of({"ü@%", "app@%"}));
    const auto planned = [&](std::string_view text) {
        auto statement = logged(text);
        constexpr std::uint16_t latin1_swedish_ci = 8;
        statement.character_set_client = latin1_swedish_ci;
        return plan_statement(statement, selection);
    };
    EXPECT_FALSE(planned("CREATE USER 'ü'@'%' IDENTIFIED WITH 'p'").has_value());
    EXPECT_FALSE(planned("GRANT SELECT ON `shop`.* TO 'ü'@'%'").has_value());
    EXPECT_FALSE(planned("ALTER USER 'app'@'%' COMMENT 'ü'").has_value());
    EXPECT_TRUE(planned("ALTER USER 'other'@'%' COMMENT 'ü'").has_value());
    EXPECT_TRUE(planned("ALTER USER 'app'@'%' COMMENT 'u'").has_value());
    // As it was sent.
    const auto dropped = planned("DROP USER '\xfc'@'%',x");
    ASSERT_TRUE(dropped.has_value()) << dropped.error().what;
    EXPECT_EQ(dropped->text, "DROP USER '\xfc'@'%'");
}

TEST(account_statements, of_other_servers_are_refused) {
    const auto selection = selection_of(spec_of({"*"}));
    auto statement = logged("CREATE USER 'app'@'%'");
    statement.source_version = 50744;
    EXPECT_FALSE(plan_statement(statement, selection).has_value());
    statement.source_version = version_97;
    statement.target_is_mariadb = true;
    EXPECT_FALSE(plan_statement(statement, selection).has_value());
    statement.source_version = 101100;
    statement.target_is_mariadb = false;
    EXPECT_FALSE(plan_statement(statement, selection).has_value());
}

TEST(account_statements, show_no_secret) {
    const auto selection = selection_of(spec_of({"*"}));
    const auto text =
        with_hash("CREATE USER 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS #");
    const auto made = plan_statement(logged(text), selection);
    ASSERT_TRUE(made.has_value()) << made.error().what;
    EXPECT_EQ(made->text, text);
    EXPECT_EQ(made->shown_text(),
              "CREATE USER 'app'@'%' IDENTIFIED WITH 'caching_sha2_password' AS <secret>");
}

TEST(account_statements, on_a_table_say_which) {
    const auto selection = selection_of(spec_of({"*"}));
    const auto made = plan_statement(logged("GRANT SELECT ON shop.t TO a"), selection);
    ASSERT_TRUE(made.has_value()) << made.error().what;
    EXPECT_EQ(made->uses, (std::vector<state::object_name>{{"shop", "t"}}));
    EXPECT_TRUE(made->source_names.empty());
}

} // namespace
} // namespace understudy::applier
