// Random DDL and DML, statement by statement.

#include "tests/live/source_case.hpp"
#include "tests/support/native_replica.hpp"
#include "tests/support/random_seed.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::Not;

// Makes statements that may fail on the source (then they are not logged, or only in part) and
// never fail on a replica alone.
class random_statements {
public:
    // What is not to be had, because it looks different on a target that is right.
    struct without {
        bool selects = false;        // CREATE TABLE … SELECT
        bool implied_values = false; // keys of columns that may be NULL
    };
    random_statements(std::uint64_t seed, without what) : random_(seed), without_(what) {}
    explicit random_statements(std::uint64_t seed) : random_statements(seed, without{}) {}

    std::string next() {
        switch (number(0, 31)) {
        case 0:
            return fmt::format(
                "CREATE TABLE {} (id INT PRIMARY KEY, a VARCHAR(30), b DECIMAL(10,2))", table());
        case 1: return fmt::format("CREATE TABLE {} (a INT, b TEXT)", table());
        case 2:
            if (without_.implied_values) return rows();
            return fmt::format(
                "CREATE TABLE IF NOT EXISTS {} (k VARCHAR(20) COLLATE utf8mb4_bin, n BIGINT "
                "UNSIGNED, PRIMARY KEY (k, n)) PARTITION BY KEY () PARTITIONS 3",
                table());
        case 3: return fmt::format("CREATE TABLE {} LIKE {}", table(), table());
        case 4:
            if (without_.selects) return rows();
            return fmt::format("CREATE TABLE {} AS SELECT * FROM {} LIMIT 20", table(), table());
        case 5: return fmt::format("DROP TABLE {}", table());
        case 6: return fmt::format("DROP TABLE IF EXISTS {}, {}", table(), table());
        case 7: return fmt::format("RENAME TABLE {} TO {}", table(), table());
        case 8: {
            const auto a = table(), b = table();
            return fmt::format("RENAME TABLE {0} TO swap, {1} TO {0}, swap TO {1}", a, b);
        }
        case 9:
            return fmt::format("ALTER TABLE {} ADD COLUMN c{} {}", table(), number(0, 5), type());
        case 10: return fmt::format("ALTER TABLE {} DROP COLUMN c{}", table(), number(0, 5));
        case 11:
            return fmt::format("ALTER TABLE {} MODIFY a VARCHAR({})", table(), number(30, 300));
        case 12: return fmt::format("ALTER TABLE {} ADD INDEX i{} (a(5))", table(), number(0, 3));
        case 13:
            return fmt::format("/* odd */ALTER\tTABLE {} ADD COLUMN d{} INT DEFAULT {} FIRST # end",
                               table(), number(0, 3), number(0, 99));
        case 14: return fmt::format("TRUNCATE TABLE {}", table());
        case 15:
            return fmt::format("CREATE OR REPLACE VIEW v{} AS SELECT * FROM {}", number(0, 2),
                               table());
        case 16: return fmt::format("DROP VIEW IF EXISTS v{}, v{}", number(0, 2), number(0, 2));
        case 17:
            return fmt::format(
                "CREATE TRIGGER tr{} BEFORE INSERT ON {} FOR EACH ROW SET @x = CONCAT('a;', NEW.a)",
                number(0, 2), table());
        case 18: return fmt::format("DROP TRIGGER IF EXISTS tr{}", number(0, 2));
        case 19:
            return fmt::format("CREATE PROCEDURE p{}() BEGIN SELECT 'drop table t1'; END",
                               number(0, 2));
        case 20: return fmt::format("DROP PROCEDURE IF EXISTS p{}", number(0, 2));
        case 21: return fmt::format("CREATE INDEX x{} ON {} (a(3))", number(0, 2), table());
        case 22:
            return fmt::format("ALTER TABLE {} CONVERT TO CHARACTER SET {}", table(),
                               number(0, 1) ? "latin1" : "utf8mb4");
        default: return rows();
        }
    }

private:
    std::string rows() {
        switch (number(0, 6)) {
        case 0:
            return fmt::format("INSERT INTO {} (id, a) VALUES ({}, 'v{}')", table(), number(1, 200),
                               number(1, 9));
        case 1:
            return fmt::format("INSERT IGNORE INTO {} (a, b) VALUES ({}, {}), (7, 'x')", table(),
                               number(1, 200), number(1, 9));
        case 2:
            return fmt::format("INSERT INTO {} (k, n, a) VALUES ('k{}', {}, 'é')", table(),
                               number(1, 50), number(1, 5));
        case 3:
            return fmt::format("UPDATE {} SET a = {} WHERE id < {}", table(), number(1, 99),
                               number(1, 200));
        case 4: return fmt::format("UPDATE {} SET a = {} LIMIT 3", table(), number(1, 99));
        case 5: return fmt::format("DELETE FROM {} LIMIT {}", table(), number(1, 3));
        default:
            return fmt::format("REPLACE INTO {} (id, a) VALUES ({}, 'r')", table(), number(1, 200));
        }
    }
    int number(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
    std::string table() { return "t" + std::to_string(number(1, 5)); }
    std::string type() {
        static const std::vector<std::string> types{"INT",
                                                    "BIGINT UNSIGNED DEFAULT 3",
                                                    "VARCHAR(20) DEFAULT 'd'",
                                                    "DATETIME(3)",
                                                    "JSON",
                                                    "ENUM('a','b') DEFAULT 'b'",
                                                    "DECIMAL(8,3) DEFAULT 1.5",
                                                    "TIMESTAMP NULL",
                                                    "BLOB",
                                                    "BIT(9) DEFAULT b'101'",
                                                    "INT GENERATED ALWAYS AS (1 + 1) VIRTUAL",
                                                    "DOUBLE DEFAULT 0.1"};
        return types[static_cast<std::size_t>(number(0, static_cast<int>(types.size()) - 1))];
    }

    std::mt19937_64 random_;
    without without_;
};

// What the source refuses it does not log.
bool was_executed(sql_client& sql, const std::string& statement) {
    try {
        sql.exec(statement);
        return true;
    } catch (const sql_error&) {
        return false;
    }
}

// A replica does not have all as the source has: CREATE TABLE … SELECT is logged with each
// column's collation, which SHOW CREATE shows from then on. What differs in the same way on a
// native replica of the source is no fault of ours.
std::vector<std::string> differences_beyond_native(source_and_target& pair) {
    auto differences = pair.compare();
    // Only of a replica like the source it can be told.
    if (differences.empty() || pair.source().kind() != server_kind::mysql_97 ||
        !pair.objects().rename.empty())
        return differences;
    auto replica = live_server::start(server_kind::mysql_97, {.gtid = pair.options().source.gtid});
    make_native_replica(replica, pair.source());
    wait_until_caught_up(replica, pair.source(), 120s);
    auto sql = replica.root();
    const auto native = compare(pair.source_sql(), sql, pair.objects());
    // A table may differ there in more columns: those of a copied one are as on the source.
    const auto is_native = [&native](const std::string& found) {
        return std::ranges::any_of(native, [&found](const std::string& other) {
            std::istringstream lines(found);
            std::string line;
            while (std::getline(lines, line)) {
                if (!other.contains(line)) return false;
            }
            return true;
        });
    };
    std::erase_if(differences, is_native);
    return differences;
}

// Stops the task, which goes on then until it has caught up. What both runs said.
std::string expect_equal_after(source_and_target& pair, running_task& task) {
    task.signal(SIGTERM);
    const auto stopped = task.wait(60s);
    EXPECT_TRUE(stopped && stopped->code == 0) << task.error() << task.output();
    const auto caught_up = pair.run_task();
    EXPECT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(differences_beyond_native(pair), IsEmpty());
    return task.error() + task.output() + caught_up.error + caught_up.output;
}

// What another kind of server shows of programs, and of views that are made of nothing, is
// different; so are the names in views of what is renamed.
void drop_what_cannot_be_compared(source_and_target& pair) {
    const bool is_same_kind = pair.source().kind() == server_kind::mysql_97;
    if (is_same_kind && pair.objects().rename.empty()) return;
    for (int i = 0; i < 3; ++i) {
        pair.source_sql().exec(fmt::format("DROP VIEW IF EXISTS v{}", i));
        if (is_same_kind) continue;
        pair.source_sql().exec(
            fmt::format("DROP TRIGGER IF EXISTS tr{0}; DROP PROCEDURE IF EXISTS p{0}", i));
    }
}

// 1 of 3 statements is DDL. The process is killed three times meanwhile.
void run_random_statements(int count, source_and_target& pair,
                           random_statements::without what = {}) {
    const auto seed = random_seed();
    SCOPED_TRACE("UNDERSTUDY_TEST_SEED=" + std::to_string(seed));
    pair.source_sql().exec("CREATE DATABASE r");
    const auto begun = pair.run_task();
    ASSERT_EQ(begun.status.code, 0) << begun.error;
    auto task = pair.start_task();
    random_statements statements(seed, what);
    auto& sql = pair.source_sql();
    sql.exec("USE r");
    int done = 0;
    for (int i = 0; i < count; ++i) {
        if (i % 40 == 7) sql.exec("START TRANSACTION");
        if (was_executed(sql, statements.next())) ++done;
        if (i % 40 == 20) sql.exec("COMMIT");
        if (i % (count / 3) == count / 6) {
            EXPECT_TRUE(task.running()) << task.error() << task.output();
            task.kill_9();
            task = pair.start_task();
        }
    }
    sql.exec("COMMIT");
    drop_what_cannot_be_compared(pair);
    EXPECT_GT(done, count / 5);
    std::this_thread::sleep_for(1s);
    if (!task.running()) ADD_FAILURE() << task.error() << task.output();
    expect_equal_after(pair, task);
}

pair_options all_of_database(std::string more_of_task_file = "") {
    pair_options options;
    options.objects.include = {"r.*"};
    options.more_of_task_file = std::move(more_of_task_file);
    return options;
}

TEST(random_ddl, leaves_source_and_target_equal) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, all_of_database());
    run_random_statements(1500, pair);
}

TEST(random_ddl, with_each_alter_beside_the_rest_leaves_them_equal) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97,
                           all_of_database("[apply]\nalter_aside_bytes = 1\n"));
    run_random_statements(300, pair);
}

TEST(random_ddl, of_renamed_databases_and_tables_leaves_them_equal) {
    auto options = all_of_database();
    // Not to another database: no server lets a table with triggers be renamed to one.
    options.objects.rename = {{"r", "q"}, {"r.t2", "q.two"}, {"r.t4", "q.four"}};
    options.objects.exclude = {"r.two", "r.four"}; // their names on the target are taken
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    // Of CREATE TABLE … SELECT a native replica tells what differs, and it renames nothing.
    run_random_statements(900, pair, {.selects = true});
}

TEST(random_ddl, of_mysql_56_leaves_source_and_target_equal) {
    source_and_target pair(server_kind::mysql_56, server_kind::mysql_97, all_of_database());
    run_random_statements(600, pair, {.selects = true, .implied_values = true});
}

TEST(random_ddl, of_mariadb_leaves_source_and_target_equal) {
    source_and_target pair(server_kind::mariadb_1011, server_kind::mysql_97, all_of_database());
    run_random_statements(600, pair, {.selects = true, .implied_values = true});
}

// 30,000 rows, which take a second or two to be copied.
void make_large_table(sql_client& sql) {
    sql.exec("CREATE DATABASE s CHARACTER SET utf8mb4; CREATE TABLE s.large (id INT PRIMARY KEY, v "
             "VARCHAR(200)) ENGINE=InnoDB; INSERT INTO s.large VALUES (1, 'x')");
    for (int have = 1; have < 30000; have *= 2)
        sql.exec(fmt::format("INSERT INTO s.large SELECT id + {0}, REPEAT(HEX(id + {0}), 20) FROM "
                             "s.large WHERE id + {0} <= 30000",
                             have));
}

pair_options options_of_copy(bool by_gtid = true) {
    pair_options options;
    if (!by_gtid) options.source.gtid = options.target.gtid = false;
    options.objects.include = {"r.*", "s.*"};
    options.more_of_task_file = "[initial]\nchunk_bytes = \"64KiB\"\n";
    return options;
}

void wait_for_rows(source_and_target& pair) {
    const auto is_begun = [&pair] {
        try {
            return pair.target_sql().scalar(
                       "SELECT COALESCE(SUM(row_count), 0) FROM understudy.copy_progress WHERE "
                       "source_object = 'large'") != "0";
        } catch (const sql_error&) {
            return false; // the table is not there yet
        }
    };
    EXPECT_TRUE(wait_until(is_begun, 60s, 5ms)) << "no row was copied";
}

// Tables whose definitions change are copied by themselves, again and again, while the rest goes
// on.
class random_ddl_of : public testing::TestWithParam<source_case> {};

INSTANTIATE_TEST_SUITE_P(, random_ddl_of,
                         testing::Values(source_case{}, source_case{server_kind::mysql_97, false},
                                         source_case{server_kind::mysql_56},
                                         source_case{server_kind::mariadb_1011}),
                         name_of_case);

TEST_P(random_ddl_of, during_the_initial_copy_leaves_source_and_target_equal) {
    const auto seed = random_seed();
    SCOPED_TRACE("UNDERSTUDY_TEST_SEED=" + std::to_string(seed));
    source_and_target pair(GetParam().kind, server_kind::mysql_97,
                           options_of_copy(GetParam().gtid));
    auto& sql = pair.source_sql();
    make_large_table(sql);
    sql.exec("CREATE DATABASE r CHARACTER SET latin1; USE r");
    const bool is_older = GetParam().kind != server_kind::mysql_97;
    random_statements statements(seed, {.selects = is_older, .implied_values = is_older});
    int done = 0;
    const auto change_for = [&](std::chrono::milliseconds time) {
        const auto until = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < until) {
            if (was_executed(sql, statements.next())) ++done;
        }
    };
    change_for(500ms);
    auto task = pair.start_task();
    change_for(3500ms);
    task.kill_9();
    std::string told = task.error() + task.output();
    task = pair.start_task();
    change_for(3500ms);
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    // Views whose tables are gone cannot be compared.
    sql.exec("DROP VIEW IF EXISTS v0, v1, v2; CREATE TABLE r.late (v VARCHAR(9)); CREATE VIEW v0 "
             "AS SELECT * FROM r.late");
    drop_what_cannot_be_compared(pair);
    std::this_thread::sleep_for(500ms);
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    told += expect_equal_after(pair, task);
    EXPECT_THAT(told, testing::HasSubstr("is copied by itself"));
    EXPECT_THAT(told, Not(testing::HasSubstr("taken back")));
    EXPECT_GT(done, 100);
}

TEST(ddl_during_copy, leaves_the_copy_of_other_tables_alone) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_of_copy());
    auto& sql = pair.source_sql();
    make_large_table(sql);
    sql.exec("CREATE DATABASE r; USE r; CREATE TABLE a (id INT PRIMARY KEY, v INT); CREATE TABLE b "
             "(id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id)); CREATE TABLE gone "
             "(id INT PRIMARY KEY); CREATE TABLE old (id INT PRIMARY KEY); INSERT INTO a VALUES "
             "(1, 1), (2, 2); INSERT INTO b VALUES (1, 1); INSERT INTO old VALUES (7); CREATE VIEW "
             "of_old AS SELECT * FROM old; CREATE VIEW of_gone AS SELECT * FROM a");
    auto task = pair.start_task();
    wait_for_rows(pair);
    sql.exec(
        "ALTER TABLE a ADD COLUMN more INT DEFAULT 5; INSERT INTO a (id, v) VALUES (3, 3);"
        "DROP TABLE gone; RENAME TABLE old TO young; DROP VIEW of_old, of_gone;"
        "CREATE VIEW of_young AS SELECT * FROM young; CREATE VIEW of_a AS SELECT more FROM a;"
        "CREATE TABLE fresh (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES b (id));"
        "INSERT INTO fresh VALUES (1, 1); CREATE TRIGGER t1 BEFORE INSERT ON a FOR EACH ROW "
        "SET NEW.v = NEW.v + 1; CREATE TRIGGER s.t2 BEFORE INSERT ON s.large FOR EACH ROW "
        "SET @x = 1; DROP TRIGGER s.t2; INSERT INTO a (id, v) VALUES (4, 3); CREATE PROCEDURE p() "
        "SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 HOUR DO SELECT 1; UPDATE s.large SET v "
        "= 'x' WHERE id % 7 = 0");
    const auto told = expect_equal_after(pair, task);
    EXPECT_THAT(told, testing::HasSubstr("`r`.`a` is copied by itself"));
    EXPECT_THAT(told, Not(testing::HasSubstr("taken back")));
}

// Nothing but tables that are gone, or were never there, when they are copied by themselves.
TEST(ddl_during_copy, of_tables_that_are_gone_leaves_nothing) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_of_copy());
    auto& sql = pair.source_sql();
    make_large_table(sql);
    sql.exec("CREATE DATABASE r; USE r; CREATE TABLE gone (id INT PRIMARY KEY); INSERT INTO gone "
             "VALUES (1); CREATE VIEW v AS SELECT 1 AS one");
    auto task = pair.start_task();
    wait_for_rows(pair);
    sql.exec("INSERT INTO gone VALUES (2); CREATE TABLE brief (id INT PRIMARY KEY); INSERT INTO "
             "brief VALUES (1)");
    for (int i = 3; i < 50; ++i)
        sql.exec("INSERT INTO gone VALUES (" + std::to_string(i) + ")");
    sql.exec("DROP TABLE gone; RENAME TABLE v TO w; DROP TABLE brief; INSERT INTO s.large VALUES "
             "(-1, 'x')");
    expect_equal_after(pair, task);
}

TEST(ddl_during_copy, of_views_and_programs_follows_renames) {
    auto options = options_of_copy();
    options.objects.rename = {{"r", "q"}, {"r.b", "z.b2"}};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    auto& sql = pair.source_sql();
    make_large_table(sql);
    sql.exec("CREATE DATABASE r; USE r; CREATE TABLE a (id INT PRIMARY KEY, v INT); CREATE TABLE b "
             "(id INT PRIMARY KEY, v INT); INSERT INTO a VALUES (1, 1); CREATE VIEW v AS SELECT "
             "a.id FROM a; CREATE TRIGGER t BEFORE INSERT ON a FOR "
             "EACH ROW SET NEW.v = 1");
    auto task = pair.start_task();
    wait_for_rows(pair);
    sql.exec("ALTER TABLE a ADD w INT; CREATE OR REPLACE VIEW v AS SELECT a.* FROM a; CREATE "
             "TRIGGER t2 BEFORE INSERT ON b FOR EACH ROW SET NEW.v "
             "= 2; INSERT INTO b VALUES (1, 1)");
    task.signal(SIGTERM);
    static_cast<void>(task.wait(60s));
    task = pair.start_task();
    sql.exec("CREATE OR REPLACE VIEW v2 AS SELECT v.* FROM v; CREATE OR REPLACE VIEW v3 AS SELECT "
             "* FROM a; INSERT INTO a VALUES (2, 1, 1); CREATE TRIGGER t3 AFTER INSERT ON a FOR "
             "EACH ROW SET @x = 1");
    std::this_thread::sleep_for(2s);
    expect_equal_after(pair, task);
}

TEST(ddl_during_copy, of_a_whole_database_makes_the_copy_begin_anew) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options_of_copy());
    auto& sql = pair.source_sql();
    make_large_table(sql);
    sql.exec("CREATE DATABASE r CHARACTER SET latin1; CREATE TABLE r.a (v VARCHAR(9))");
    auto task = pair.start_task();
    wait_for_rows(pair);
    sql.exec("ALTER TABLE r.a ADD w INT; ALTER DATABASE r CHARACTER SET utf8mb4; CREATE TABLE "
             "r.late (v VARCHAR(9))");
    std::this_thread::sleep_for(3s);
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    const auto told = expect_equal_after(pair, task);
    EXPECT_THAT(told, testing::HasSubstr("taken back and begins anew"));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
}

} // namespace
} // namespace understudy::test
