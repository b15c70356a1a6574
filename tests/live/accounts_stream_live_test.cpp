// Statements about accounts and grants that the stream brings (objects.accounts).

#include "tests/live/applier_rig.hpp"
#include "tests/support/accounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

rig_options asking_for(std::vector<std::string> accounts, bool target_gtid = true) {
    return {.target_gtid = target_gtid,
            .target_privileges =
                "ALL ON *.* TO apply@'%' WITH GRANT OPTION; GRANT PROXY ON ''@'' TO "
                "apply@'%' WITH GRANT OPTION; GRANT ALL ON *.*",
            .adjust = [accounts = std::move(accounts)](state::task_spec& spec) {
                spec.objects.accounts = accounts;
            }};
}

constexpr std::string_view objects =
    "CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v INT); CREATE VIEW t.v AS SELECT id "
    "FROM t.a; CREATE PROCEDURE t.p() SELECT 1; CREATE FUNCTION t.f() RETURNS INT DETERMINISTIC "
    "RETURN 1";

// Every form that MySQL logs.
constexpr std::string_view all_forms =
    "CREATE USER app@'%' IDENTIFIED BY 'first', 'b''x'@'10.%' IDENTIFIED BY 'p' REQUIRE SSL WITH "
    "MAX_QUERIES_PER_HOUR 5 PASSWORD EXPIRE INTERVAL 10 DAY ACCOUNT LOCK COMMENT 'it''s me';"
    "CREATE USER IF NOT EXISTS app@'%' IDENTIFIED BY 'not this one';"
    "CREATE ROLE reader, 'writer'@'%', of_few;"
    "CREATE USER c@localhost IDENTIFIED BY RANDOM PASSWORD;"
    "CREATE USER d@localhost IDENTIFIED WITH caching_sha2_password BY 'x' DEFAULT ROLE reader "
    "FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2 PASSWORD HISTORY 3 PASSWORD REUSE INTERVAL 30 "
    "DAY "
    "PASSWORD REQUIRE CURRENT OPTIONAL ATTRIBUTE '{\"a\": \"b\"}';"
    "CREATE USER e@'192.168.1.0/255.255.255.0';"
    "GRANT SELECT ON t.* TO reader; GRANT INSERT, UPDATE (v) ON t.a TO writer;"
    "GRANT reader, writer TO app@'%', c@localhost WITH ADMIN OPTION; GRANT reader TO writer;"
    "GRANT SELECT, INSERT (id, v), UPDATE (`v`) ON t.a TO app@'%' WITH GRANT OPTION;"
    "GRANT SELECT ON t.v TO app@'%'; GRANT CREATE ON t.later TO app@'%';"
    "GRANT EXECUTE ON PROCEDURE t.p TO app@'%'; GRANT EXECUTE, ALTER ROUTINE ON FUNCTION t.f TO "
    "app@'%';"
    "GRANT PROXY ON c@localhost TO d@localhost WITH GRANT OPTION;"
    "GRANT ALL ON *.* TO d@localhost; GRANT BACKUP_ADMIN, SELECT ON *.* TO c@localhost;"
    "GRANT ALL ON t.* TO e@'192.168.1.0/255.255.255.0';"
    "USE t; REVOKE INSERT (v) ON a FROM app; REVOKE INSERT ON * FROM "
    "e@'192.168.1.0/255.255.255.0'; REVOKE IF EXISTS DELETE ON t.a FROM app, nobody@x IGNORE "
    "UNKNOWN USER;"
    "REVOKE ALL PRIVILEGES, GRANT OPTION FROM d@localhost; REVOKE EXECUTE ON PROCEDURE p FROM app;"
    "SET PASSWORD FOR app@'%' = 'second'; SET PASSWORD FOR app@'%' = 'third' RETAIN CURRENT "
    "PASSWORD; ALTER USER app@'%' DISCARD OLD PASSWORD, c@localhost PASSWORD EXPIRE;"
    "ALTER USER app@'%' DEFAULT ROLE ALL; SET DEFAULT ROLE reader TO c@localhost;"
    "SET DEFAULT ROLE NONE TO d@localhost; ALTER USER app COMMENT 'hello'; ALTER USER app@'%' "
    "ATTRIBUTE '{\"x\": 1}'; ALTER USER IF EXISTS nobody@x ACCOUNT LOCK;"
    "SET SESSION sql_mode = 'ANSI_QUOTES'; CREATE USER \"q\"\"q\"@\"%\" IDENTIFIED BY 'pw'; GRANT "
    "SELECT ON \"t\".\"a\" TO \"q\"\"q\"@\"%\"; SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'; "
    "CREATE USER nb IDENTIFIED BY 'pw' COMMENT 'a \\ b''c'; ALTER USER nb IDENTIFIED BY 'pw2'; SET "
    "SESSION sql_mode = DEFAULT;"
    "GRANT reader TO CURRENT_USER(); GRANT SELECT ON t.a TO CURRENT_USER(); REVOKE reader FROM "
    "CURRENT_USER;"
    "RENAME USER c@localhost TO c2@localhost, e@'192.168.1.0/255.255.255.0' TO e2;"
    "CREATE USER gone, 'gone too'; DROP USER gone, 'gone too'@'%'; DROP ROLE of_few;"
    "REVOKE reader FROM writer";

TEST(accounts_of_the_stream, are_equal_to_the_source_s) {
    applier_rig rig(asking_for({"*"}));
    rig.exec_both(objects);
    rig.begin();
    rig.source().exec(all_forms);
    // A random salt has every byte sooner or later.
    for (int i = 0; i < 60; ++i)
        rig.source().exec("CREATE USER many" + std::to_string(i) + " IDENTIFIED BY 'pw" +
                          std::to_string(i) + "'");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(accounts_of(rig.source()), accounts_of(rig.target()));
    for (const auto& [user, password] : {std::pair{"many7", "pw7"}, std::pair{"nb", "pw2"}}) {
        sql_client in(rig.target_server().endpoint(user, password));
        EXPECT_EQ(in.scalar("SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1)"), user);
    }
}

TEST(accounts_of_the_stream, are_left_alone_unless_asked_for) {
    applier_rig rig;
    rig.exec_both(objects);
    rig.exec_both("CREATE USER there IDENTIFIED BY 'x'");
    const auto before = accounts_of(rig.target());
    rig.begin();
    rig.source().exec(all_forms);
    rig.source().exec("DROP USER there");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(accounts_of(rig.target()), before);
}

TEST(accounts_of_the_stream, are_those_that_were_asked_for_on_objects_that_are_selected) {
    auto options = asking_for({"app*@%"});
    options.rename = {{"t", "my_t"}};
    applier_rig rig(options);
    rig.source().exec(objects);
    rig.target().exec("CREATE DATABASE my_t; CREATE TABLE my_t.a (id INT PRIMARY KEY, v INT); "
                      "CREATE PROCEDURE my_t.p() SELECT 1");
    rig.source().exec("CREATE DATABASE other; CREATE TABLE other.a (id INT)");
    rig.begin();
    rig.source().exec(
        "CREATE USER x, app IDENTIFIED BY 'pw', y; CREATE ROLE app_r, z; GRANT z, app_r TO app, x;"
        "SET DEFAULT ROLE z, app_r TO app; GRANT SELECT ON t.* TO app_r, y; GRANT INSERT (v) ON "
        "t.a "
        "TO app; GRANT SELECT ON other.* TO app; GRANT SELECT ON other.a TO app; GRANT EXECUTE ON "
        "PROCEDURE t.p TO app; GRANT RELOAD ON *.* TO app WITH GRANT OPTION; DROP USER x, y; DROP "
        "ROLE z");
    EXPECT_EQ(rig.catch_up(), "");
    std::vector<std::string> grants;
    for (const auto& line : rig.target().query("SHOW GRANTS FOR app USING app_r"))
        grants.push_back(line[0].value_or(""));
    EXPECT_THAT(grants,
                testing::UnorderedElementsAre("GRANT RELOAD ON *.* TO `app`@`%` WITH GRANT OPTION",
                                              "GRANT SELECT ON `my\\_t`.* TO `app`@`%`",
                                              "GRANT INSERT (`v`) ON `my_t`.`a` TO `app`@`%`",
                                              "GRANT EXECUTE ON PROCEDURE `my_t`.`p` TO `app`@`%`",
                                              "GRANT `app_r`@`%` TO `app`@`%`"));
    EXPECT_EQ(
        rig.target().scalar("SELECT GROUP_CONCAT(default_role_user) FROM mysql.default_roles"),
        "app_r");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM mysql.user WHERE user IN ('x', 'y', 'z')"),
              "0");
}

struct killed {};

class accounts_crash : public testing::TestWithParam<bool> {};

// At each step of each statement in turn.
TEST_P(accounts_crash, executes_each_statement_exactly_once) {
    applier_rig rig(asking_for({"*"}, GetParam()));
    rig.exec_both(objects);
    rig.begin();
    rig.source().exec(
        "CREATE USER a IDENTIFIED BY 'x', b; CREATE ROLE r; GRANT r TO a; GRANT SELECT, INSERT ON "
        "t.a TO a; SET DEFAULT ROLE r TO a; ALTER USER a IDENTIFIED BY 'y' RETAIN CURRENT "
        "PASSWORD; "
        "REVOKE INSERT ON t.a FROM a; RENAME USER a TO c, b TO d; REVOKE r FROM c; DROP USER d; "
        "INSERT INTO t.a VALUES (1, 1)");
    int crashes = 0;
    for (int allowed = 0; crashes < 200; ++allowed) {
        // Each start gets past what the last one has done, and one step further or less.
        rig.on_step = [&, left = allowed % 5](std::string_view) mutable {
            if (left-- == 0) throw killed{};
        };
        try {
            EXPECT_EQ(rig.catch_up(), "");
            break;
        } catch (const killed&) {
            ++crashes;
        }
    }
    EXPECT_GT(crashes, 8);
    EXPECT_EQ(accounts_of(rig.source()), accounts_of(rig.target()));
    // What the source retains is retained here: the old password signs in too.
    for (const std::string password : {"x", "y"}) {
        sql_client in(rig.target_server().endpoint("c", password));
        EXPECT_EQ(in.scalar("SELECT 1"), "1");
    }
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.a"), "1");
}

INSTANTIATE_TEST_SUITE_P(with_and_without_gtids, accounts_crash, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "fingerprint"; });

// In nothing that others may see.
TEST(accounts_of_the_stream, show_no_secret) {
    applier_rig rig(asking_for({"*"}));
    rig.exec_both(objects);
    rig.target().exec("CREATE USER there");
    rig.begin();
    rig.source().exec("SET print_identified_with_as_hex = ON; CREATE USER app IDENTIFIED BY 'x'");
    rig.source().exec("CREATE USER there IDENTIFIED BY 'y'");
    const std::string error = rig.catch_up();
    EXPECT_THAT(error, HasSubstr("<secret>"));
    EXPECT_THAT(error, HasSubstr("'there'@'%'"));
    EXPECT_THAT(error, Not(HasSubstr("$A$")));
    EXPECT_THAT(rig.target().scalar("SELECT statement FROM understudy.ddl_journal"),
                HasSubstr("<secret>"));
    EXPECT_EQ(rig.target().scalar(
                  "SELECT COUNT(*) FROM understudy.ddl_journal WHERE statement LIKE '%$A$%'"),
              "0");
}

} // namespace
} // namespace understudy::test
