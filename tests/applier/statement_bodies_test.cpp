#include "applier/errc.hpp"
#include "applier/statement_plan.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace understudy::applier {
namespace {

constexpr std::uint32_t version_97 = 90704;

state::object_selection renaming(std::vector<std::pair<std::string, std::string>> rename,
                                 state::definer_policy definers = {}) {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = {"shop.*", "crm.*"};
    spec.objects.rename = std::move(rename);
    spec.objects.definers = std::move(definers);
    auto made = state::object_selection::make(spec);
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

// What became of the body of a view; "!…" where it is refused.
std::string body_of(const state::object_selection& selection, const std::string& body,
                    const std::string& head = "CREATE VIEW v AS ") {
    const auto plan = plan_statement({head + body, "shop", 0, version_97}, selection);
    if (!plan) {
        EXPECT_EQ(plan.error().code, errc::unsupported_statement);
        return "!" + plan.error().what;
    }
    EXPECT_TRUE(plan->text.starts_with(head)) << plan->text;
    return plan->text.substr(head.size());
}

struct body_case {
    std::string text;
    std::string expected;
};

TEST(statement_bodies, keep_the_old_name_of_a_renamed_table_as_its_alias) {
    const auto selection = renaming({{"shop.orders", "dw.facts"}});
    for (const auto& [text, expected] : std::vector<body_case>{
             {"SELECT orders.id FROM orders", "SELECT orders.id FROM `dw`.`facts` AS `orders`"},
             {"SELECT o.id FROM orders o", "SELECT o.id FROM `dw`.`facts` o"},
             {"SELECT o.id FROM shop.orders AS o", "SELECT o.id FROM `dw`.`facts` AS o"},
             {"SELECT shop.orders.id FROM shop.orders",
              "SELECT `orders`.id FROM `dw`.`facts` AS `orders`"},
             {"SELECT a.id FROM t a, orders, u WHERE orders.x = a.x",
              "SELECT a.id FROM t a, `dw`.`facts` AS `orders`, u WHERE orders.x = a.x"},
             {"SELECT 1 FROM orders PARTITION (p0, p1) WHERE 1",
              "SELECT 1 FROM `dw`.`facts` PARTITION (p0, p1) AS `orders` WHERE 1"},
             {"SELECT 1 FROM (t JOIN orders USING (id))",
              "SELECT 1 FROM (t JOIN `dw`.`facts` AS `orders` USING (id))"},
             {"SELECT 1 FROM t USE INDEX FOR JOIN (orders), orders",
              "SELECT 1 FROM t USE INDEX FOR JOIN (orders), `dw`.`facts` AS `orders`"},
             {"SELECT EXTRACT(DAY FROM orders) FROM t", "SELECT EXTRACT(DAY FROM orders) FROM t"},
             {"SELECT orders, t.orders, 'orders' FROM t",
              "SELECT orders, t.orders, 'orders' FROM t"},
             {"SELECT 1 FROM (SELECT 1) AS orders", "SELECT 1 FROM (SELECT 1) AS orders"},
             {"TABLE orders", "TABLE `dw`.`facts`"}})
        EXPECT_EQ(body_of(selection, text), expected);
}

TEST(statement_bodies, say_why_a_name_cannot_follow) {
    const auto selection = renaming({{"shop.orders", "dw.facts"}});
    const std::string procedure = "CREATE PROCEDURE p() ";
    const auto refused = [&](const std::string& body, const std::string& head) {
        return body_of(selection, body, head);
    };
    EXPECT_TRUE(refused("WITH orders AS (SELECT 1) SELECT * FROM orders", "CREATE VIEW v AS ")
                    .contains("for something of its own"));
    EXPECT_TRUE(refused("BEGIN PREPARE s FROM 'DELETE FROM orders'; EXECUTE s; END", procedure)
                    .contains("out of texts"));
    EXPECT_TRUE(refused("BEGIN SHOW COLUMNS FROM orders; END", procedure).contains("SHOW"));
    EXPECT_TRUE(
        refused("INSERT INTO orders SET a = 1 ON DUPLICATE KEY UPDATE a = orders.a + 1", procedure)
            .contains("old name"));
    EXPECT_EQ(refused("BEGIN PREPARE s FROM 'DELETE FROM t'; EXECUTE s; END", procedure),
              "BEGIN PREPARE s FROM 'DELETE FROM t'; EXECUTE s; END");
    EXPECT_EQ(
        refused("BEGIN DELETE FROM orders WHERE orders.a = 1; REPLACE INTO orders VALUES (1); "
                "END",
                procedure),
        "BEGIN DELETE FROM `dw`.`facts` AS `orders` WHERE orders.a = 1; REPLACE INTO "
        "`dw`.`facts` VALUES (1); END");
    EXPECT_EQ(refused("INSERT INTO orders SET a = 1 ON DUPLICATE KEY UPDATE a = 2", procedure),
              "INSERT INTO `dw`.`facts` SET a = 1 ON DUPLICATE KEY UPDATE a = 2");
}

TEST(statement_bodies, follow_a_renamed_database) {
    const auto selection = renaming({{"shop", "store"}});
    for (const auto& [text, expected] : std::vector<body_case>{
             {"SELECT t.a FROM t", "SELECT t.a FROM t"},
             {"SELECT shop.t.a FROM shop.t, crm.c", "SELECT `store`.`t`.a FROM `store`.`t`, crm.c"},
             {"SELECT shop.f(1), g(2) FROM t", "SELECT `store`.`f`(1), g(2) FROM t"},
             {"SELECT 1 FROM other.t", "SELECT 1 FROM other.t"},
             {"SELECT shop.a FROM crm.shop", "SELECT shop.a FROM crm.shop"}})
        EXPECT_EQ(body_of(selection, text), expected);
}

TEST(statement_bodies, name_who_altered_an_event) {
    state::definer_policy mapped;
    ASSERT_TRUE(mapped.add("app@10.%", "dw@%"));
    const auto planned = [&](const std::string& sql, const std::string& user) {
        logged_statement statement{sql, "shop", 0, version_97};
        statement.invoker = {user, "10.%"};
        const auto plan = plan_statement(statement, renaming({}, mapped));
        return plan ? plan->text : plan.error().what;
    };
    EXPECT_EQ(planned("ALTER EVENT e DISABLE", "o'x"),
              "ALTER DEFINER='o''x'@'10.%' EVENT e DISABLE");
    EXPECT_EQ(planned("/* x */ alter event e DISABLE", "app"),
              "/* x */ alter DEFINER='dw'@'%' event e DISABLE");
    EXPECT_EQ(planned("ALTER DEFINER = CURRENT_USER() EVENT e DISABLE", "app"),
              "ALTER DEFINER = 'dw'@'%' EVENT e DISABLE");
    EXPECT_EQ(planned("ALTER DEFINER=root@localhost EVENT e DISABLE", "app"),
              "ALTER DEFINER=root@localhost EVENT e DISABLE");
    // The log says it of other statements, too, which name their definer themselves.
    EXPECT_EQ(planned("ALTER PROCEDURE p COMMENT 'x'", "app"), "ALTER PROCEDURE p COMMENT 'x'");
}

TEST(statement_bodies, name_the_definer_that_the_task_says) {
    const std::string text = "CREATE DEFINER=`app`@`10.%` PROCEDURE p() SELECT 1";
    const auto planned = [&](const state::definer_policy& policy, const std::string& sql) {
        const auto plan = plan_statement({sql, "shop", 0, version_97}, renaming({}, policy));
        return plan ? plan->text : plan.error().what;
    };
    EXPECT_EQ(planned({}, text), text);
    const state::definer_policy ours(state::definer_policy::choice::current_user);
    EXPECT_EQ(planned(ours, text), "CREATE DEFINER=CURRENT_USER PROCEDURE p() SELECT 1");
    EXPECT_EQ(planned(ours, "CREATE DEFINER = 'a'@'b' VIEW v AS SELECT 1"),
              "CREATE DEFINER = CURRENT_USER VIEW v AS SELECT 1");
    state::definer_policy mapped;
    ASSERT_TRUE(mapped.add("app@10.%", "o'x@localhost"));
    EXPECT_EQ(planned(mapped, text), "CREATE DEFINER='o''x'@'localhost' PROCEDURE p() SELECT 1");
    EXPECT_EQ(planned(mapped, "CREATE DEFINER=root@localhost PROCEDURE p() SELECT 1"),
              "CREATE DEFINER=root@localhost PROCEDURE p() SELECT 1");
    ASSERT_TRUE(mapped.add("*", "current-user"));
    EXPECT_EQ(planned(mapped, "ALTER DEFINER=root@localhost EVENT e DISABLE"),
              "ALTER DEFINER=CURRENT_USER EVENT e DISABLE");
    EXPECT_FALSE(mapped.add("app@", "x"));
    EXPECT_FALSE(mapped.add("app@%", "'x"));
}

TEST(statement_bodies, of_views_say_what_they_are_made_of) {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = {"shop.*", "more.a"};
    const auto selection = state::object_selection::make(spec);
    ASSERT_TRUE(selection);
    const auto used_by = [&](std::string_view text) {
        logged_statement statement;
        statement.text = text;
        statement.database = "shop";
        statement.source_version = 90704;
        const auto plan = plan_statement(statement, *selection);
        std::string names;
        if (!plan) return plan.error().what;
        for (const auto& name : plan->uses)
            names += name.database + "." + name.object + " ";
        return names;
    };
    EXPECT_EQ(
        used_by("CREATE VIEW v AS SELECT * FROM a, `b` AS x JOIN more.a USING (id) WHERE EXISTS "
                "(SELECT 1 FROM other.c)"),
        "shop.a shop.b more.a ");
    EXPECT_EQ(
        used_by("CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`r`@`%` SQL SECURITY INVOKER VIEW v "
                "(x) AS SELECT (SELECT MAX(id) FROM a) UNION SELECT 1"),
        "shop.a ");
    EXPECT_EQ(used_by("ALTER VIEW v AS WITH a AS (SELECT * FROM b) TABLE a"), "shop.b ");
    EXPECT_EQ(used_by("DROP VIEW v"), "");
    EXPECT_EQ(used_by("CREATE PROCEDURE p() SELECT * FROM a"), "");
}

} // namespace
} // namespace understudy::applier
