#include "applier/ddl/alter_clauses.hpp"

#include "applier/ddl/lexer.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace understudy::applier::ddl {
namespace {

alter_clauses read(std::string_view clauses) {
    constexpr std::uint32_t version = 90704;
    const auto list = tokenize(clauses, 0, version);
    return read_alter_clauses(token_cursor(list.tokens));
}

TEST(alter_clauses, are_exact_where_no_value_is_made_up) {
    for (const std::string_view text :
         {"ADD COLUMN a INT", "add a int not null default 7, add index (a, b)",
          "ADD COLUMN a DECIMAL(10,2) DEFAULT 1.5 AFTER b", "ADD FULLTEXT (a)",
          "DROP COLUMN a, DROP INDEX i, DROP KEY `k`", "DROP a",
          "MODIFY a VARCHAR(99) CHARACTER SET utf8mb4, ALGORITHM=INPLACE, LOCK=NONE",
          "MODIFY COLUMN id BIGINT AUTO_INCREMENT", "CHANGE a `A` BIGINT", "ALTER a SET DEFAULT 5",
          "ALTER INDEX i INVISIBLE", "RENAME INDEX a TO b", "ENGINE=InnoDB", "COMMENT 'ADD x, y'",
          "DEFAULT CHARACTER SET latin1", "AUTO_INCREMENT=5",
          "ADD g INT GENERATED ALWAYS AS (a + 1) VIRTUAL", "MODIFY t TIMESTAMP DEFAULT NOW()",
          "ADD COLUMN `add` INT, DROP COLUMN `drop`"}) {
        EXPECT_TRUE(read(text).is_exact) << text;
    }
}

TEST(alter_clauses, are_not_exact_where_rows_could_differ) {
    for (const std::string_view text : {"",
                                        "ADD id INT AUTO_INCREMENT PRIMARY KEY",
                                        "ADD at TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
                                        "ADD at DATETIME(6) DEFAULT NOW(6)",
                                        "ADD u CHAR(36) DEFAULT (UUID())",
                                        "ADD id SERIAL",
                                        "ADD (a INT, b INT)",
                                        "ADD COLUMN (a INT)",
                                        "ADD INDEX (a), ADD b DATETIME DEFAULT localtime",
                                        "DROP COLUMN a, ADD COLUMN A INT",
                                        "ADD a INT, DROP a",
                                        "CHANGE a b INT",
                                        "RENAME COLUMN a TO b",
                                        "RENAME TO x",
                                        "ADD PRIMARY KEY (a)",
                                        "DROP PRIMARY KEY",
                                        "ADD FOREIGN KEY (a) REFERENCES p (id)",
                                        "ADD CONSTRAINT c CHECK (a > 0)",
                                        "ADD a INT REFERENCES p (id)",
                                        "ADD PARTITION (PARTITION p VALUES LESS THAN (5))",
                                        "PARTITION BY HASH (a)",
                                        "DROP PARTITION p",
                                        "ORDER BY a",
                                        "FORCE",
                                        "DISCARD TABLESPACE",
                                        "ADD a INT, FORCE",
                                        "ADD COLUMN IF NOT EXISTS a INT",
                                        "ADD UNIQUE KEY u (a)",
                                        "ADD a INT UNIQUE",
                                        "CONVERT TO CHARACTER SET utf8mb4",
                                        "ADD a TIMESTAMP NOT NULL",
                                        "DROP COLUMN IF EXISTS a, ADD COLUMN a INT",
                                        "ADD u CHAR(36) DEFAULT UUID()",
                                        "ALTER CHECK c NOT ENFORCED"}) {
        EXPECT_FALSE(read(text).is_exact) << text;
    }
}

TEST(alter_clauses, may_make_up_values_for_rows_that_are_there) {
    for (const std::string_view text :
         {"ADD id INT AUTO_INCREMENT UNIQUE", "ADD at DATETIME DEFAULT NOW()",
          "ADD a INT, ADD u CHAR(36) DEFAULT (UUID())", "ADD t TIMESTAMP", "ADD (a INT)"})
        EXPECT_TRUE(read(text).makes_up_values) << text;
    for (const std::string_view text :
         {"ADD a INT DEFAULT 5", "RENAME COLUMN a TO b", "ADD PRIMARY KEY (a)", "CHANGE a b INT",
          "MODIFY id BIGINT AUTO_INCREMENT", "MODIFY at DATETIME DEFAULT NOW()",
          "ADD UNIQUE KEY u (a)", "PARTITION BY HASH (a)"})
        EXPECT_FALSE(read(text).makes_up_values) << text;
    EXPECT_TRUE(read("DISABLE KEYS").switches_keys);
    EXPECT_FALSE(read("ADD a INT").switches_keys);
}

TEST(alter_clauses, may_set_the_counter_alone) {
    EXPECT_TRUE(read("AUTO_INCREMENT=7").sets_only_counter);
    EXPECT_TRUE(read("auto_increment 7").sets_only_counter);
    EXPECT_FALSE(read("AUTO_INCREMENT=7, ADD a INT").sets_only_counter);
    EXPECT_FALSE(read("ADD a INT").sets_only_counter);
    EXPECT_FALSE(read("").sets_only_counter);
}

} // namespace
} // namespace understudy::applier::ddl
