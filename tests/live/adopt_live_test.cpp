// A target that was filled from a backup: replication goes on where the backup ends.

#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <chrono>
#include <regex>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

struct backup {
    std::string file; // as the server's own tool writes it
    std::string text;

    // The first group of what is found.
    [[nodiscard]] std::string find(const std::string& pattern) const {
        std::smatch found;
        if (!std::regex_search(text, found, std::regex(pattern)))
            throw std::runtime_error("the backup has no " + pattern);
        return found[1];
    }
    [[nodiscard]] std::string gtid_set() const {
        return find("(?:GTID_PURGED|gtid_slave_pos)='\\+?([^']+)'");
    }
    [[nodiscard]] std::string position() const {
        return fmt::format("file = \"{}\"\noffset = {}", find("_LOG_FILE='([^']+)'"),
                           find("_LOG_POS=([0-9]+)"));
    }
};

void execute(const std::string& command) {
    const auto ended = run_to_end({.argv = {"sh", "-c", command}, .environment = {}}, 60s);
    ASSERT_EQ(ended.status.code, 0) << command << "\n" << ended.output << ended.error;
}

backup take_backup(source_and_target& pair) {
    const live_server& source = pair.source();
    const bool mariadb = is_mariadb(source.kind());
    backup taken{.file = pair.task_file().parent_path() / "backup.sql", .text = {}};
    execute(fmt::format(
        "{} --no-defaults --user=root --socket={} --single-transaction {} "
        "--databases w > {}",
        source.tool(mariadb ? "mariadb-dump" : "mysqldump").string(), source.socket_path().string(),
        mariadb ? "--master-data=2 --gtid" : "--source-data=2 --set-gtid-purged=COMMENTED",
        taken.file));
    taken.text = file_text(taken.file);
    return taken;
}

void restore(const backup& taken, live_server& target) {
    const bool mariadb = is_mariadb(target.kind());
    execute(fmt::format("{} --no-defaults --user=root --socket={} < {}",
                        target.tool(mariadb ? "mariadb" : "mysql").string(),
                        target.socket_path().string(), taken.file));
}

struct adopt_case {
    std::string name;
    server_kind kind; // of both: a backup of one means little to the other
    bool by_gtid = true;
};

void PrintTo(const adopt_case& value, std::ostream* out) {
    *out << value.name;
}

class adopt : public testing::TestWithParam<adopt_case> {};

TEST_P(adopt, goes_on_where_a_backup_ends) {
    pair_options how;
    how.objects.include = {"w.*"};
    source_and_target pair(GetParam().kind, GetParam().kind, how);
    workload load(pair.source(), {.writers = 2, .rows = 500, .pause_microseconds = 3000});
    load.prepare();
    load.start();
    pair.source_sql().exec("FLUSH LOGS");
    std::this_thread::sleep_for(500ms);
    const backup taken = take_backup(pair);
    std::this_thread::sleep_for(500ms);
    pair.source_sql().exec("FLUSH LOGS; ALTER TABLE w.log MODIFY line VARCHAR(120); CREATE "
                           "TABLE w.later (id INT PRIMARY KEY); INSERT INTO w.later VALUES (1)");
    std::this_thread::sleep_for(500ms);
    restore(taken, pair.target());
    pair.options().more_of_task_file = fmt::format(
        "[conflict]\nexisting_tables = \"adopt\"\n[adopt]\n{}\n",
        GetParam().by_gtid ? "gtid_set = \"" + taken.gtid_set() + "\"" : taken.position());
    pair.write_task_file();
    // What the log brings explains why a definition differs now.
    const auto checked = pair.run_program({"precheck", pair.task_file()});
    EXPECT_EQ(checked.status.code, 0) << checked.output << checked.error;
    EXPECT_THAT(checked.output, HasSubstr("`w`.`log` (line is"));
    EXPECT_THAT(checked.output, HasSubstr("missing: `w`.`later`"));
    {
        auto task = pair.start_task();
        std::this_thread::sleep_for(2s);
        ASSERT_TRUE(task.running()) << task.error() << task.output();
        task.kill_9();
    }
    load.stop();
    const auto ended = pair.run_task();
    ASSERT_EQ(ended.status.code, 0) << ended.error << ended.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    of, adopt,
    testing::Values(adopt_case{"mysql_97_gtid", server_kind::mysql_97},
                    adopt_case{"mysql_97_position", server_kind::mysql_97, false},
                    adopt_case{"mariadb_1011_gtid", server_kind::mariadb_1011},
                    adopt_case{"mariadb_1011_position", server_kind::mariadb_1011, false}),
    [](const auto& info) { return info.param.name; });

class adopted : public testing::Test {
protected:
    adopted() {
        pair.source_sql().exec("CREATE DATABASE w; CREATE TABLE w.a (id INT PRIMARY KEY, v INT); "
                               "INSERT INTO w.a VALUES (1, 1)");
        pair.target_sql().exec("CREATE DATABASE w");
    }
    finished_process run_with(const std::string& adopt_section) {
        pair.options().more_of_task_file =
            "[conflict]\nexisting_tables = \"adopt\"\n" + adopt_section;
        pair.write_task_file();
        return pair.run_task();
    }
    static pair_options options() {
        pair_options made;
        made.objects.include = {"w.*"};
        return made;
    }

    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97, options()};
};

TEST_F(adopted, tables_must_be_there_and_be_the_sources) {
    const auto missing = run_with("");
    EXPECT_NE(missing.status.code, 0);
    EXPECT_THAT(missing.error, HasSubstr("missing: `w`.`a`"));

    pair.target_sql().exec("CREATE TABLE w.a (id INT PRIMARY KEY, v BIGINT)");
    const auto different = run_with("");
    EXPECT_NE(different.status.code, 0);
    EXPECT_THAT(different.error, HasSubstr("v is int there, bigint here"));

    pair.target_sql().exec("ALTER TABLE w.a MODIFY v INT; INSERT INTO w.a VALUES (1, 1)");
    const auto equal = run_with("");
    ASSERT_EQ(equal.status.code, 0) << equal.error;
    // Nothing was copied, and from here on it is exact.
    pair.source_sql().exec("UPDATE w.a SET v = 2; INSERT INTO w.a VALUES (2, 2)");
    const auto ended = pair.run_task();
    ASSERT_EQ(ended.status.code, 0) << ended.error;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

TEST_F(adopted, data_that_is_not_the_sources_stops_the_task_at_the_first_change_of_it) {
    pair.target_sql().exec("CREATE TABLE w.a (id INT PRIMARY KEY, v INT)");
    ASSERT_EQ(run_with("").status.code, 0);
    pair.source_sql().exec("UPDATE w.a SET v = 2");
    const auto ended = pair.run_task();
    EXPECT_NE(ended.status.code, 0);
    EXPECT_THAT(ended.error, HasSubstr("`w`.`a`"));
}

TEST_F(adopted, position_must_be_in_the_sources_log) {
    pair.target_sql().exec("CREATE TABLE w.a (id INT PRIMARY KEY, v INT)");
    const std::string uuid = pair.source_sql().scalar("SELECT @@server_uuid");
    const auto ahead = run_with("[adopt]\ngtid_set = \"" + uuid + ":1-999\"\n");
    EXPECT_NE(ahead.status.code, 0);
    EXPECT_THAT(ahead.error, HasSubstr("not known to the source"));
    const auto elsewhere = run_with("[adopt]\nfile = \"other.000001\"\noffset = 4\n");
    EXPECT_NE(elsewhere.status.code, 0);
    EXPECT_THAT(elsewhere.error, HasSubstr("other.000001"));

    const std::string before = pair.source_sql().scalar("SELECT @@GLOBAL.gtid_executed");
    pair.source_sql().exec("INSERT INTO w.a VALUES (2, 2); FLUSH BINARY LOGS");
    const std::string last = pair.source_sql().query("SHOW BINARY LOGS").back()[0].value();
    pair.source_sql().exec("PURGE BINARY LOGS TO '" + last + "'");
    const auto purged = run_with("[adopt]\ngtid_set = \"" + before + "\"\n");
    EXPECT_NE(purged.status.code, 0);
    EXPECT_THAT(purged.error, HasSubstr("purged"));
}

// A table with rows of its own, which existing_tables = "ignore" keeps.
class kept : public testing::TestWithParam<std::string> {};

TEST_P(kept, rows_give_way_to_changes_of_the_source) {
    pair_options how;
    how.objects.include = {"shop.*"};
    how.more_of_task_file =
        "[conflict]\nexisting_tables = \"ignore\"\n[apply]\nwriter = \"" + GetParam() + "\"\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, how);
    pair.source_sql().exec(
        "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT, w INT DEFAULT 0); "
        "CREATE TABLE shop.u LIKE shop.t; INSERT INTO shop.t (id, v) VALUES (1, 1), (2, 2), (3, "
        "3), (4, 4), (5, 5); INSERT INTO shop.u (id, v) VALUES (1, 1)");
    pair.target_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT, "
                           "w INT DEFAULT 0); INSERT INTO shop.t VALUES (2, 20, 7), (9, 90, 7), "
                           "(10, 100, 7)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    const auto rows = [&] {
        return pair.target_sql().scalar("SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM shop.t");
    };
    EXPECT_EQ(rows(), "1:1,2:20,3:3,4:4,5:5,9:90,10:100");

    pair.target_sql().exec("DELETE FROM shop.t WHERE id IN (3, 4)");
    pair.source_sql().exec("UPDATE shop.t SET v = 200 WHERE id = 2; UPDATE shop.t SET v = 30 WHERE "
                           "id = 3; DELETE FROM shop.t WHERE id = 4; INSERT INTO shop.t (id, v) "
                           "VALUES (9, 99); UPDATE shop.t SET id = 10 WHERE id = 5");
    const auto followed = pair.run_task();
    ASSERT_EQ(followed.status.code, 0) << followed.error;
    EXPECT_EQ(rows(), "1:1,2:200,3:30,9:99,10:5");
    // Also what the source did not change.
    EXPECT_EQ(pair.target_sql().scalar("SELECT SUM(w) FROM shop.t"), "0");
    EXPECT_GE(std::stoi(pair.target_sql().scalar("SELECT COUNT(*) FROM understudy.conflict")), 4);

    // Tables that the task made are exact as ever.
    pair.target_sql().exec("DELETE FROM shop.u");
    pair.source_sql().exec("UPDATE shop.u SET v = 2");
    const auto stopped = pair.run_task();
    EXPECT_NE(stopped.status.code, 0);
    EXPECT_THAT(stopped.error, HasSubstr("`shop`.`u`"));
}

TEST(kept_tables, that_were_made_by_others_give_way_too) {
    pair_options how;
    how.objects.include = {"shop.*"};
    how.more_of_task_file = "[conflict]\nexisting_tables = \"ignore\"\n[initial]\nschema = false\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, how);
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); "
                           "INSERT INTO shop.t VALUES (1, 1), (2, 2)");
    pair.target_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); "
                           "INSERT INTO shop.t VALUES (2, 20), (9, 90)");
    const auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error;
    pair.target_sql().exec("DELETE FROM shop.t WHERE id = 1");
    pair.source_sql().exec("UPDATE shop.t SET v = 3; INSERT INTO shop.t VALUES (9, 9)");
    const auto followed = pair.run_task();
    ASSERT_EQ(followed.status.code, 0) << followed.error;
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id, ':', v ORDER BY id) FROM shop.t"),
              "1:3,2:3,9:9");
}

TEST(kept_tables, that_are_defined_otherwise_are_all_listed_and_nothing_is_written) {
    pair_options how;
    how.objects.include = {"shop.*"};
    how.more_of_task_file = "[conflict]\nexisting_tables = \"ignore\"\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, how);
    const auto make = [](const std::string& type) {
        return "CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY, v " + type +
               "); CREATE TABLE shop.b (id INT PRIMARY KEY); CREATE TABLE shop.c (id " + type +
               " PRIMARY KEY); INSERT INTO shop.b VALUES ";
    };
    pair.source_sql().exec(make("INT") + "(1)");
    pair.target_sql().exec(make("BIGINT") + "(2)");
    const auto checked = pair.run_task();
    EXPECT_NE(checked.status.code, 0);
    EXPECT_THAT(checked.error, HasSubstr("`shop`.`a` (v is int there, bigint here)"));
    EXPECT_THAT(checked.error, HasSubstr("`shop`.`c`"));

    pair.options().more_of_task_file += "[precheck]\nwaive = [\"target.definitions\"]\n";
    pair.write_task_file();
    const auto refused = pair.run_task();
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.error, HasSubstr("does not have the columns of `shop`.`a`"));
    EXPECT_THAT(refused.error, HasSubstr("does not have the columns of `shop`.`c`"));
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id) FROM shop.b"), "2");

    pair.options().objects.exclude = {"shop.a", "shop.c"};
    pair.write_task_file();
    const auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error;
    EXPECT_EQ(pair.target_sql().scalar("SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.b"), "1,2");
}

// Of two rows of the source that it does not let in together one would be left out.
TEST(kept_tables, with_a_unique_key_of_their_own_are_listed_and_nothing_is_written) {
    pair_options how;
    how.objects.include = {"shop.*"};
    how.more_of_task_file = "[conflict]\nexisting_tables = \"ignore\"\n";
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, how);
    const std::string make = "CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY, v "
                             "INT, n INT, UNIQUE KEY one (v)); ";
    pair.source_sql().exec(make + "INSERT INTO shop.a VALUES (1, 1, 5), (2, 2, 5)");
    pair.target_sql().exec(make + "ALTER TABLE shop.a ADD UNIQUE KEY of_two (v, n), ADD UNIQUE KEY "
                                  "other (n)");
    const auto refused = pair.run_task();
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.error, HasSubstr("its unique key `other` (`n`) is none of the source's"));
    EXPECT_THAT(refused.error, testing::Not(HasSubstr("of_two")));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.a"), "0");
    pair.target_sql().exec("ALTER TABLE shop.a DROP KEY other");
    const auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error;
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.a"), "2");
}

INSTANTIATE_TEST_SUITE_P(by, kept, testing::Values("row-image", "sql"), [](const auto& info) {
    return info.param == "sql" ? "sql" : "row_image";
});

} // namespace
} // namespace understudy::test
