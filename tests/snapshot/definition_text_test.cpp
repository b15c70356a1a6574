#include "snapshot/definition_text.hpp"
#include "snapshot/object_creator.hpp"

#include <gtest/gtest.h>

namespace understudy::snapshot {
namespace {

state::object_selection make_selection(std::vector<std::string> include,
                                       std::vector<std::pair<std::string, std::string>> rename) {
    state::task_spec task;
    task.objects.include = std::move(include);
    task.objects.rename = std::move(rename);
    return state::object_selection::make(task).value();
}

TEST(definition_text, writes_out_the_collation_that_another_server_would_choose_differently) {
    const std::map<std::string, std::string> defaults{{"utf8mb4", "utf8mb4_general_ci"}};
    EXPECT_EQ(with_collations("CREATE TABLE `t` (\n  `a` varchar(3) CHARACTER SET utf8mb4 DEFAULT "
                              "'CHARSET=utf8mb4',\n"
                              "  `b` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\n) "
                              "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                              defaults),
              "CREATE TABLE `t` (\n  `a` varchar(3) CHARACTER SET utf8mb4 COLLATE "
              "utf8mb4_general_ci DEFAULT 'CHARSET=utf8mb4',\n"
              "  `b` text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\n) ENGINE=InnoDB DEFAULT "
              "CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci");
    EXPECT_EQ(with_collations("… DEFAULT CHARSET=latin1 COLLATE=latin1_bin", defaults),
              "… DEFAULT CHARSET=latin1 COLLATE=latin1_bin");
}

TEST(definition_text, writes_no_collation_into_expressions) {
    const std::map<std::string, std::string> defaults{{"utf8mb4", "utf8mb4_general_ci"}};
    EXPECT_EQ(
        with_collations("CREATE TABLE `t` (\n  `v` char(36) GENERATED ALWAYS AS "
                        "(cast(json_unquote(json_extract(`j`,'$.id')) as char(36) charset "
                        "utf8mb4)) VIRTUAL,\n  `d` varchar(9) CHARACTER SET utf8mb4 DEFAULT "
                        "(cast('(' as char(5) charset utf8mb4)),\n  `e` enum('(') CHARACTER SET "
                        "utf8mb4,\n  KEY `k` ((cast(`d` as char(3) charset utf8mb4)))\n) "
                        "DEFAULT CHARSET=utf8mb4",
                        defaults),
        "CREATE TABLE `t` (\n  `v` char(36) GENERATED ALWAYS AS "
        "(cast(json_unquote(json_extract(`j`,'$.id')) as char(36) charset utf8mb4)) VIRTUAL,\n  "
        "`d` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT (cast('(' as "
        "char(5) charset utf8mb4)),\n  `e` enum('(') CHARACTER SET utf8mb4 COLLATE "
        "utf8mb4_general_ci,\n  KEY `k` ((cast(`d` as char(3) charset utf8mb4)))\n) DEFAULT "
        "CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci");
}

TEST(definition_text, gives_a_view_the_names_of_the_target) {
    const auto selection = make_selection({"shop.*"}, {{"shop.t", "dw.u"}});
    const std::set<state::object_name> objects{{"shop", "t"}, {"shop", "v"}};
    EXPECT_EQ(
        view_for_target("CREATE VIEW `shop`.`v` AS select `shop`.`t`.`a` AS `t`,`x`.`t` AS "
                        "`b`,'`shop`.`t`' AS `c` "
                        "from (`shop`.`t` join `shop`.`v` `x`)",
                        objects, selection)
            .value(),
        "CREATE VIEW `shop`.`v` AS select `dw`.`u`.`a` AS `t`,`x`.`t` AS `b`,'`shop`.`t`' AS `c` "
        "from (`dw`.`u` join `shop`.`v` `x`)");
}

TEST(definition_text, gives_functions_of_a_view_the_database_of_the_target) {
    const auto selection = make_selection({"shop.*"}, {{"shop", "copy"}});
    EXPECT_EQ(view_for_target(
                  "CREATE VIEW `shop`.`v` AS select `shop`.`fee`(1) AS `a`,`other`.`fee`(1) AS `b`",
                  {{"shop", "v"}}, selection)
                  .value(),
              "CREATE VIEW `copy`.`v` AS select `copy`.`fee`(1) AS `a`,`other`.`fee`(1) AS `b`");
}

TEST(definition_text, refuses_a_view_whose_names_could_mean_two_things) {
    const auto selection = make_selection({"shop.*"}, {{"shop", "copy"}});
    EXPECT_FALSE(view_for_target("CREATE VIEW `shop`.`v` AS select 1 AS `shop`", {{"shop", "v"}},
                                 selection));
}

TEST(definition_text, switches_an_event_off) {
    EXPECT_EQ(disabled_event("CREATE DEFINER=`a`@`b` EVENT `enable` ON SCHEDULE EVERY 1 DAY ON "
                             "COMPLETION NOT PRESERVE ENABLE "
                             "COMMENT 'ENABLE' DO SET @a = 1",
                             true)
                  .value(),
              "CREATE DEFINER=`a`@`b` EVENT `enable` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT "
              "PRESERVE DISABLE ON REPLICA "
              "COMMENT 'ENABLE' DO SET @a = 1");
    EXPECT_EQ(
        disabled_event("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON SLAVE DO SELECT 1", true)
            .value(),
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE ON REPLICA DO SELECT 1");
    EXPECT_EQ(
        disabled_event("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1", false).value(),
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1");
    EXPECT_FALSE(disabled_event("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", true));
}

TEST(sql_mode, loses_the_bits_that_a_newer_server_refuses) {
    EXPECT_EQ(mask_sql_mode("NO_AUTO_CREATE_USER,ANSI_QUOTES,ORACLE", 90704, false), "ANSI_QUOTES");
    EXPECT_EQ(mask_sql_mode("NO_AUTO_CREATE_USER,ANSI_QUOTES", 50744, false),
              "NO_AUTO_CREATE_USER,ANSI_QUOTES");
    EXPECT_EQ(mask_sql_mode("", 90704, false), "");
}

} // namespace
} // namespace understudy::snapshot
