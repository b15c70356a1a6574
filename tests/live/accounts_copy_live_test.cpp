// Accounts that the initial copy brings, and the stream behind it (objects.accounts).

#include "tests/support/accounts.hpp"
#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A definer's function is used by a view, and a view of another one by a third.
constexpr const char* objects =
    "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, n INT); INSERT INTO "
    "shop.t VALUES (1, 1), (2, 2); CREATE TABLE shop.gone (id INT PRIMARY KEY); CREATE "
    "USER app IDENTIFIED BY 'secret of app' REQUIRE NONE COMMENT 'it''s \\\\ me'; CREATE "
    "USER definer@localhost ACCOUNT LOCK; CREATE ROLE reader, writer, of_app; GRANT "
    "SELECT (id), TRIGGER ON shop.t TO definer@localhost; CREATE DEFINER = "
    "definer@localhost FUNCTION shop.f() RETURNS INT DETERMINISTIC RETURN 1; GRANT "
    "EXECUTE ON FUNCTION shop.f TO definer@localhost; CREATE DEFINER = definer@localhost "
    "VIEW shop.v AS SELECT id FROM shop.t WHERE id > shop.f(); GRANT SELECT ON shop.v TO "
    "definer@localhost; CREATE DEFINER = definer@localhost VIEW shop.u AS SELECT id FROM "
    "shop.v; CREATE DEFINER = definer@localhost TRIGGER shop.tr BEFORE INSERT ON shop.t "
    "FOR EACH ROW SET @a = 1; GRANT SELECT ON shop.* TO reader; GRANT INSERT, UPDATE (n) "
    "ON shop.t TO writer WITH GRANT OPTION; GRANT reader TO writer; GRANT writer, of_app "
    "TO app WITH ADMIN OPTION; SET DEFAULT ROLE writer TO app; GRANT PROCESS, "
    "BACKUP_ADMIN ON *.* TO app WITH GRANT OPTION; GRANT PROXY ON app TO "
    "definer@localhost; GRANT SELECT ON shop.gone TO app; DROP TABLE shop.gone; ALTER "
    "USER app IDENTIFIED BY 'new secret' RETAIN CURRENT PASSWORD";

class copied_accounts : public testing::Test {
protected:
    void begin(const std::string& accounts, pair_options options = {}) {
        options.objects.include = {"shop.*"};
        options.more_of_objects = "accounts = " + accounts;
        pair.emplace(server_kind::mysql_97, server_kind::mysql_97, options);
        pair->source_sql().exec("GRANT SELECT ON mysql.* TO repl@'%'");
        pair->target_sql().exec("GRANT ALL ON *.* TO apply@'%' WITH GRANT OPTION; GRANT PROXY ON "
                                "''@'' TO apply@'%' WITH GRANT OPTION");
        pair->source_sql().exec(objects);
    }
    void run() {
        const auto done = pair->run_task();
        EXPECT_EQ(done.status.code, 0) << done.error << done.output;
        EXPECT_THAT(done.error + done.output, Not(HasSubstr("$A$")));
        said = done.error + done.output;
    }
    void expect_equal_accounts() {
        // The table that is gone.
        pair->source_sql().exec("REVOKE IF EXISTS SELECT ON shop.gone FROM app");
        EXPECT_EQ(accounts_of(pair->source_sql()), accounts_of(pair->target_sql()));
    }
    std::optional<source_and_target> pair;
    std::string said;
};

TEST_F(copied_accounts, are_equal_to_the_source_s_and_sign_in) {
    begin(R"(["*"])");
    run();
    EXPECT_THAT(said, HasSubstr("GRANT SELECT ON `shop`.`gone`"));
    for (const std::string password : {"secret of app", "new secret"}) {
        sql_client app(pair->target().endpoint("app", password));
        EXPECT_EQ(app.scalar("SELECT CURRENT_ROLE()"), "`writer`@`%`");
        EXPECT_EQ(app.scalar("SELECT COUNT(*) FROM shop.t"), "2");
    }
    EXPECT_THAT(pair->compare(), IsEmpty());
    expect_equal_accounts();
    // And on.
    pair->source_sql().exec("ALTER USER app IDENTIFIED BY 'third'; DROP ROLE of_app; CREATE USER "
                            "later; GRANT reader TO later; REVOKE INSERT ON shop.t FROM writer");
    run();
    expect_equal_accounts();
    sql_client app(pair->target().endpoint("app", "third"));
    EXPECT_EQ(app.scalar("SELECT COUNT(*) FROM shop.t"), "2");
}

TEST_F(copied_accounts, are_none_unless_asked_for) {
    pair_options options;
    begin("[]", options);
    run();
    pair->source_sql().exec("CREATE USER later; DROP USER app; GRANT SELECT ON shop.* TO later");
    run();
    EXPECT_THAT(accounts_of(pair->target_sql()), IsEmpty());
    EXPECT_THAT(pair->compare(), IsEmpty());
}

TEST_F(copied_accounts, are_those_that_are_selected_under_the_names_of_the_target) {
    pair_options options;
    options.objects.rename = {{"shop", "my_shop"}};
    begin(R"(["app@%", "writer@*"])", options);
    run();
    auto& target = pair->target_sql();
    EXPECT_EQ(
        target.scalar("SELECT GROUP_CONCAT(user ORDER BY user) FROM mysql.user WHERE user NOT "
                      "LIKE 'mysql%' AND user NOT IN ('root', 'apply')"),
        "app,writer");
    EXPECT_EQ(target.query("SHOW GRANTS FOR writer").back()[0].value_or(""),
              "GRANT INSERT, UPDATE (`n`) ON `my_shop`.`t` TO `writer`@`%` WITH GRANT OPTION");
    EXPECT_EQ(target.query("SHOW GRANTS FOR app").back()[0].value_or(""),
              "GRANT `writer`@`%` TO `app`@`%` WITH ADMIN OPTION");
    pair->source_sql().exec("GRANT SELECT ON shop.* TO writer; GRANT reader TO app; DROP USER "
                            "definer@localhost");
    run();
    EXPECT_EQ(target.scalar("SELECT Db FROM mysql.db WHERE user = 'writer'"), "my\\_shop");
    EXPECT_THAT(pair->compare(), IsEmpty());
}

TEST_F(copied_accounts, that_the_target_has_stop_the_start_all_listed) {
    begin(R"(["*"])");
    pair->target_sql().exec("CREATE USER app, reader");
    const auto done = pair->run_task();
    EXPECT_NE(done.status.code, 0);
    EXPECT_THAT(done.error + done.output, HasSubstr("'app'@'%'"));
    EXPECT_THAT(done.error + done.output, HasSubstr("'reader'@'%'"));
    EXPECT_THAT(done.error + done.output, Not(HasSubstr("'writer'@'%'")));
    EXPECT_EQ(pair->target_sql().scalar(
                  "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop'"),
              "0");
}

TEST_F(copied_accounts, that_the_target_has_are_kept_where_existing_tables_are) {
    pair_options options;
    options.more_of_task_file = "[conflict]\nexisting_tables = \"ignore\"\n";
    begin(R"(["*"])", options);
    pair->target_sql().exec("CREATE USER app IDENTIFIED BY 'of the target'");
    run();
    sql_client app(pair->target().endpoint("app", "of the target"));
    EXPECT_EQ(app.query("SHOW GRANTS").size(), 1U);
    EXPECT_EQ(pair->target_sql().scalar("SELECT COUNT(*) FROM mysql.user WHERE user = 'writer'"),
              "1");
}

// Whatever moment it is in, and whatever becomes of the accounts meanwhile.
TEST_F(copied_accounts, are_equal_after_kills_and_changes_while_they_are_copied) {
    begin(R"(["*"])");
    auto& source = pair->source_sql();
    for (int i = 0; i < 120; ++i) {
        const std::string n = std::to_string(i);
        source.exec("CREATE USER many" + n + " IDENTIFIED BY 'p" + n +
                    "'; GRANT SELECT ON shop.t TO many" + n + "; GRANT reader TO many" + n);
    }
    const auto is_on_the_way = [this] {
        auto& target = pair->target_sql();
        if (target.scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = "
                          "'copy_progress'") == "0")
            return false;
        return target.scalar(
                   "SELECT COALESCE(SUM(kind = 'account') > 0 AND SUM(kind = 'copy' AND part = "
                   "1) = 0, 0) FROM understudy.copy_progress") == "1";
    };
    int on_the_way = 0;
    for (int i = 0; i < 60 && on_the_way < 5; ++i) {
        auto task = pair->start_task();
        const auto until = std::chrono::steady_clock::now() + 20s;
        while (!is_on_the_way() && std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(5ms);
        const std::string n = std::to_string(i);
        source.exec("ALTER USER many" + n + " IDENTIFIED BY 'q" + n +
                    "'; REVOKE SELECT ON shop.t FROM many" + n + "; DROP USER IF EXISTS many10" +
                    n + "; CREATE USER more" + n + "; GRANT writer TO more" + n);
        std::this_thread::sleep_for(std::chrono::milliseconds(90 * i));
        task.kill_9();
        on_the_way += is_on_the_way() ? 1 : 0;
    }
    EXPECT_GE(on_the_way, 5);
    run();
    expect_equal_accounts();
    for (const std::string n : {"0", "1", "2"}) {
        sql_client in(pair->target().endpoint("many" + n, "q" + n));
        EXPECT_EQ(in.scalar("SELECT 1"), "1");
    }
    EXPECT_THAT(pair->compare(), IsEmpty());
}

class followed_accounts : public copied_accounts, public testing::WithParamInterface<bool> {};

// Each statement exactly once, whether the target has GTIDs to tell by or not.
TEST_P(followed_accounts, are_equal_after_kills_of_the_stream) {
    pair_options options;
    options.target.gtid = GetParam();
    begin(R"(["*"])", options);
    run();
    auto& source = pair->source_sql();
    int kills = 0;
    for (int i = 0; i < 8; ++i) {
        auto task = pair->start_task();
        const std::string n = std::to_string(i);
        for (int j = 0; j < 12; ++j) {
            const std::string name = "s" + n + "_" + std::to_string(j);
            source.exec("CREATE USER " + name + " IDENTIFIED BY 'first'; GRANT reader TO " + name +
                        "; GRANT INSERT ON shop.t TO " + name + "; ALTER USER " + name +
                        " IDENTIFIED BY 'second' RETAIN CURRENT PASSWORD; RENAME USER " + name +
                        " TO r" + name + "; REVOKE INSERT ON shop.t FROM r" + name +
                        "; CREATE USER gone" + name + "; DROP USER gone" + name);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(500 + 170 * i));
        const bool runs = task.running();
        kills += runs ? 1 : 0;
        EXPECT_TRUE(runs) << task.output() << task.error();
        if (runs) task.kill_9();
    }
    EXPECT_EQ(kills, 8);
    run();
    expect_equal_accounts();
    for (const std::string password : {"first", "second"}) {
        sql_client in(pair->target().endpoint("rs7_11", password));
        EXPECT_EQ(in.scalar("SELECT 1"), "1");
    }
}

INSTANTIATE_TEST_SUITE_P(with_and_without_gtids, followed_accounts, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "fingerprint"; });

} // namespace
} // namespace understudy::test
