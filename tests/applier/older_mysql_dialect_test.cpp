#include "applier/ddl/older_mysql_dialect.hpp"

#include "applier/statement_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {
namespace {

using testing::HasSubstr;

constexpr std::uint32_t version_56 = 50624;

std::optional<std::string> for_later(std::string_view text, std::uint32_t version = version_56) {
    return older_mysql_dialect(text, 0, version).for_later();
}

struct translation {
    std::string text;
    std::string expected;
};

TEST(older_mysql_dialect, leaves_out_what_the_source_read_and_ignored) {
    const std::vector<translation> cases{
        {"CREATE TABLE t (a INT CHECK (a > 0), b INT)", "CREATE TABLE t (a INT , b INT)"},
        {"CREATE TABLE t (a INT, CHECK (a > 0), CONSTRAINT c CHECK (a < 9), KEY (a))",
         "CREATE TABLE t (a INT, KEY (a))"},
        {"CREATE TABLE t (CHECK (a > (1)), CONSTRAINT CHECK (a > 2), a INT, CHECK (a > 3))",
         "CREATE TABLE t (  a INT)"},
        {"ALTER TABLE t ADD CHECK (a > 0)", "ALTER TABLE t "},
        {"ALTER TABLE t ADD CHECK (a > 0), ADD b INT, ADD CONSTRAINT c CHECK (b > a), DROP d",
         "ALTER TABLE t  ADD b INT, DROP d"},
        {"ALTER TABLE t ADD CHECK (a > 0) PARTITION BY HASH (a) PARTITIONS 2",
         "ALTER TABLE t  PARTITION BY HASH (a) PARTITIONS 2"},
        {"ALTER TABLE t ADD b INT, ADD CHECK (a > 0) REMOVE PARTITIONING",
         "ALTER TABLE t ADD b INT REMOVE PARTITIONING"},
        {"ALTER TABLE t ADD (CHECK (a > 0)) PARTITION BY KEY (a)",
         "ALTER TABLE t  PARTITION BY KEY (a)"},
        {"ALTER TABLE t ADD (a INT, CHECK (a > 0)), ADD (CHECK (a > 0))",
         "ALTER TABLE t ADD (a INT)"},
        {"CREATE TABLE t (a INT REFERENCES p (id) ON DELETE SET NULL ON UPDATE NO ACTION, b INT "
         "NOT NULL REFERENCES `d`.`q`(x) MATCH FULL, c INT REFERENCES p COMMENT 'x')",
         "CREATE TABLE t (a INT , b INT NOT NULL , c INT  COMMENT 'x')"},
        {"ALTER TABLE t ADD COLUMN a INT REFERENCES p (id) ON DELETE CASCADE AFTER b, MODIFY c INT "
         "REFERENCES p (id) FIRST",
         "ALTER TABLE t ADD COLUMN a INT  AFTER b, MODIFY c INT  FIRST"},
        {"CREATE TABLE t (a INT, b CHAR(9), PRIMARY KEY (a DESC), UNIQUE u (b(3) DESC, a ASC))",
         "CREATE TABLE t (a INT, b CHAR(9), PRIMARY KEY (a ), UNIQUE u (b(3) , a ASC))"},
        {"ALTER TABLE t ADD INDEX i (a desc), ORDER BY a DESC, b",
         "ALTER TABLE t ADD INDEX i (a ), ORDER BY a DESC, b"},
        {"CREATE FULLTEXT INDEX i ON t (a DESC)", "CREATE FULLTEXT INDEX i ON t (a )"},
        {"CREATE TABLE t (a YEAR(2) NOT NULL, b YEAR (4), c INT COMMENT 'CHECK (a)')",
         "CREATE TABLE t (a YEAR NOT NULL, b YEAR , c INT COMMENT 'CHECK (a)')"},
        {"ALTER TABLE t CHANGE `a` `b` YEAR(2), MODIFY COLUMN c YEAR(4)",
         "ALTER TABLE t CHANGE `a` `b` YEAR, MODIFY COLUMN c YEAR"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.text);
        EXPECT_EQ(for_later(one.text), one.expected);
    }
}

TEST(older_mysql_dialect, leaves_alone_what_means_the_same) {
    for (const auto* text :
         {"CREATE TABLE t (a INT, `check` INT, FOREIGN KEY (a) REFERENCES p (id))",
          "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (id), ADD UNIQUE (a)",
          "CREATE TABLE t LIKE p", "CREATE TABLE t (a INT) SELECT a FROM p ORDER BY a DESC",
          "CREATE VIEW v AS SELECT a FROM t ORDER BY a DESC",
          "ALTER TABLE t PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10))",
          "LOAD DATA INFILE 'x' INTO TABLE t IGNORE 1 ROWS (rank)",
          "CREATE TABLE t (a VARCHAR(9) DEFAULT 'CHECK (a)', `rank` INT"})
        EXPECT_EQ(for_later(text), std::nullopt) << text;
}

TEST(older_mysql_dialect, knows_from_when_on_the_source_meant_it) {
    const auto* const text = "CREATE TABLE t (a INT REFERENCES p (id), b INT CHECK (b > 0), KEY (b "
                             "DESC), intersect INT, c YEAR(4))";
    EXPECT_THAT(for_later(text, 80011).value(),
                HasSubstr("KEY (b DESC), `intersect` INT, c YEAR(4"));
    EXPECT_THAT(for_later(text, 80011).value(), HasSubstr("(a INT , b INT , KEY"));
    EXPECT_THAT(for_later(text, 80400).value(), HasSubstr("(a INT , b INT CHECK (b > 0)"));
    EXPECT_THAT(for_later(text, 80400).value(), HasSubstr(" intersect INT"));
    EXPECT_TRUE(is_older_mysql(80400));
    for (const std::uint32_t version : {0U, 90000U, 90704U, 101118U, UINT32_MAX})
        EXPECT_FALSE(is_older_mysql(version)) << version;
}

TEST(older_mysql_dialect, quotes_names_that_are_words_now) {
    const std::vector<translation> cases{
        {"CREATE TABLE rank (groups INT, t.system INT, Rows INT, row INT, function INT, cube INT)",
         "CREATE TABLE `rank` (`groups` INT, t.system INT, `Rows` INT, `row` INT, `function` INT, "
         "`cube` INT)"},
        {"CREATE FUNCTION lead (row INT) RETURNS INT RETURN @rank + rank(row) + lag",
         "CREATE FUNCTION `lead` (`row` INT) RETURNS INT RETURN @rank + `rank`(`row`) + `lag`"},
        {"CREATE TRIGGER t BEFORE INSERT ON window FOR EACH ROW SET NEW.rank = (ROW (1, 2) = "
         "(SELECT a, over FROM of GROUP BY a WITH CUBE))",
         "CREATE TRIGGER t BEFORE INSERT ON `window` FOR EACH ROW SET NEW.rank = (ROW (1, 2) = "
         "(SELECT a, `over` FROM `of` GROUP BY a WITH CUBE))"},
        {"ALTER TABLE t ADD COLUMN function INT, DROP COLUMN virtual, ADD KEY row (stored), ADD "
         "INDEX "
         "function (a)",
         "ALTER TABLE t ADD COLUMN `function` INT, DROP COLUMN `virtual`, ADD KEY `row` "
         "(`stored`), "
         "ADD INDEX `function` (a)"},
        {"INSERT INTO t (rank) SELECT groups FROM u",
         "INSERT INTO t (`rank`) SELECT `groups` FROM u"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.text);
        EXPECT_EQ(for_later(one.text), one.expected);
    }
    EXPECT_EQ(for_later("CREATE TABLE t (a INT, b INT AS (a) VIRTUAL)", 50744), std::nullopt);
    EXPECT_EQ(for_later("CREATE VIEW v AS SELECT rank() OVER (ORDER BY a) FROM t", 80036),
              std::nullopt);
}

state::object_selection shop_as_copy() {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = {"shop.*"};
    spec.objects.rename = {{"shop", "copy"}};
    return state::object_selection::make(spec).value();
}

protocol::result<statement_plan> plan(std::string_view text, std::uint16_t error_code = 0,
                                      std::uint32_t version = version_56) {
    return plan_statement(
        {.text = text, .database = "shop", .source_version = version, .error_code = error_code},
        shop_as_copy());
}

TEST(statement_of_older_mysql, is_planned_as_the_source_meant_it) {
    EXPECT_EQ(
        plan("CREATE TABLE lateral (a INT REFERENCES shop.p (id), CHECK (a > 0))").value().text,
        "CREATE TABLE `lateral` (a INT )");
    EXPECT_EQ(plan("ALTER TABLE a ADD CHECK (a > 0)").value().what,
              statement_plan::action::execute);
    EXPECT_EQ(plan("CREATE TABLE a (b INT REFERENCES p (id))", 0, 90704).value().text,
              "CREATE TABLE a (b INT REFERENCES p (id))");
}

// Before 8.0 a DROP TABLE that did not find all had dropped the others.
TEST(statement_that_failed, is_repeated_only_where_it_is_known_what_it_did) {
    constexpr std::uint16_t unknown_table = 1051;
    constexpr std::uint16_t interrupted = 1317;
    EXPECT_EQ(plan("DROP TABLE `a`,`b` /* generated by server */", unknown_table).value().text,
              "DROP TABLE IF EXISTS `copy`.`a`,`copy`.`b` /* generated by server */");
    EXPECT_EQ(plan("DROP TABLE other.a, b", unknown_table).value().text,
              "DROP TABLE IF EXISTS `copy`.`b`");
    EXPECT_TRUE(plan("DROP VIEW a, b", unknown_table).has_value());
    for (const auto* text : {"DROP TABLE a, b", "ALTER TABLE a ENGINE=MyISAM"}) {
        const auto refused = plan(text, interrupted);
        ASSERT_FALSE(refused.has_value()) << text;
        EXPECT_THAT(refused.error().what, HasSubstr("the source broke off with error 1317"));
    }
    EXPECT_EQ(plan("DROP TABLE other.a", interrupted).value().what, statement_plan::action::skip);
}

} // namespace
} // namespace understudy::applier::ddl
