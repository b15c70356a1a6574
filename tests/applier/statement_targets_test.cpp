// What a statement may not do to what the target has under a renamed object's name.

#include "applier/statement_plan.hpp"
#include "tests/applier/selection_of.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::applier {
namespace {

constexpr std::uint32_t version_97 = 90704;
constexpr std::uint16_t latin1_swedish_ci = 8;
constexpr std::uint16_t utf8mb4_general_ci = 45;

// The text to execute; empty: left out, "!": refused.
std::string text_of(const state::object_selection& selection, std::string_view text,
                    std::string_view database = "shop", std::uint64_t sql_mode = 0) {
    const auto made = plan_statement({text, database, sql_mode, version_97}, selection);
    if (!made) return "!";
    return made->what == statement_plan::action::execute ? made->text : "";
}

TEST(statement_targets, leaves_what_has_the_name_of_another_alone) {
    const auto selection = selection_of({"shop.*"}, {{"shop.orders", "shop.facts"}});
    EXPECT_EQ(text_of(selection, "DROP TABLE IF EXISTS facts"), "");
    EXPECT_EQ(text_of(selection, "DROP VIEW IF EXISTS facts"), "");
    EXPECT_EQ(text_of(selection, "DROP TABLE IF EXISTS facts, orders"),
              "DROP TABLE IF EXISTS `shop`.`facts`");
    for (const char* text :
         {"TRUNCATE facts", "ALTER TABLE facts ADD c INT", "CREATE INDEX i ON facts (a)",
          "DROP INDEX i ON facts", "RENAME TABLE facts TO other", "CREATE TABLE facts (a INT)",
          "ALTER TABLE facts RENAME other"})
        EXPECT_EQ(text_of(selection, text), "!") << text;
}

TEST(statement_targets, drops_no_database_that_has_tables_of_others) {
    for (const char* text : {"DROP DATABASE dw", "DROP DATABASE IF EXISTS dw"}) {
        EXPECT_EQ(text_of(selection_of({"*"}, {{"shop.orders", "dw.orders"}}), text), "!");
        EXPECT_EQ(text_of(selection_of({"*"}, {{"shop", "dw"}}), text), "!");
        EXPECT_EQ(text_of(selection_of({"*"}, {{"shard_*.orders", "dw.orders_*"}}), text), "!");
        EXPECT_EQ(text_of(selection_of({"*"}, {{"*_live", "*"}}), text), "!");
        EXPECT_EQ(text_of(selection_of({"*"}, {{"shop.orders", "dwh.orders"}}), text), text);
    }
    EXPECT_EQ(text_of(selection_of({"*"}, {{"shop.orders", "dw.orders"}}), "CREATE DATABASE dw"),
              "CREATE DATABASE IF NOT EXISTS dw");
}

TEST(statement_targets, drops_a_database_whose_tables_are_all_in_it) {
    EXPECT_EQ(text_of(selection_of({"shop.*"}, {{"shop", "dw"}}), "DROP DATABASE shop"),
              "DROP DATABASE `dw`");
    EXPECT_EQ(text_of(selection_of({"crm_*.*"}, {{"crm_*", "*_crm"}}), "DROP DATABASE crm_1"),
              "DROP DATABASE `1_crm`");
    EXPECT_EQ(text_of(selection_of({"shop.*"}, {{"shop.a", "shop.b"}}), "DROP DATABASE shop"),
              "DROP DATABASE shop");
    const auto in_two =
        selection_of({"shop.*"}, {{"shop", "dw"}, {"shop.orders", "elsewhere.orders"}});
    EXPECT_EQ(text_of(in_two, "DROP DATABASE shop"), "!");
    EXPECT_EQ(text_of(in_two, "DROP SCHEMA IF EXISTS `shop`"), "!");
}

TEST(statement_targets, takes_a_routine_with_an_argument_called_soname) {
    const auto selection = selection_of({"shop.*"});
    const std::string procedure = "CREATE PROCEDURE p(soname INT) SELECT soname";
    EXPECT_EQ(text_of(selection, procedure), procedure);
    EXPECT_EQ(text_of(selection, "CREATE FUNCTION f RETURNS STRING SONAME 'f.so'"), "");
    EXPECT_EQ(text_of(selection, "CREATE AGGREGATE FUNCTION f RETURNS INTEGER SONAME 'f.so'"), "");
}

TEST(statement_targets, writes_statements_anew_in_the_character_set_they_say) {
    const auto selection = selection_of({"shop.*"});
    const auto planned = [&](std::string_view latin1) {
        logged_statement statement{latin1, "shop", 0, version_97};
        statement.character_set_client = latin1_swedish_ci;
        return plan_statement(statement, selection).value();
    };
    const auto renamed = planned("RENAME TABLE gr\xF6\xDF"
                                 "e TO x");
    EXPECT_EQ(renamed.text, "RENAME TABLE `shop`.`größe` TO `shop`.`x`");
    EXPECT_EQ(renamed.character_set_client, utf8mb4_general_ci);
    const auto dropped = planned("DROP TABLE IF EXISTS gr\xF6\xDF"
                                 "e, other.y");
    EXPECT_EQ(dropped.text, "DROP TABLE IF EXISTS `shop`.`größe`");
    EXPECT_EQ(dropped.character_set_client, utf8mb4_general_ci);
    const auto whole = planned("DROP TABLE gr\xF6\xDF"
                               "e");
    EXPECT_EQ(whole.character_set_client, latin1_swedish_ci);
}

TEST(statement_targets, finds_names_in_prepared_texts_under_ansi_quotes) {
    constexpr std::uint64_t ansi_quotes = 4;
    const auto selection = selection_of({"shop.*"}, {{"shop.orders", "shop.facts"}});
    const std::string text = "CREATE PROCEDURE p() BEGIN PREPARE s FROM 'DELETE FROM \"orders\"'; "
                             "EXECUTE s; END";
    EXPECT_EQ(text_of(selection, text, "shop", ansi_quotes), "!");
    EXPECT_EQ(text_of(selection, text), text);
}

TEST(statement_targets, drops_a_trigger_that_may_be_of_a_table_that_is_left_out) {
    EXPECT_EQ(text_of(selection_of({"shop.*"}, {}, {"shop.hidden"}), "DROP TRIGGER t"),
              "DROP TRIGGER IF EXISTS `shop`.`t`");
    EXPECT_EQ(text_of(selection_of({"shop.*"}, {}, {"crm.hidden"}), "DROP TRIGGER t"),
              "DROP TRIGGER `shop`.`t`");
}

TEST(statement_targets, says_which_databases_renames_put_tables_into) {
    using homes = std::vector<statement_plan::other_home>;
    const auto selection =
        selection_of({"shard_*.*"}, {{"shard_*.orders", "dw_*.orders"}, {"shard_1", "first"}});
    const auto homes_of = [&](std::string_view text) {
        return plan_statement({text, "shard_1", 0, version_97}, selection).value().other_homes;
    };
    EXPECT_EQ(homes_of("CREATE TABLE orders (a INT)"), (homes{{"dw_1", "first"}}));
    EXPECT_EQ(homes_of("CREATE TABLE shard_9.orders (a INT)"), (homes{{"dw_9", "shard_9"}}));
    EXPECT_EQ(homes_of("RENAME TABLE x TO orders"), (homes{{"dw_1", "first"}}));
    EXPECT_EQ(homes_of("CREATE VIEW orders AS SELECT 1"), (homes{{"dw_1", "first"}}));
    EXPECT_EQ(homes_of("CREATE TABLE lines (a INT)"), homes{});
    EXPECT_EQ(homes_of("DROP TABLE orders"), homes{});
}

// lower_case_table_names = 1 on the source: rows are logged with names in small letters, statements
// as they were written.
TEST(statement_targets, knows_tables_whatever_the_case_where_the_source_ignores_it) {
    auto selection = selection_of({"Shop.*"}, {{"Shop.Orders", "dw.o"}});
    selection.set_case_insensitive(true);
    const auto planned = [&](std::string_view text) {
        return plan_statement({text, "shop", 0, version_97}, selection);
    };
    const auto truncated = planned("TRUNCATE TABLE ORDERS");
    ASSERT_TRUE(truncated) << truncated.error().what;
    EXPECT_EQ(truncated->source_names, (std::vector<state::object_name>{{"shop", "orders"}}));
    EXPECT_EQ(truncated->text, "TRUNCATE TABLE `dw`.`o`");
    const auto created = planned("CREATE TABLE Lines (a INT)");
    ASSERT_TRUE(created) << created.error().what;
    EXPECT_EQ(created->text, "CREATE TABLE `shop`.`lines` (a INT)");
    EXPECT_TRUE(planned("CREATE TABLE SHOP.orders (a INT)"));
    const auto spelled = planned("ALTER TABLE ÄRGER ADD b INT");
    ASSERT_TRUE(spelled) << spelled.error().what;
    EXPECT_EQ(spelled->source_names, (std::vector<state::object_name>{{"shop", "ärger"}}));
    // Programs keep the letters of their names.
    const auto routine = planned("CREATE PROCEDURE SHOP.Sum() SELECT 1");
    ASSERT_TRUE(routine) << routine.error().what;
    EXPECT_EQ(routine->source_names, (std::vector<state::object_name>{{"shop", "Sum"}}));
    const auto database = planned("ALTER DATABASE SHOP COLLATE latin1_bin");
    ASSERT_TRUE(database) << database.error().what;
    EXPECT_EQ(database->text, "ALTER DATABASE `shop` COLLATE latin1_bin");
}

} // namespace
} // namespace understudy::applier
