// What others' replication tools were caught by, each in a few seconds.

#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using spec = state::task_spec;

class trap : public testing::TestWithParam<spec::writer> {
protected:
    static rig_options options() {
        rig_options made;
        made.writer = GetParam();
        return made;
    }
};

// Zero dates, id 0, backslashes and quotes, four bytes of UTF-8, YEAR 0, the hour that a time zone
// has twice, padded text, generated and invisible columns: whatever a new session of the target
// would make of them.
TEST_P(trap, settings_of_the_targets_sessions_change_nothing) {
    auto with = options();
    with.target_args = {
        "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,STRICT_ALL_TABLES,"
        "NO_ZERO_DATE,NO_ZERO_IN_DATE,PIPES_AS_CONCAT,REAL_AS_FLOAT,IGNORE_SPACE",
        "--default-time-zone=+05:45",
        "--character-set-server=latin1",
        "--autocommit=OFF",
        "--auto-increment-increment=10",
        "--auto-increment-offset=7",
        "--max-heap-table-size=16384",
        "--div-precision-increment=0",
        "--completion-type=CHAIN",
        "--transaction-isolation=SERIALIZABLE",
        "--sql-require-primary-key=ON",
        "--init-connect=SET sql_safe_updates = 1, sql_select_limit = 1, foreign_key_checks = 0"};
    // Without the right that keeps init_connect away.
    with.target_privileges = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, "
                             "REPLICATION_APPLIER ON *.*";
    applier_rig rig(with);
    const std::string tables =
        "SET sql_mode = '', sql_require_primary_key = OFF, autocommit = ON, completion_type = "
        "NO_CHAIN; SET NAMES utf8mb4; CREATE DATABASE t CHARACTER SET utf8mb4; USE t; CREATE TABLE "
        "a (id INT PRIMARY KEY AUTO_INCREMENT, d DATE, dt DATETIME(3), ts TIMESTAMP NULL, y YEAR, "
        "c "
        "CHAR(9), b BINARY(5), s VARCHAR(60), g INT AS (iv + 1) STORED, gv INT AS (iv * 2) "
        "VIRTUAL, "
        "iv INT INVISIBLE, e ENUM('x','y'), f FLOAT, n DECIMAL(20,5)); CREATE TABLE k (c CHAR(9), "
        "f "
        "FLOAT, e ENUM('x','y'), j JSON, g INT AS (CHAR_LENGTH(c)) STORED)";
    rig.exec_both(tables);
    rig.begin();
    rig.source().exec(
        "SET NAMES utf8mb4; SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone "
        "= "
        "'+00:00'; USE t; INSERT INTO a (id, d, dt, ts, y, c, b, s, iv, e, f, n) VALUES (0, "
        "'0000-00-00', '0000-00-00', 0, 0, 'a ', 'a', '\\\\ \\' \" %_ \\0 \\n', 5, '', 1.1, "
        "0.00001), (1, '2026-02-31', '2026-00-10', '2026-10-25 00:30:00', '2000', '', '', "
        "_utf8mb4 0xF09F9880, NULL, 'y', -1.5e-7, -99999), (2, NULL, NULL, '2026-10-25 01:30:00', "
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3, '2026-01-01', NOW(3), NOW(), 1901, "
        "'b', 'b\\0c', 'end\\\\', 1, 'x', 3.4e38, 1); INSERT INTO k (c, f, e, j) VALUES ('a', 1.1, "
        "'', '{\"a\": 1.0}'), ('a', 1.1, '', '{\"a\": 1.0}'), (NULL, NULL, NULL, NULL)");
    rig.source().exec("USE t; UPDATE a SET s = CONCAT(s, '''\\\\'), iv = 0 WHERE id < 3; UPDATE k "
                      "SET c = 'b' WHERE f IS NULL; DELETE FROM k WHERE c = 'a' LIMIT 1; UPDATE a "
                      "SET id = 9 WHERE id = 0; DELETE FROM a WHERE id = 3");
    EXPECT_EQ(rig.catch_up(), "");
    rig.target().exec("SET time_zone = '+00:00'");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.a WHERE ts = '2026-10-25 00:30:00' OR ts "
                                  "= '2026-10-25 01:30:00'"),
              "2");
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id, ':', HEX(s) ORDER BY id) FROM t.a"),
              rig.source().scalar("SELECT GROUP_CONCAT(id, ':', HEX(s) ORDER BY id) FROM t.a"));
    EXPECT_THAT(rig.differences({.definitions = false}), IsEmpty());
}

// GTID, BEGIN, COMMIT: what a replica or a tool leaves to consume a GTID.
TEST_P(trap, an_empty_transaction_counts_as_executed) {
    applier_rig rig(options());
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec(
        "SET gtid_next = '11111111-2222-3333-4444-555555555555:1'; BEGIN; COMMIT; SET "
        "gtid_next = 'AUTOMATIC'; INSERT INTO t.a VALUES (1); SET gtid_next = "
        "'11111111-2222-3333-4444-555555555555:7'; BEGIN; COMMIT; SET gtid_next = "
        "'AUTOMATIC'");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.target().scalar("SELECT gtid_set FROM understudy.checkpoint"),
                HasSubstr("11111111-2222-3333-4444-555555555555:1:7"));
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(trap, a_key_that_only_the_target_has_finds_its_rows) {
    applier_rig rig(options());
    rig.source().exec(
        "CREATE DATABASE t; CREATE TABLE t.a (id INT NOT NULL, v VARCHAR(9), f FLOAT)");
    rig.target().exec("CREATE DATABASE t; CREATE TABLE t.a (id INT NOT NULL PRIMARY KEY, v "
                      "VARCHAR(9), f FLOAT)");
    rig.begin();
    rig.source().exec("USE t; INSERT INTO a VALUES (1, 'a', 1.1), (2, 'b', 2.2), (3, 'c', NULL); "
                      "UPDATE a SET v = 'x', f = 0.3 WHERE id = 1; UPDATE a SET id = id + 10; "
                      "DELETE FROM a WHERE id = 12");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences({.definitions = false}), IsEmpty());
    // What only a table without the key can hold is named.
    rig.source().exec("USE t; INSERT INTO a VALUES (11, 'twice', 1)");
    EXPECT_THAT(rig.catch_up(), HasSubstr("A row with this key is on the target already"));
}

// With enforce_gtid_consistency the server refuses some mixtures of engines in a transaction.
TEST_P(trap, tables_without_transactions_are_applied_beside_others) {
    applier_rig rig(options());
    rig.exec_both("CREATE DATABASE t; USE t; CREATE TABLE a (id INT PRIMARY KEY, v INT); CREATE "
                  "TABLE m (id INT PRIMARY KEY, v INT) ENGINE=MyISAM");
    rig.begin();
    rig.source().exec("USE t; INSERT INTO a VALUES (1, 1); INSERT INTO m VALUES (1, 1), (2, 2); "
                      "INSERT INTO a VALUES (2, 2); UPDATE m SET v = v + 1; DELETE FROM m WHERE id "
                      "= 1; UPDATE a SET v = 5");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

// Both values are the same to a collation that ignores case and accents.
TEST_P(trap, keys_that_are_equal_to_the_collation_keep_their_order) {
    applier_rig rig(options());
    rig.exec_both(
        "CREATE DATABASE t CHARACTER SET utf8mb4; USE t; CREATE TABLE a (k VARCHAR(9) "
        "COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, u VARCHAR(9) COLLATE utf8mb4_general_ci, "
        "v INT, UNIQUE (u))");
    rig.begin();
    rig.source().exec("USE t; SET NAMES utf8mb4; INSERT INTO a VALUES ('a', 'x ', 1), ('b', 'y', "
                      "2); DELETE FROM a WHERE k = 'A'; INSERT INTO a VALUES ('Á', 'X', 3); UPDATE "
                      "a SET k = 'á' WHERE k = 'a'; BEGIN; UPDATE a SET u = 'tmp' WHERE k = 'a'; "
                      "UPDATE a SET u = 'x' WHERE k = 'B'; UPDATE a SET u = 'Y' WHERE k = 'A'; "
                      "COMMIT; UPDATE a SET u = NULL; INSERT INTO a VALUES ('c', NULL, 4)");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(of, trap, testing::Values(spec::writer::row_image, spec::writer::sql),
                         [](const auto& info) {
                             return info.param == spec::writer::sql ? "sql" : "row_image";
                         });

} // namespace
} // namespace understudy::test
