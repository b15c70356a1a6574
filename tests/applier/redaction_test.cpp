#include "applier/ddl/redaction.hpp"

#include "applier/ddl/lexer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::applier::ddl {
namespace {

TEST(redaction, shows_no_password_and_no_hash) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"CREATE USER 'a'@'%' IDENTIFIED BY 'pw'", "CREATE USER 'a'@'%' IDENTIFIED BY <secret>"},
        {"create user a identified with 'caching_sha2_password' as '$A$005$x\\'y',`b`@'h' "
         "identified by \"q\"\"r\" comment 'why'",
         "create user a identified with 'caching_sha2_password' as <secret>,`b`@'h' identified by "
         "<secret> comment <secret>"},
        {"ALTER USER a IDENTIFIED WITH p AS 0x2441 REPLACE 'old'",
         "ALTER USER a IDENTIFIED WITH p AS <secret> REPLACE <secret>"},
        {"ALTER USER a IDENTIFIED WITH p AS x'2441'", "ALTER USER a IDENTIFIED WITH p AS <secret>"},
        {"SET PASSWORD FOR 'a'@'%' = 'hash'", "SET PASSWORD FOR 'a'@'%' = <secret>"},
        {"SET PASSWORD FOR 'a'@'%'='*4E7F'", "SET PASSWORD FOR 'a'@'%'=<secret>"},
        {"SET PASSWORD = PASSWORD('x')", "SET PASSWORD = PASSWORD(<secret>)"},
        {"GRANT SELECT ON *.* TO a@'%' IDENTIFIED BY 'pw' /* 'pw' */ REQUIRE SSL",
         "GRANT SELECT ON *.* TO a@'%' IDENTIFIED BY <secret> REQUIRE SSL"},
        {"CREATE OR REPLACE USER a IDENTIFIED VIA ed25519 USING PASSWORD('x') OR p USING 'y'",
         "CREATE OR REPLACE USER a IDENTIFIED VIA ed25519 USING PASSWORD(<secret>) OR p USING "
         "<secret>"},
        {"/* c */ /*!80000 CREATE USER a IDENTIFIED BY 'x' */",
         "CREATE USER a IDENTIFIED BY <secret>"},
        {"SET STATEMENT max_statement_time=5 FOR CREATE USER a IDENTIFIED BY 'x'",
         "SET STATEMENT max_statement_time=5 FOR CREATE USER a IDENTIFIED BY <secret>"},
        {"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD 'x')",
         "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER <secret>, PASSWORD <secret>)"},
        {"SOMETHING NEW a IDENTIFIED BY 'x'", "SOMETHING NEW a IDENTIFIED BY <secret>"},
        {"CREATE USER a IDENTIFIED BY 'not closed", "CREATE USER a IDENTIFIED BY …"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(redacted(text, 0), expected);
}

TEST(redaction, reads_quotes_as_the_sql_mode_says) {
    const std::string text = "CREATE USER a IDENTIFIED WITH p AS 'x\\', b IDENTIFIED WITH p AS 'y'";
    EXPECT_EQ(redacted(text, mode_no_backslash_escapes),
              "CREATE USER a IDENTIFIED WITH p AS <secret>, b IDENTIFIED WITH p AS <secret>");
    EXPECT_FALSE(redacted(text, 0).contains("'y"));
}

TEST(redaction, leaves_all_else_alone) {
    for (const std::string text :
         {"CREATE TABLE t (password VARCHAR(9) DEFAULT 'x' COMMENT 'y')", "DROP USER a, 'b'",
          "INSERT INTO t VALUES ('x')", "/* a */ ALTER TABLE t\n ADD c INT DEFAULT '0x1'",
          "SET DEFAULT ROLE 'r' TO 'a'", "RENAME USER 'a' TO 'b'", "REVOKE ALL ON a.* FROM 'x'",
          "GRANT SELECT  ON a.* /* all */ TO 'u'@'%'", "SELECT 'not closed"})
        EXPECT_EQ(redacted(text, 0), text);
}

} // namespace
} // namespace understudy::applier::ddl
