#include "applier/ddl/mariadb_dialect.hpp"

#include "applier/errc.hpp"
#include "applier/statement_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::applier::ddl {
namespace {

constexpr std::uint32_t version_1011 = 101118;

protocol::result<std::string> for_mysql(std::string_view text) {
    return mariadb_dialect(text, 0, version_1011).for_mysql();
}

struct translation {
    std::string text;
    std::string expected;
};

TEST(mariadb_dialect, translates_what_has_a_certain_equal) {
    const std::vector<translation> cases{
        {"CREATE TABLE t (a INT, b VARCHAR(9))", "CREATE TABLE t (a INT, b VARCHAR(9))"},
        {"CREATE TABLE t (`v` varchar(300) /*M!100301 COMPRESSED*/ DEFAULT 'x', b int)",
         "CREATE TABLE t (`v` varchar(300)  DEFAULT 'x', b int)"},
        {"CREATE TABLE t (v TEXT COMPRESSED=zlib NOT NULL) ROW_FORMAT=COMPRESSED",
         "CREATE TABLE t (v TEXT  NOT NULL) ROW_FORMAT=COMPRESSED"},
        {"create table t (`j` JSON NOT NULL)",
         "create table t (`j` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin CHECK "
         "(json_valid(`j`)) NOT NULL)"},
        {"CREATE TABLE t (j JSON CHECK (json_length(j) > 1))",
         "CREATE TABLE t (j LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin CHECK "
         "(json_length(j) > 1))"},
        {"CREATE TABLE t (d date DEFAULT curdate(), u char(36) DEFAULT uuid(), e int DEFAULT (1 + "
         "2), c timestamp DEFAULT current_timestamp() ON UPDATE current_timestamp())",
         "CREATE TABLE t (d date DEFAULT (curdate()), u char(36) DEFAULT (uuid()), e int DEFAULT "
         "(1 + 2), c timestamp DEFAULT current_timestamp() ON UPDATE current_timestamp())"},
        {"CREATE TABLE t (a text DEFAULT 'x''y', b blob DEFAULT NULL, c varchar(5) DEFAULT 'x')",
         "CREATE TABLE t (a text DEFAULT ('x''y'), b blob DEFAULT NULL, c varchar(5) DEFAULT 'x')"},
        {"CREATE TABLE t (a int, g int AS (a + 1) PERSISTENT)",
         "CREATE TABLE t (a int, g int AS (a + 1) STORED)"},
        {"CREATE TABLE t (a int, KEY k (a) IGNORED, KEY l (a) NOT IGNORED)",
         "CREATE TABLE t (a int, KEY k (a) INVISIBLE, KEY l (a) VISIBLE)"},
        {"CREATE TABLE `t` (a int) ENGINE=InnoDB COMMENT='PERSISTENT' `page_compressed`=1",
         "CREATE TABLE `t` (a int) ENGINE=InnoDB COMMENT='PERSISTENT' "},
        {"CREATE TABLE t (a int, CONSTRAINT `CONSTRAINT_1` CHECK (`a` > 0), CONSTRAINT c CHECK (a "
         "< 9))",
         "CREATE TABLE t (a int,  CHECK (`a` > 0), CONSTRAINT c CHECK (a < 9))"},
        {"CREATE TABLE t (a int) COLLATE=utf8mb4_croatian_mysql561_ci",
         "CREATE TABLE t (a int) COLLATE=utf8mb4_croatian_ci"},
        {"CREATE TABLE t (`uuid` int, inet6 int, `compressed` int, PRIMARY KEY (`uuid`))",
         "CREATE TABLE t (`uuid` int, inet6 int, `compressed` int, PRIMARY KEY (`uuid`))"},
        {"CREATE TABLE t (a int /*!80000 INVISIBLE */) /* why */ ENGINE=InnoDB",
         "CREATE TABLE t (a int ) ENGINE=InnoDB"},
        {"ALTER ONLINE TABLE t WAIT 5 ADD COLUMN j JSON AFTER a, ALGORITHM=NOCOPY, LOCK=NONE",
         "ALTER  TABLE t  ADD COLUMN j LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin CHECK "
         "(json_valid(`j`)) AFTER a, ALGORITHM=DEFAULT, LOCK=DEFAULT"},
        {"ALTER TABLE t ADD (a JSON, b int DEFAULT abs(-1)), MODIFY c text COMPRESSED, CHANGE d e "
         "json",
         "ALTER TABLE t ADD (a LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin CHECK "
         "(json_valid(`a`)), b int DEFAULT (abs(-1))), MODIFY c text , CHANGE d e LONGTEXT "
         "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin CHECK (json_valid(`e`))"},
        {"ALTER TABLE t ALTER INDEX k IGNORED, page_compressed=1",
         "ALTER TABLE t ALTER INDEX k INVISIBLE, FORCE"},
        {"ALTER TABLE t ALTER a SET DEFAULT uuid()", "ALTER TABLE t ALTER a SET DEFAULT (uuid())"},
        {"CREATE TABLE groups (rank INT, system INT, virtual INT, row INT, lag INT AS (rank + 1) "
         "VIRTUAL)",
         "CREATE TABLE `groups` (`rank` INT, `system` INT, `virtual` INT, `row` INT, `lag` INT AS "
         "(`rank` + 1) VIRTUAL)"},
        {"CREATE VIEW v AS SELECT rank() OVER (ORDER BY rank ROWS UNBOUNDED PRECEDING) AS lead "
         "FROM t WHERE system = 1 GROUP BY a WITH ROLLUP",
         "CREATE VIEW v AS SELECT rank() OVER (ORDER BY `rank` ROWS UNBOUNDED PRECEDING) AS `lead` "
         "FROM t WHERE `system` = 1 GROUP BY a WITH ROLLUP"},
        {"CREATE TABLE t (a int CHECK (a > 0), b int CHECK (b <> rank) DEFAULT 5, "
         "rank int)",
         "CREATE TABLE t (a int CHECK (a > 0), b int  DEFAULT 5, CHECK (b <> "
         "`rank`), `rank` int)"},
        {"ALTER TABLE t ADD b int CHECK (b <> a) AFTER c, ADD (d int CHECK (d > a), e int)",
         "ALTER TABLE t ADD b int  AFTER c, ADD CHECK (b <> a), ADD (d int , CHECK (d > a), e "
         "int)"},
        {"CREATE TABLE t (a int, FOREIGN KEY f (a) REFERENCES p (id), FOREIGN KEY (a) REFERENCES q "
         "(id), CONSTRAINT c FOREIGN KEY g (a) REFERENCES r (id))",
         "CREATE TABLE t (a int, CONSTRAINT `f` FOREIGN KEY f (a) REFERENCES p (id), FOREIGN KEY "
         "(a) REFERENCES q (id), CONSTRAINT c FOREIGN KEY g (a) REFERENCES r (id))"},
        {"ALTER TABLE t ADD FOREIGN KEY lead (a) REFERENCES p (id), ADD INDEX lag (a)",
         "ALTER TABLE t ADD CONSTRAINT `lead` FOREIGN KEY `lead` (a) REFERENCES p (id), ADD INDEX "
         "`lag` (a)"},
        {"CREATE INDEX i ON t (a) WAIT 3 COMMENT 'x' ALGORITHM=NOCOPY LOCK SHARED",
         "CREATE INDEX i ON t (a)  COMMENT 'x' ALGORITHM=DEFAULT LOCK DEFAULT"},
        {"CREATE TABLE t (a YEAR(2), b YEAR(4))", "CREATE TABLE t (a YEAR, b YEAR(4))"},
        {"CREATE VIEW v AS SELECT j.x FROM t JOIN JSON_TABLE(t.d, '$' COLUMNS(x INT PATH '$.a' "
         "DEFAULT '0' ON EMPTY NULL ON ERROR)) AS j ON empty = 1",
         "CREATE VIEW v AS SELECT j.x FROM t JOIN JSON_TABLE(t.d, '$' COLUMNS(x INT PATH '$.a' "
         "DEFAULT '0' ON EMPTY NULL ON ERROR)) AS j ON `empty` = 1"},
        {"CREATE INDEX i ON t (a) IGNORED", "CREATE INDEX i ON t (a) INVISIBLE"},
        {"DROP TABLE t, u WAIT 3", "DROP TABLE t, u "},
        {"TRUNCATE TABLE t NOWAIT", "TRUNCATE TABLE t "},
        {"CREATE OR REPLACE VIEW v AS SELECT /*M! SQL_NO_CACHE */ 1",
         "CREATE OR REPLACE VIEW v AS SELECT SQL_NO_CACHE 1"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.text);
        const auto made = for_mysql(one.text);
        ASSERT_TRUE(made.has_value()) << made.error().what;
        EXPECT_EQ(*made, one.expected);
    }
}

TEST(mariadb_dialect, names_what_mysql_has_not) {
    const std::vector<translation> cases{
        {"CREATE TABLE t (a int, b UUID DEFAULT uuid())", "UUID of column `b`"},
        {"CREATE TABLE t (`a` inet6 DEFAULT NULL)", "INET6 of column `a`"},
        {"ALTER TABLE t ADD a INET4", "INET4 of column `a`"},
        {"ALTER TABLE t MODIFY COLUMN a uuid", "UUID of column `a`"},
        {"CREATE TABLE t (a int) WITH SYSTEM VERSIONING", "system versioning"},
        {"ALTER TABLE t ADD SYSTEM VERSIONING", "system versioning"},
        {"CREATE TABLE t (b date, c date, PERIOD FOR p (b, c))", "PERIOD FOR"},
        {"CREATE TABLE t (a int DEFAULT nextval(`d`.`s`))", "sequence"},
        {"CREATE TABLE t (a int) ENGINE=Aria", "Aria"},
        {"CREATE TABLE t (a varchar(5) COLLATE utf8mb4_uca1400_ai_ci)", "utf8mb4_uca1400_ai_ci"},
        {"CREATE TABLE t (a varchar(5)) COLLATE='utf8mb4_general_nopad_ci'",
         "utf8mb4_general_nopad_ci"},
        {"CREATE TABLE t (a varchar(5)) COLLATE utf8mb4_croatian_ci", "utf8mb4_croatian_ci"},
        {"CREATE TABLE t (a int) ENCRYPTED=YES", "ENCRYPTED"},
        {"CREATE OR REPLACE TABLE t (a int)", "OR REPLACE TABLE"},
        {"CREATE OR REPLACE PROCEDURE p() SELECT 1", "OR REPLACE PROCEDURE"},
        {"ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", "IF NOT EXISTS"},
        {"ALTER TABLE IF EXISTS t ADD a int", "IF EXISTS"},
        {"DROP INDEX IF EXISTS i ON t", "IF EXISTS"},
        {"RENAME TABLE IF EXISTS t TO u", "IF EXISTS"},
        {"ALTER IGNORE TABLE t ADD UNIQUE (a)", "ALTER IGNORE"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.text);
        const auto made = for_mysql(one.text);
        ASSERT_FALSE(made.has_value()) << *made;
        EXPECT_EQ(made.error().code, errc::unsupported_statement);
        EXPECT_THAT(made.error().what, testing::HasSubstr(one.expected));
    }
}

state::object_selection all_of_shop() {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = {"shop.*"};
    return state::object_selection::make(spec).value();
}

protocol::result<statement_plan> plan(std::string_view text, std::string_view database = "shop") {
    return plan_statement({.text = text, .database = database, .source_version = version_1011},
                          all_of_shop());
}

TEST(statement_of_mariadb, is_translated_where_it_concerns_what_is_selected) {
    const auto made = plan("CREATE TABLE a (j JSON)").value();
    EXPECT_EQ(made.what, statement_plan::action::execute);
    EXPECT_THAT(made.text, testing::HasSubstr("json_valid"));
    EXPECT_EQ(plan("CREATE TABLE a (u UUID)", "other").value().what, statement_plan::action::skip);
    const auto refused = plan("CREATE TABLE a (u UUID)");
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().what, testing::HasSubstr("CREATE TABLE a (u UUID)"));
    EXPECT_THAT(refused.error().what, testing::HasSubstr("the type UUID"));
}

TEST(statement_of_mariadb, that_waits_for_locks_is_executed_without_that) {
    EXPECT_EQ(plan("RENAME TABLE a WAIT 3 TO b, c NOWAIT TO d").value().text,
              "RENAME TABLE `shop`.`a` TO `shop`.`b`, `shop`.`c` TO `shop`.`d`");
}

TEST(statement_of_mariadb, does_not_guess_what_a_character_set_meant) {
    const auto in_session = [](std::string_view text) {
        return plan_statement({.text = text,
                               .database = "shop",
                               .source_version = version_1011,
                               .recollated_charsets = {"utf8mb4"}},
                              all_of_shop());
    };
    for (const auto* text : {"CREATE TABLE a (b CHAR(3)) CHARSET=utf8mb4",
                             "ALTER TABLE a CONVERT TO CHARACTER SET UTF8MB4",
                             "CREATE DATABASE shop CHARACTER SET utf8mb4"})
        EXPECT_FALSE(in_session(text).has_value()) << text;
    for (const auto* text :
         {"CREATE TABLE a (b CHAR(3))", "CREATE TABLE a (b CHAR(3)) CHARSET=latin1",
          "CREATE TABLE a (b CHAR(3) CHARSET utf8mb4 COLLATE utf8mb4_bin)"})
        EXPECT_TRUE(in_session(text).has_value()) << text;
}

TEST(statement_of_mariadb, with_settings_of_its_own_is_not_passed_over) {
    EXPECT_FALSE(
        plan("SET STATEMENT max_statement_time=1 FOR ALTER TABLE a ADD b INT").has_value());
    EXPECT_EQ(
        plan("SET STATEMENT sql_mode=CONCAT('a', ' FOR ') FOR DROP TABLE a", "other").value().what,
        statement_plan::action::skip);
}

TEST(statement_of_mariadb, about_a_sequence_stops_only_where_it_is_selected) {
    for (const auto* text : {"CREATE SEQUENCE s START WITH 5", "CREATE OR REPLACE SEQUENCE s",
                             "ALTER SEQUENCE s RESTART 3", "DROP SEQUENCE IF EXISTS s"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(plan(text).has_value());
        EXPECT_EQ(plan(text, "other").value().what, statement_plan::action::skip);
    }
}

} // namespace
} // namespace understudy::applier::ddl
