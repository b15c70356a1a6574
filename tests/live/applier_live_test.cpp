#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <fstream>
#include <random>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using writer = state::task_spec::writer;

struct mode {
    std::string name;
    bool gtid = true;
    writer how = writer::automatic;
};

void PrintTo(const mode& value, std::ostream* out) {
    *out << value.name;
}

class applier_by_mode : public testing::TestWithParam<mode> {
protected:
    [[nodiscard]] static rig_options options() {
        return {.source_gtid = GetParam().gtid,
                .target_gtid = GetParam().gtid,
                .writer = GetParam().how};
    }
    [[nodiscard]] static bool as_sql() { return GetParam().how == writer::sql; }
};

TEST_P(applier_by_mode, brings_every_kind_of_change_over) {
    applier_rig rig(options());
    rig.exec_both(
        "CREATE DATABASE t; USE t;"
        "CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(50), u INT, UNIQUE (u));"
        "CREATE TABLE keyless (x INT, y VARCHAR(20), z FLOAT);"
        "CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(20));"
        "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent(id)"
        " ON DELETE CASCADE ON UPDATE CASCADE);"
        "CREATE TABLE gen (id INT PRIMARY KEY, a INT, b INT AS (a * 2) STORED, c INT AS (a + 1));"
        "CREATE DATABASE other; CREATE TABLE other.t (id INT)");
    rig.begin();
    rig.source().exec(
        "USE t; INSERT INTO a VALUES (1,'one',10),(2,'two',20),(3,NULL,NULL);"
        "UPDATE a SET v = CONCAT(v, '!') WHERE id < 3; DELETE FROM a WHERE id = 3;"
        "UPDATE a SET id = id + 10 ORDER BY id DESC;"
        "BEGIN; UPDATE a SET u = 30 WHERE id = 11; UPDATE a SET u = 10 WHERE id = 12; COMMIT;"
        "INSERT INTO keyless VALUES (1,'a',1.1),(1,'a',1.1),(2,'b',NULL),(3,NULL,0.5);"
        "UPDATE keyless SET x = x + 1; DELETE FROM keyless WHERE x = 2 LIMIT 1;"
        "INSERT INTO parent VALUES (1,'p1'),(2,'p2'),(3,'p3');"
        "INSERT INTO child VALUES (1,1),(2,1),(3,2),(4,3);"
        "DELETE FROM parent WHERE id = 1; UPDATE parent SET id = 20 WHERE id = 2;"
        "SET foreign_key_checks = 0; INSERT INTO child VALUES (99, 999); SET foreign_key_checks = "
        "1;"
        "DELETE FROM child WHERE id = 99;"
        "INSERT INTO gen (id, a) VALUES (1, 5),(2, NULL); UPDATE gen SET a = 7 WHERE id = 1;"
        "REPLACE INTO a VALUES (11, 'replaced', 77); INSERT INTO other.t VALUES (1);"
        "BEGIN; SAVEPOINT s; INSERT INTO a VALUES (500,'x',500); ROLLBACK TO s;"
        "INSERT INTO a VALUES (501,'y',501); COMMIT");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM other.t"), "0");
    // The source is out of reach since the receiver was stopped.
    EXPECT_LT(rig.status().lag, std::chrono::seconds(10));
    EXPECT_GT(rig.status().written_rows, 0U);
    EXPECT_NE(rig.status().written_rows, rig.status().applied_rows); // merged
    EXPECT_GT(rig.status().applied_bytes, 0U);
    EXPECT_GT(rig.status().applied_rows, 20U);
}

TEST_P(applier_by_mode, executes_ddl_with_the_session_it_was_logged_with) {
    applier_rig rig(options());
    rig.exec_both("CREATE DATABASE t");
    rig.begin();
    rig.source().exec(
        "USE t; CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, d DATETIME DEFAULT "
        "CURRENT_TIMESTAMP);"
        "INSERT INTO a (id) VALUES (1),(2); ALTER TABLE a ADD COLUMN v VARCHAR(10) NOT NULL "
        "DEFAULT 'x';"
        "INSERT INTO a (v) VALUES ('y'); CREATE INDEX i ON a (v);"
        "SET sql_mode = 'ANSI_QUOTES'; CREATE TABLE \"b b\" (\"id\" INT PRIMARY KEY, \"c\" "
        "CHAR(3));"
        "INSERT INTO \"b b\" VALUES (1, 'abc'); SET sql_mode = DEFAULT;"
        "SET default_collation_for_utf8mb4 = 'utf8mb4_general_ci'; CREATE TABLE c (id INT PRIMARY "
        "KEY, v VARCHAR(9)) CHARSET utf8mb4;"
        "SET default_collation_for_utf8mb4 = DEFAULT; SET NAMES latin1; CREATE TABLE d (id INT "
        "PRIMARY KEY, v VARCHAR(9) DEFAULT '\xe4');"
        "SET NAMES utf8mb4; SET collation_connection = 'utf16le_general_ci', time_zone = '+03:00';"
        "CREATE TABLE u (id INT PRIMARY KEY, t TIMESTAMP DEFAULT '2020-01-01 00:00:00');"
        "SET NAMES utf8mb4; SET time_zone = DEFAULT; CREATE TABLE e SELECT * FROM a; INSERT INTO e "
        "SELECT * FROM a;"
        "CREATE VIEW v AS SELECT id FROM a; CREATE PROCEDURE p() SELECT 1;"
        "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO DELETE FROM a;"
        "SET timestamp = 1000000000.123456; ALTER TABLE a ADD COLUMN w DATETIME(6) NOT NULL "
        "DEFAULT CURRENT_TIMESTAMP(6);"
        "SET timestamp = DEFAULT; RENAME TABLE c TO cc; TRUNCATE TABLE e; INSERT INTO e VALUES (5, "
        "NOW(), 'z');"
        "CREATE TABLE gone (id INT); DROP TABLE gone; CREATE DATABASE t2; DROP DATABASE t2");
    if (!as_sql()) {
        rig.source().exec("CREATE TRIGGER t.tr BEFORE INSERT ON t.a FOR EACH ROW SET NEW.v = "
                          "'trig'; INSERT INTO t.a (id) VALUES (100)");
    }
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences({.definitions = false}), IsEmpty());
    EXPECT_EQ(rig.source().query("SHOW CREATE TABLE t.d")[0][1],
              rig.target().query("SHOW CREATE TABLE t.d")[0][1]);
    EXPECT_EQ(rig.source().query("SHOW CREATE TABLE t.u")[0][1],
              rig.target().query("SHOW CREATE TABLE t.u")[0][1]);
    EXPECT_EQ(rig.source().query("SHOW CREATE TABLE t.cc")[0][1],
              rig.target().query("SHOW CREATE TABLE t.cc")[0][1]);
    EXPECT_EQ(
        rig.target().scalar("SELECT status FROM information_schema.events WHERE event_name = 'ev'"),
        "REPLICA_SIDE_DISABLED");
    EXPECT_GT(rig.status().applied_ddl, 10U);
}

INSTANTIATE_TEST_SUITE_P(of, applier_by_mode,
                         testing::Values(mode{"gtid"}, mode{"position", false},
                                         mode{"sql_gtid", true, writer::sql},
                                         mode{"sql_position", false, writer::sql}),
                         [](const auto& info) { return info.param.name; });

struct killed {};

// A "crash" between any two steps of each statement, then a new start.
class ddl_journal_crash : public testing::TestWithParam<bool> {};

TEST_P(ddl_journal_crash, executes_each_statement_exactly_once) {
    applier_rig rig({.target_gtid = GetParam()});
    rig.exec_both("CREATE DATABASE t");
    rig.begin();
    rig.source().exec(
        "USE t; CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1);"
        "ALTER TABLE a ADD COLUMN v INT DEFAULT 7; INSERT INTO a VALUES (2, 8);"
        "CREATE TABLE b SELECT * FROM a; RENAME TABLE b TO c; DROP TABLE c;"
        "CREATE VIEW v AS SELECT * FROM a; CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO SELECT 1;"
        "TRUNCATE TABLE a; INSERT INTO a VALUES (3, 9); DROP VIEW v; CREATE INDEX i ON a (v)");
    int step = 0;
    int die_at = 0;
    rig.on_step = [&](std::string_view) {
        if (step++ == die_at) throw killed{};
    };
    int crashes = 0;
    for (;; ++crashes) {
        ASSERT_LT(crashes, 200);
        step = 0;
        die_at = crashes % 4;
        try {
            const std::string error = rig.catch_up();
            EXPECT_EQ(error, "");
            if (step <= die_at) break;
        } catch (const killed&) {
            // What a crash leaves is on the target; every other try gets one step further.
            if (crashes % 4 == 3) {
                rig.on_step = [&, allowed = 6](std::string_view) mutable {
                    if (--allowed == 0) throw killed{};
                };
                try {
                    const std::string error = rig.catch_up();
                    EXPECT_EQ(error, "");
                    break;
                } catch (const killed&) {
                    step = 0;
                }
                rig.on_step = [&](std::string_view) {
                    if (step++ == die_at) throw killed{};
                };
            }
        }
    }
    EXPECT_GT(crashes, 8);
    rig.on_step = {};
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences({.definitions = false}), IsEmpty());
    EXPECT_EQ(rig.target().scalar(
                  "SELECT COUNT(*) FROM information_schema.events WHERE event_schema = 't'"),
              "1");
    EXPECT_EQ(rig.source().query("SHOW CREATE TABLE t.a")[0][1],
              rig.target().query("SHOW CREATE TABLE t.a")[0][1]);
}

INSTANTIATE_TEST_SUITE_P(with_and_without_gtids, ddl_journal_crash, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "fingerprint"; });

class applier_by_writer : public testing::TestWithParam<writer> {};

INSTANTIATE_TEST_SUITE_P(of, applier_by_writer, testing::Values(writer::row_image, writer::sql),
                         [](const auto& info) {
                             return info.param == writer::sql ? "sql" : "row_image";
                         });

TEST(ddl_journal, asks_a_person_when_nobody_can_tell) {
    applier_rig rig({.target_gtid = false});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY); CREATE TABLE t.b (id "
                  "INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec(
        "INSERT INTO t.a VALUES (1); RENAME TABLE t.a TO t.x, t.b TO t.a, t.x TO t.b");
    rig.on_step = [](std::string_view step) {
        if (step == "after execute") throw killed{};
    };
    EXPECT_THROW(static_cast<void>(rig.catch_up()), killed);
    rig.on_step = {};
    // The name x was free before and is free again, so only its SHOW CREATE could tell: it says "no
    // table" both times.
    const std::string error = rig.catch_up();
    if (!error.empty()) {
        EXPECT_THAT(error, HasSubstr("ddl_journal"));
        rig.target().exec("UPDATE understudy.ddl_journal SET decision = 'done' WHERE task = 'rig'");
        EXPECT_EQ(rig.catch_up(), "");
    }
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(applier_by_writer, survives_the_death_of_the_target) {
    applier_rig rig({.writer = GetParam()});
    rig.exec_both(
        "CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(100));"
        "CREATE TABLE t.k (n INT)");
    rig.begin();
    for (int i = 0; i < 300; ++i) {
        rig.source().exec(fmt::format(
            "BEGIN; INSERT INTO t.a (v) VALUES (REPEAT('x', {})); INSERT INTO t.k VALUES ({});"
            "UPDATE t.a SET v = 'upd' WHERE id % 7 = {}; COMMIT",
            i % 90, i % 5, i % 7));
    }
    int calls = 0;
    rig.meanwhile = [&] {
        if (++calls == 3) {
            rig.target_server().kill_9();
            rig.target_server().restart();
        }
    };
    EXPECT_EQ(rig.catch_up(), "");
    rig.reconnect();
    EXPECT_THAT(rig.differences(), IsEmpty());
}

// What an engine without transactions keeps of a group that was rolled back or lost with a crash.
TEST_P(applier_by_writer, makes_a_group_again_that_has_left_rows_behind) {
    // A target with GTIDs refuses such a table in a transaction of SQL.
    applier_rig rig({.target_gtid = GetParam() != writer::sql, .writer = GetParam()});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.m (id INT PRIMARY KEY, v INT, UNIQUE (v)) "
                  "ENGINE=MyISAM; INSERT INTO t.m VALUES (1, 1), (2, 2), (3, 3)");
    rig.begin();
    const std::string checkpoint = rig.meta_database() + ".checkpoint";
    rig.target().exec("CREATE DATABASE kept; CREATE TABLE kept.before_it LIKE " + checkpoint +
                      "; INSERT INTO kept.before_it SELECT * FROM " + checkpoint);
    rig.source().exec(
        "USE t; INSERT INTO m VALUES (4, 4), (5, 5); UPDATE m SET id = 9 WHERE id = 4;"
        "DELETE FROM m WHERE id = 1; UPDATE m SET v = v + 10; DELETE FROM m WHERE "
        "id = 9; INSERT INTO m VALUES (1, 40); UPDATE m SET v = 12 WHERE id = 1 AND "
        "v = 40 AND NOT EXISTS (SELECT 1 FROM (SELECT * FROM m) x WHERE v = 12)");
    ASSERT_EQ(rig.catch_up(), "");
    ASSERT_THAT(rig.differences(), IsEmpty());
    rig.target().exec("UPDATE " + checkpoint +
                      " c JOIN kept.before_it b USING (task) SET c.log_file = "
                      "b.log_file, c.log_offset = b.log_offset, c.gtid_set = b.gtid_set");
    rig.source().exec("UPDATE t.m SET v = v + 100 WHERE id = 5");
    EXPECT_EQ(rig.catch_up(), "");
    rig.target().exec("DROP DATABASE kept");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST(applier, tries_again_after_a_lock_timeout) {
    applier_rig rig({.target_args = {"--innodb-lock-wait-timeout=1"}});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v INT); INSERT INTO "
                  "t.a VALUES (1, 1)");
    rig.begin();
    rig.source().exec("UPDATE t.a SET v = 2");
    rig.target().exec("BEGIN; SELECT * FROM t.a FOR UPDATE");
    bool released = false;
    rig.meanwhile = [&] {
        if (!released && rig.status().retries > 0) {
            rig.target().exec("COMMIT");
            released = true;
        }
    };
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_GT(rig.status().retries, 0U);
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(applier_by_writer, names_the_row_that_the_target_refuses) {
    applier_rig rig({.writer = GetParam()});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v VARCHAR(10));"
                  "INSERT INTO t.a VALUES (1,'a'),(2,'b'),(3,'c')");
    rig.begin();
    rig.target().exec("DELETE FROM t.a WHERE id = 2");
    rig.source().exec("UPDATE t.a SET v = 'x' WHERE id = 1; UPDATE t.a SET v = CONCAT(v, '+'); "
                      "DELETE FROM t.a WHERE id = 3");
    const std::string error = rig.catch_up();
    EXPECT_THAT(error, HasSubstr("`t`.`a`"));
    EXPECT_THAT(error, HasSubstr("`id` = 2"));
    EXPECT_THAT(error, HasSubstr("no row with this key"));
    // What came before it is there, and nothing of its transaction.
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id, v ORDER BY id) FROM t.a"), "1x,3c");
    rig.target().exec("INSERT INTO t.a VALUES (2, 'b')");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(applier_by_writer, names_duplicates_missing_tables_and_other_definitions) {
    applier_rig rig({.writer = GetParam()});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v VARCHAR(10))");
    rig.begin();
    rig.target().exec("INSERT INTO t.a VALUES (5, 'mine')");
    rig.source().exec("INSERT INTO t.a VALUES (4,'a'),(5,'b')");
    EXPECT_THAT(rig.catch_up(),
                testing::AllOf(HasSubstr("`id` = 5"), HasSubstr("on the target already")));
    rig.target().exec("DELETE FROM t.a; ALTER TABLE t.a MODIFY v VARCHAR(11)");
    if (GetParam() == writer::sql) { // takes what holds all values
        rig.target().exec("ALTER TABLE t.a MODIFY v VARCHAR(9)");
    }
    EXPECT_THAT(rig.catch_up(),
                testing::AllOf(HasSubstr("`v`"),
                               HasSubstr(GetParam() == writer::sql ? "varchar(9)" : "varchar(11)"),
                               HasSubstr("ALTER TABLE")));
    rig.target().exec("ALTER TABLE t.a RENAME TO t.b");
    EXPECT_THAT(rig.catch_up(), HasSubstr("is not on the target"));
    rig.target().exec("ALTER TABLE t.b MODIFY v VARCHAR(10), RENAME TO t.a");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST(applier, names_the_missing_grant) {
    applier_rig rig(
        {.target_privileges = "SELECT, INSERT, UPDATE, CREATE, REPLICATION_APPLIER ON *.*"});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY); INSERT INTO t.a "
                  "VALUES (1), (2)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (3); DELETE FROM t.a WHERE id = 1");
    EXPECT_THAT(rig.catch_up(), HasSubstr("GRANT DELETE ON `t`.`a`"));
}

TEST_P(applier_by_writer, executes_changes_logged_as_statements) {
    applier_rig rig({.writer = GetParam()});
    rig.exec_both(
        "CREATE DATABASE t; CREATE DATABASE o; USE t;"
        "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, v TEXT, d DATETIME(6), n DOUBLE);"
        "CREATE TABLE c (id INT PRIMARY KEY, a INT, v VARCHAR(20));"
        "CREATE TABLE o.a (id INT)");
    rig.begin();
    rig.source().exec(
        "USE t; SET binlog_format = STATEMENT, sql_mode = '', timestamp = 1600000000.123456;"
        "SET @s = _latin1 x'e92700', @i = -9223372036854775808, @u = CAST(18446744073709551615 AS "
        "UNSIGNED), @r = 1e-300, @d = -12.3400, @n = NULL, @`a``b` = _utf16 x'00e9';"
        "INSERT INTO a (v, d, n) VALUES (@s, NOW(6), RAND()), (HEX(@s), NOW(6), RAND());"
        "BEGIN; INSERT INTO a (v, n) VALUES (@i, @r), (@u, @d); INSERT INTO c VALUES "
        "(LAST_INSERT_ID(), 7, @d), (2, 8, COALESCE(@n, HEX(@`a``b`)));"
        "UPDATE a SET n = n + 1;"
        "DELETE FROM a WHERE id = 2; COMMIT; SET binlog_format = MIXED; INSERT INTO a (v) VALUES "
        "(UUID()), ('m'); UPDATE a SET v = 'n' WHERE v = 'm'; SET binlog_format = STATEMENT;"
        "SET NAMES latin1; INSERT INTO a (v) VALUES ('\xe9\\\\'), (CHARSET('x'));"
        "SET NAMES utf8mb4, auto_increment_increment = 10, time_zone = '+05:30';"
        "INSERT INTO a (v, d) VALUES (UNIX_TIMESTAMP('2020-01-01'), FROM_UNIXTIME(1)), ('z', NULL);"
        "UPDATE c JOIN t.a ON c.id = a.id SET c.v = a.v; INSERT INTO o.a VALUES (1);"
        "INSERT INTO a (v) SELECT v FROM c ORDER BY id; TRUNCATE TABLE o.a");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM o.a"), "0");
    rig.source().exec("INSERT INTO t.a (v) SELECT id FROM o.a");
    EXPECT_THAT(rig.catch_up(), HasSubstr("`o`, which is not selected"));
}

TEST(applier, executes_load_data_logged_as_a_statement) {
    applier_rig rig({.source_args = {"--local-infile=ON"}, .target_args = {"--local-infile=ON"}});
    rig.exec_both("CREATE DATABASE t; CREATE DATABASE o; CREATE TABLE t.a (id INT PRIMARY KEY, v "
                  "VARCHAR(50) CHARACTER SET latin1, w INT); CREATE TABLE o.a LIKE t.a;"
                  "INSERT INTO t.a VALUES (1, 'kept', 1)");
    rig.begin();
    const scratch_directory directory("load");
    const std::string path = directory.path() / "rows";
    {
        std::ofstream file(path);
        for (int i = 1; i <= 100'000; ++i)
            file << i << ";a row's text \\ " << i << "\n";
    }
    const std::string fields = "FIELDS TERMINATED BY ';' (id, @v) SET v = CONCAT(@v, '!'), w = "
                               "@w + id";
    rig.source().exec(fmt::format(
        "USE t; SET binlog_format = STATEMENT, sql_mode = ''; SET @w = 5; BEGIN;"
        "LOAD DATA INFILE '{0}' IGNORE INTO TABLE a CHARACTER SET utf8mb4 {1};"
        "UPDATE a SET w = 0 WHERE id = 7; COMMIT;"
        "LOAD DATA INFILE '{0}' REPLACE INTO TABLE t.a {1}; LOAD DATA INFILE '{0}' INTO TABLE o.a "
        "{1}; TRUNCATE TABLE o.a",
        path, fields));
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.a"), "100000");
    EXPECT_THAT(rig.differences(), IsEmpty());
    rig.target_server().root().exec("SET GLOBAL local_infile = OFF");
    rig.source().exec(
        fmt::format("DELETE FROM t.a; LOAD DATA INFILE '{}' INTO TABLE t.a {}", path, fields));
    EXPECT_THAT(rig.catch_up(), HasSubstr("SET GLOBAL local_infile = ON"));
}

// Large and small ones, with what is not InnoDB and what is not selected among them.
TEST(applier, unpacks_compressed_transactions) {
    applier_rig rig({.group_bytes_max = 1U << 20U});
    rig.exec_both("CREATE DATABASE t; CREATE DATABASE o; CREATE TABLE t.a (id INT PRIMARY KEY "
                  "AUTO_INCREMENT, v LONGTEXT); CREATE TABLE t.keyless (v TEXT) ENGINE=MyISAM; "
                  "CREATE TABLE o.a (id INT)");
    rig.begin();
    rig.source().exec(
        "SET binlog_transaction_compression = ON; USE t;"
        "INSERT INTO a (v) VALUES ('one'); BEGIN; INSERT INTO o.a VALUES (1); INSERT INTO a (v) "
        "VALUES (REPEAT('two ', 100000)); UPDATE a SET v = CONCAT(v, 'x'); COMMIT;"
        "INSERT INTO keyless VALUES ('k'), ('k'); DELETE FROM keyless LIMIT 1;"
        "INSERT INTO o.a VALUES (2); CREATE TABLE made SELECT * FROM a;"
        "SET SESSION cte_max_recursion_depth = 100000;"
        "INSERT INTO a (v) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE "
        "i < 30000) SELECT CONCAT(i, REPEAT('row', i % 50)) FROM n;"
        "INSERT INTO a (v) VALUES (REPEAT(UUID(), 150000)); DELETE FROM a WHERE id % 3 = 0");
    EXPECT_NE(rig.source().scalar("SELECT COUNT(*) FROM performance_schema.binary_log_transaction_"
                                  "compression_stats WHERE COMPRESSION_TYPE = 'ZSTD'"),
              "0");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(applier_by_writer, renames_databases_and_tables) {
    applier_rig rig({.include = {"t.*", "u.*"},
                     .rename = {{"t.a", "t.renamed"}, {"u", "w"}},
                     .writer = GetParam()});
    rig.source().exec("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY); CREATE DATABASE "
                      "u; CREATE TABLE u.x (id INT PRIMARY KEY)");
    rig.target().exec("CREATE DATABASE t; CREATE TABLE t.renamed (id INT PRIMARY KEY); CREATE "
                      "DATABASE w; CREATE TABLE w.x (id INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1),(2); INSERT INTO u.x VALUES (3); ALTER TABLE t.a "
                      "ADD COLUMN v INT; UPDATE t.a SET v = id");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM t.renamed"),
              "1:1,2:2");
    EXPECT_EQ(rig.target().scalar("SELECT id FROM w.x"), "3");
}

TEST_P(applier_by_writer, applies_a_transaction_larger_than_its_memory) {
    applier_rig rig({.group_bytes_max = 1U << 20U, .writer = GetParam()});
    rig.exec_both(
        "CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(1000))");
    rig.source().exec("SET cte_max_recursion_depth = 100000");
    rig.begin();
    rig.source().exec("INSERT INTO t.a (v) VALUES ('first');"
                      "INSERT INTO t.a (v) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + "
                      "1 FROM n WHERE i < 60000)"
                      " SELECT REPEAT('x', 900) FROM n; UPDATE t.a SET v = LEFT(v, 500)");
    EXPECT_EQ(rig.catch_up(std::chrono::seconds(180)), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(applier_by_writer, refuses_a_row_above_the_targets_packet_size_by_name) {
    applier_rig rig({.target_args = {"--max-allowed-packet=2M"}, .writer = GetParam()});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v LONGBLOB)");
    rig.begin();
    // Bytes are twice as long in SQL.
    rig.source().exec("INSERT INTO t.a VALUES (1, REPEAT(x'fe', 1000000)); INSERT INTO t.a VALUES "
                      "(2, REPEAT(x'fe', 3000000))");
    EXPECT_THAT(rig.catch_up(),
                testing::AllOf(HasSubstr("max_allowed_packet"), HasSubstr("`t`.`a`")));
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.a"), "1");
}

// The copy of each row is taken at a random moment of the history; the stream is then replayed from
// the start.
TEST_P(applier_by_writer, makes_a_copy_of_many_moments_exact) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    const auto below = [&](int limit) {
        return static_cast<int>(random() % static_cast<unsigned>(limit));
    };
    applier_rig rig({.writer = GetParam()});
    rig.exec_both(
        "CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, u INT, v INT, UNIQUE (u));"
        "CREATE TABLE t.keyless (n INT, m INT)");
    rig.begin();
    const auto change = [&] {
        const int id = below(40);
        switch (below(5)) {
        case 0:
            rig.source().exec(
                fmt::format("REPLACE INTO t.a VALUES ({}, {}, {})", id, below(60), below(1000)));
            break;
        case 1: rig.source().exec(fmt::format("DELETE FROM t.a WHERE id = {}", id)); break;
        case 2:
            rig.source().exec(fmt::format(
                "UPDATE IGNORE t.a SET id = id + {} WHERE id BETWEEN {} AND {} ORDER BY id DESC",
                1 + below(3), id, id + 5));
            break;
        case 3:
            rig.source().exec(fmt::format(
                "UPDATE IGNORE t.a SET u = u + 1, v = v + 1 WHERE id > {} ORDER BY u DESC", id));
            break;
        default:
            rig.source().exec(fmt::format(
                "INSERT INTO t.keyless VALUES ({}, 1); UPDATE t.keyless SET m = m + 1 WHERE n = {};"
                "DELETE FROM t.keyless WHERE n = {} LIMIT 1",
                below(6), below(6), below(6)));
        }
    };
    state::source_position keyless_at;
    for (int part = 0; part < 8; ++part) {
        for (int i = 0; i < 25; ++i)
            change();
        for (const auto& row : rig.source().query(fmt::format(
                 "SELECT id, u, v FROM t.a WHERE id BETWEEN {} AND {}", part * 6, part * 6 + 5))) {
            rig.target().exec(
                fmt::format("REPLACE INTO t.a VALUES ({}, {}, {})", *row[0], *row[1], *row[2]));
        }
        if (part == 4) {
            for (const auto& row : rig.source().query("SELECT n, m FROM t.keyless")) {
                rig.target().exec(
                    fmt::format("INSERT INTO t.keyless VALUES ({}, {})", *row[0], *row[1]));
            }
            keyless_at = rig.source_position();
        }
    }
    rig.end_copy({{"t", "a"}}, {{{"t", "keyless"}, keyless_at}});
    for (int i = 0; i < 50; ++i)
        change();
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

// What collations, number formats and modes of a session could get wrong.
TEST(sql_writer, finds_and_writes_rows_exactly) {
    applier_rig rig({.writer = writer::sql});
    const std::string text = "VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci";
    rig.exec_both(
        "CREATE DATABASE t; USE t; CREATE TABLE ci (k " + text +
        " PRIMARY KEY, v INT); CREATE TABLE keyless (f FLOAT, d DOUBLE, c CHAR(5), s " + text +
        ", b BINARY(4), bits BIT(9), e ENUM('a','b','0'), st SET('x','y'), j JSON, y YEAR, n "
        "DECIMAL(20,5), ts TIMESTAMP(3) NULL, dt DATETIME NULL, bl BLOB);"
        "CREATE TABLE auto (id INT AUTO_INCREMENT PRIMARY KEY, changed TIMESTAMP(6) NOT NULL "
        "DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), v INT, w INT INVISIBLE "
        "DEFAULT 3, g INT AS (v + 1) STORED, h INT AS (v * 2), UNIQUE (h));"
        "CREATE TABLE fk (f FLOAT, y YEAR, b BIT(5), e ENUM('p','q'), d DATETIME(2), PRIMARY KEY "
        "(f, y, b, e, d), v INT); CREATE TABLE tree (id INT PRIMARY KEY, up INT, FOREIGN KEY (up) "
        "REFERENCES tree (id)); CREATE TABLE bytes (k VARBINARY(20) PRIMARY KEY, v LONGTEXT); "
        "CREATE TABLE old_text (k VARCHAR(20) CHARACTER SET utf8mb3 PRIMARY KEY, l VARCHAR(20) "
        "CHARACTER SET latin1, u VARCHAR(9) CHARACTER SET ucs2)");
    rig.begin();
    rig.source().exec(
        "USE t; SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+02:00';"
        "INSERT INTO ci VALUES ('Abc', 1), ('é', 2), ('it''s \\\\ \"x\"', 3), ('', 4);"
        "UPDATE ci SET k = 'ABC' WHERE k = 'abc'; DELETE FROM ci WHERE k = 'e';"
        "UPDATE ci SET v = v + 1; "
        "INSERT INTO keyless VALUES (1.1, 0.1, 'a', 'A', x'01', b'1', 'b', 'x,y', '{\"a\": 1}', "
        "0, 1.5, '1970-01-02 03:00:00.123', '0000-00-00', 'b'), (1.1, 0.1, 'A', 'a', x'0100', "
        "b'101', '0', '', '[1.0]', 1999, -1.5, NULL, '2021-02-31', x'00'), (NULL, NULL, NULL, "
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, "
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (3e38, 1e-300, 'pad', "
        "'pad ', 'x', 0, 0, 'y', 'null', 2000, 0, '2021-03-28 02:30:00', '9999-12-31', '');"
        "UPDATE keyless SET n = n + 1 WHERE s = 'a' LIMIT 1; UPDATE keyless SET e = 'a' WHERE e = "
        "'0'; DELETE FROM keyless WHERE f IS NULL LIMIT 1; UPDATE keyless SET f = f / 3, d = d / "
        "3; DELETE FROM keyless WHERE c = 'A'; UPDATE keyless SET j = '[]';"
        "INSERT INTO auto (id, v) VALUES (0, 1), (5, 2); INSERT INTO auto (v) VALUES (3);"
        "UPDATE auto SET v = 10, changed = changed WHERE id = 5; UPDATE auto SET w = 7, v = NULL "
        "WHERE id = 0; UPDATE auto SET changed = '2001-01-01' WHERE id = 6;"
        "INSERT INTO fk VALUES (1.1, 0, 3, 'q', '2020-01-01 00:00:00.25', 1), (0.3, 1999, 31, 0, "
        "'0000-00-00', 2), (-2.5, 2155, 0, 'p', '2020-02-31', 3);"
        "UPDATE fk SET v = v + 1; UPDATE fk SET f = f * 1.7, b = b ^ 1; DELETE FROM fk WHERE y = "
        "0; INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 2), (5, NULL), (4, 5); UPDATE tree SET "
        "up = 5 WHERE id = 3; DELETE FROM tree WHERE id = 2; DELETE FROM tree WHERE id IN (3, 4); "
        "DELETE FROM tree WHERE id IN (5, 1); INSERT INTO tree VALUES (9, NULL), (8, 9), (7, 8);"
        "DELETE FROM tree ORDER BY id; INSERT INTO bytes VALUES (x'00275c', REPEAT('ß', 90000)), "
        "('\\'', 'x'), (x'ff', NULL); UPDATE bytes SET v = CONCAT(v, '\\n') WHERE v IS NOT "
        "NULL; DELETE FROM bytes WHERE k = x'ff'; INSERT INTO old_text VALUES ('ü', 'é', 'ж'), "
        "('X', '€', ''); UPDATE old_text SET l = 'ñ', u = 'я' WHERE k = 'Ü'; DELETE FROM old_text "
        "WHERE l = '€'");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.status().retries, 0U);
}

// SQL for one of the tables only.
TEST(sql_writer, takes_tables_that_row_images_do_not_fit) {
    applier_rig rig;
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v VARCHAR(10)); "
                  "CREATE TABLE t.b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES t.a "
                  "(id)); CREATE TABLE t.k (n SMALLINT, v CHAR(3))");
    rig.target().exec("ALTER TABLE t.a MODIFY v VARCHAR(40); ALTER TABLE t.k MODIFY n INT");
    rig.begin();
    for (int i = 0; i < 20; ++i) {
        rig.source().exec(fmt::format(
            "BEGIN; INSERT INTO t.a VALUES ({0}, 'x'); INSERT INTO t.b VALUES ({0}, {0}); INSERT "
            "INTO t.k VALUES ({0}, 'k'); UPDATE t.a SET v = 'y' WHERE id = {0}; DELETE FROM t.b "
            "WHERE id = {0} - 3; DELETE FROM t.a WHERE id = {0} - 3; UPDATE t.k SET n = n + 1; "
            "COMMIT",
            i));
    }
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences({.definitions = false, .checksums = false}), IsEmpty());
    EXPECT_EQ(rig.status().sql_tables.size(), 2U);
    EXPECT_THAT(rig.status().sql_tables.at("t.a"), HasSubstr("varchar(40)"));
}

TEST(sql_writer, is_chosen_where_row_images_are_not_allowed) {
    applier_rig rig({.target_privileges = "SELECT, INSERT, UPDATE, DELETE, CREATE, REFERENCES, "
                                          "ALTER, DROP, INDEX, TRIGGER ON *.*"});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v INT)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1, 1), (2, 2); UPDATE t.a SET v = 7 WHERE id = 1; "
                      "DELETE FROM t.a WHERE id = 2");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_THAT(rig.status().sql_tables.at("t.a"), HasSubstr("REPLICATION_APPLIER"));
}

TEST(sql_writer, fires_no_trigger_twice) {
    rig_options options{.writer = writer::sql};
    applier_rig rig(options);
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v INT); CREATE TABLE "
                  "t.log (n INT)");
    rig.exec_both("CREATE TRIGGER t.tr AFTER INSERT ON t.a FOR EACH ROW INSERT INTO t.log VALUES "
                  "(NEW.id)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1, 1)");
    EXPECT_THAT(rig.catch_up(),
                testing::AllOf(HasSubstr("trigger `tr`"), HasSubstr("@understudy_applying")));
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.a"), "0");
}

TEST(sql_writer, goes_past_triggers_that_are_guarded) {
    applier_rig rig({.writer = writer::sql, .triggers = state::task_spec::trigger_policy::guarded});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v INT); CREATE TABLE "
                  "t.log (n INT)");
    rig.source().exec("CREATE TRIGGER t.tr AFTER INSERT ON t.a FOR EACH ROW INSERT INTO t.log "
                      "VALUES (NEW.id)");
    rig.target().exec("CREATE TRIGGER t.tr AFTER INSERT ON t.a FOR EACH ROW INSERT INTO t.log "
                      "SELECT NEW.id WHERE @understudy_applying IS NULL");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1, 1)");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences({.definitions = false}), IsEmpty());
    rig.target().exec("INSERT INTO t.a VALUES (2, 2)"); // of an application, after the switch
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.log"), "2");
}

// The native replica of a MySQL 9.7 loses the rows of `child` here.
TEST(applier, keeps_the_rows_that_refer_to_a_replaced_one) {
    applier_rig rig;
    rig.exec_both(
        "CREATE DATABASE t; CREATE TABLE t.parent (name INT, id INT NOT NULL PRIMARY KEY, "
        "UNIQUE (name)); CREATE TABLE t.child (id INT PRIMARY KEY, name INT, FOREIGN KEY (name) "
        "REFERENCES t.parent (name) ON DELETE CASCADE ON UPDATE RESTRICT)");
    rig.begin();
    rig.source().exec("INSERT INTO t.parent VALUES (1, 1), (2, 2), (3, 3), (4, 4); "
                      "INSERT INTO t.child VALUES (1, 1), (2, 2), (3, 3), (4, 4)");
    rig.source().exec("REPLACE INTO t.parent VALUES (1, 10)");
    rig.source().exec("REPLACE INTO t.parent VALUES (2, 20), (3, 4)");
    rig.source().exec("DELETE FROM t.parent WHERE name = 1");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_THAT(rig.differences(), IsEmpty());
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id ORDER BY id) FROM t.child"), "2,3");
}

TEST(applier, stops_when_another_process_took_the_task_over) {
    applier_rig rig;
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec("INSERT INTO t.a VALUES (1)");
    EXPECT_EQ(rig.catch_up(), "");
    rig.source().exec("CREATE TABLE t.b (id INT)");
    rig.on_step = [&](std::string_view step) {
        if (step == "before intent")
            rig.target().exec("UPDATE understudy.checkpoint SET epoch = epoch + 1");
    };
    EXPECT_THAT(rig.catch_up(), HasSubstr("another process"));
    EXPECT_EQ(rig.target().scalar(
                  "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 't'"),
              "1");
}

TEST(applier, moves_the_position_over_changes_that_nobody_selected) {
    applier_rig rig;
    rig.exec_both("CREATE DATABASE t; CREATE DATABASE o; CREATE TABLE o.a (id INT PRIMARY KEY)");
    rig.begin();
    rig.source().exec(
        "INSERT INTO o.a VALUES (1); INSERT INTO o.a VALUES (2); CREATE TABLE o.b (id INT)");
    EXPECT_EQ(rig.catch_up(std::chrono::seconds(10)), "");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM o.a"), "0");
}

} // namespace
} // namespace understudy::test
