// Views, routines, triggers and events whose definers the target does not have, and views that are
// invalid on the source.

#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view programs_of_app =
    "CREATE USER IF NOT EXISTS app@localhost; GRANT ALL ON shop.* TO app@localhost;"
    "CREATE DEFINER = app@localhost FUNCTION shop.{0}f() RETURNS INT DETERMINISTIC RETURN 1;"
    "CREATE DEFINER = app@localhost VIEW shop.{0}v AS SELECT id FROM shop.t WHERE id > shop.{0}f();"
    "CREATE DEFINER = app@localhost VIEW shop.{0}w AS SELECT id FROM shop.{0}v;"
    "CREATE DEFINER = app@localhost TRIGGER shop.{0}tr BEFORE INSERT ON shop.t FOR EACH ROW "
    "SET NEW.n = 1;"
    "CREATE DEFINER = app@localhost EVENT shop.{0}e ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.t";

std::string programs(const std::string& prefix) {
    std::string text(programs_of_app);
    for (std::size_t at = text.find("{0}"); at != std::string::npos; at = text.find("{0}"))
        text.replace(at, 3, prefix);
    return text;
}

constexpr const char* definers =
    "SELECT GROUP_CONCAT(DISTINCT definer) FROM (SELECT definer FROM information_schema.views "
    "WHERE table_schema = 'shop' UNION SELECT definer FROM information_schema.routines WHERE "
    "routine_schema = 'shop' UNION SELECT definer FROM information_schema.triggers WHERE "
    "trigger_schema = 'shop' UNION SELECT definer FROM information_schema.events WHERE "
    "event_schema = 'shop') d";

class definers_on_the_target : public testing::Test {
protected:
    void begin(const std::string& policy) {
        pair_options options;
        options.objects.include = {"shop.*"};
        options.more_of_task_file = policy;
        pair.emplace(server_kind::mysql_97, server_kind::mysql_97, options);
        pair->source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, n "
                                "INT)");
    }
    void run() {
        const auto done = pair->run_task();
        EXPECT_EQ(done.status.code, 0) << done.error << done.output;
    }
    std::optional<source_and_target> pair;
};

TEST_F(definers_on_the_target, are_kept_though_the_accounts_are_missing) {
    begin("");
    pair->source_sql().exec(programs("copied_"));
    run();
    pair->source_sql().exec(programs("logged_"));
    run();
    EXPECT_THAT(pair->compare(), IsEmpty());
    EXPECT_EQ(pair->target_sql().scalar(definers), "app@localhost");
    EXPECT_EQ(pair->target_sql().scalar("SELECT COUNT(*) FROM mysql.user WHERE user = 'app'"), "0");
}

TEST_F(definers_on_the_target, of_an_event_are_who_altered_it_last) {
    begin("");
    pair->source_sql().exec(programs("copied_"));
    run();
    pair->source_sql().exec("ALTER EVENT shop.copied_e COMMENT 'altered by root'; CREATE EVENT "
                            "shop.mine ON SCHEDULE EVERY 1 DAY DO DELETE FROM shop.t; ALTER "
                            "DEFINER = CURRENT_USER EVENT shop.mine COMMENT 'and again'");
    run();
    const std::string of_events = "SELECT GROUP_CONCAT(event_name, ' ', definer ORDER BY "
                                  "event_name) FROM information_schema.events WHERE event_schema "
                                  "= 'shop'";
    EXPECT_EQ(pair->target_sql().scalar(of_events), "copied_e root@localhost,mine root@localhost");
    EXPECT_EQ(pair->source_sql().scalar(of_events), pair->target_sql().scalar(of_events));
}

TEST_F(definers_on_the_target, become_the_task_s_own_account) {
    begin("\n[objects.definers]\n\"*\" = \"current-user\"\n");
    pair->source_sql().exec(programs("copied_"));
    run();
    pair->source_sql().exec(programs("logged_"));
    run();
    EXPECT_THAT(pair->target_sql().scalar(definers), testing::StartsWith("apply@"));
    EXPECT_EQ(pair->target_sql().scalar("SELECT COUNT(*) FROM information_schema.views WHERE "
                                        "table_schema = 'shop'"),
              "4");
}

TEST_F(definers_on_the_target, become_what_the_task_file_says) {
    begin("\n[objects.definers]\n\"app@localhost\" = \"dw@%\"\n");
    pair->source_sql().exec(programs("copied_"));
    run();
    pair->source_sql().exec(programs("logged_"));
    run();
    EXPECT_EQ(pair->target_sql().scalar(definers), "dw@%");
}

TEST_F(definers_on_the_target, views_that_are_invalid_on_the_source_are_left_out_and_told) {
    begin("");
    pair->source_sql().exec(
        "CREATE TABLE shop.gone (id INT); CREATE VIEW shop.broken AS SELECT id FROM shop.gone;"
        "CREATE VIEW shop.of_broken AS SELECT id FROM shop.broken;"
        "CREATE VIEW shop.good AS SELECT id FROM shop.t; DROP TABLE shop.gone");
    const auto done = pair->run_task();
    EXPECT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_THAT(done.error + done.output, HasSubstr("view `shop`.`broken` is not on the target"));
    EXPECT_THAT(done.error + done.output, Not(HasSubstr("`shop`.`good`")));
    // Whatever becomes of them later arrives.
    pair->source_sql().exec("DROP VIEW shop.of_broken; ALTER VIEW shop.broken AS SELECT n FROM "
                            "shop.t");
    run();
    EXPECT_THAT(pair->compare(), IsEmpty());
    EXPECT_EQ(pair->target_sql().scalar("SELECT GROUP_CONCAT(table_name ORDER BY 1) FROM "
                                        "information_schema.views WHERE table_schema = 'shop'"),
              "broken,good");
}

} // namespace
} // namespace understudy::test
