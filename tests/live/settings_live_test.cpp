// Every setting of a source that changes what its binary log looks like, in all combinations, with
// two-phase transactions, savepoints, statements and restarts in between: the target is equal, and
// `relay show` tells of the source's logs what mysqlbinlog tells.

#include "tests/live/shown_by_mysqlbinlog.hpp"
#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

struct setting {
    std::string name; // with GLOBAL or SESSION
    std::vector<std::string> values;
};

std::vector<setting> settings_of(server_kind kind) {
    const setting image{"SESSION binlog_row_image", {"'FULL'", "'MINIMAL'", "'NOBLOB'"}};
    const setting checksum{"GLOBAL binlog_checksum", {"'NONE'", "'CRC32'"}};
    if (kind == server_kind::mysql_56) return {image, checksum};
    if (is_mariadb(kind)) {
        return {image,
                checksum,
                {"GLOBAL binlog_row_metadata", {"'NO_LOG'", "'MINIMAL'", "'FULL'"}},
                {"GLOBAL log_bin_compress", {"OFF", "ON"}}};
    }
    return {image,
            checksum,
            {"GLOBAL binlog_row_metadata", {"'MINIMAL'", "'FULL'"}},
            {"SESSION binlog_row_value_options", {"''", "'PARTIAL_JSON'"}},
            {"SESSION binlog_transaction_compression", {"OFF", "ON"}}};
}

std::size_t combinations(const std::vector<setting>& settings) {
    std::size_t count = 1;
    for (const auto& one : settings)
        count *= one.values.size();
    return count;
}

std::string combination(const std::vector<setting>& settings, std::size_t number) {
    std::string sql;
    for (const auto& one : settings) {
        sql += "SET " + one.name + " = " + one.values[number % one.values.size()] + ";";
        number /= one.values.size();
    }
    return sql;
}

// One writer; the transaction that it has prepared is ended by a later step.
class settings_writer {
public:
    explicit settings_writer(live_server& server) : server_(server) {}

    void create() {
        const char* document = server_.kind() == server_kind::mysql_97 ? "JSON" : "TEXT";
        server_.root().exec(fmt::format(
            "CREATE DATABASE s; CREATE TABLE s.t (id INT PRIMARY KEY, a BIGINT UNSIGNED, "
            "v VARCHAR(60) CHARACTER SET utf8mb4 UNIQUE, x TEXT, bl BLOB, n DECIMAL(20,5), "
            "d DOUBLE, ts TIMESTAMP(3) NULL, dt DATETIME(6), y YEAR, b BIT(5), "
            "e ENUM('1','2','3'), doc {0}) ENGINE=InnoDB;"
            "CREATE TABLE s.bare (v INT, x TEXT, doc {0}) ENGINE=InnoDB;"
            "CREATE TABLE s.named (name VARCHAR(20) CHARACTER SET utf8mb4 COLLATE "
            "utf8mb4_general_ci PRIMARY KEY, x TEXT, v INT) ENGINE=InnoDB;"
            "CREATE TABLE s.two_phases LIKE s.t; CREATE TABLE s.bare_two_phases LIKE s.bare",
            document));
        step(0, "");
    }

    void step(int number, const std::string& settings) {
        auto sql = server_.root();
        sql.exec("SET time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'; USE s;" +
                 settings);
        const int first = number * 100;
        sql.exec("START TRANSACTION");
        for (int id = first; id < first + 8; ++id)
            sql.exec(insert(id));
        sql.exec("SAVEPOINT sp; UPDATE t SET a = 1, x = 'gone'; DELETE FROM bare; ROLLBACK TO sp");
        sql.exec(fmt::format(
            "UPDATE t SET x = CONCAT(x, ' changed'), n = -n, b = b'10101' WHERE id % 2 = {0};"
            "UPDATE t SET id = id + 50 WHERE id = {1} + 3; DELETE FROM t WHERE id = {1} + 2;"
            "UPDATE t SET v = NULL, bl = NULL, ts = ts + INTERVAL 1 DAY WHERE id = {1} + 4;"
            "INSERT INTO bare SELECT id, x, doc FROM t WHERE id >= {1};"
            "INSERT INTO bare SELECT id, x, doc FROM t WHERE id >= {1};"
            "UPDATE bare SET x = 'touched' WHERE v = {1} LIMIT 1; DELETE FROM bare WHERE v = {1} + "
            "1 LIMIT 1; INSERT INTO named VALUES ('Name{1}', REPEAT('n', 300), {1});"
            "UPDATE named SET name = UPPER(name), v = v + 1 WHERE v % 3 = 0;"
            "REPLACE INTO named VALUES ('nAmE{1}', 'again', 7); COMMIT",
            number % 2, first));
        if (server_.kind() == server_kind::mysql_97) change_documents(sql, first);
        change_in_two_phases(number, settings);
    }

    // What a server that goes away would roll back.
    void settle() {
        if (prepared_by_ || !prepared_.empty()) end_prepared("COMMIT");
    }
    // MySQL 9.7 keeps what was prepared.
    void before_restart() {
        if (server_.kind() != server_kind::mysql_97) settle();
    }

private:
    std::string insert(int id, const char* table = "t") const {
        const bool json = server_.kind() == server_kind::mysql_97;
        return fmt::format(
            "INSERT INTO {2} VALUES ({0}, 18446744073709551615 - {0}, 'v{0} é', REPEAT('x', {0} % "
            "300), REPEAT(x'00FF27', {0} % 50), -{0} / 7, {0} / 3e0, '2024-01-01 00:00:00.5' + "
            "INTERVAL {0} MINUTE, '2024-02-29 23:59:59.000007' + INTERVAL {0} DAY, 2000 + {0} % "
            "100, b'101', 1 + {0} % 3, {1})",
            id,
            json ? fmt::format("JSON_OBJECT('a', {}, 'b', REPEAT('d', 200), 'c', JSON_ARRAY(1, 2, "
                               "'three'))",
                               id)
                 : "'document'",
            table);
    }

    void change_documents(sql_client& sql, int first) {
        sql.exec(fmt::format(
            "UPDATE t SET doc = JSON_SET(doc, '$.a', id + 1, '$.new', 'n') WHERE id >= {0};"
            "UPDATE t SET doc = JSON_REMOVE(JSON_REPLACE(doc, '$.c[1]', TRUE), '$.b'), a = 3 WHERE "
            "id % 7 = 1; UPDATE bare SET doc = JSON_SET(doc, '$.a', NULL) WHERE v = {0} + 5 LIMIT "
            "1",
            first));
        // As the server may log it for itself: text, with what it depends on.
        sql.exec(fmt::format("SET SESSION binlog_format = 'STATEMENT', @user = 'from a variable';"
                             "INSERT INTO t (id, d, x) VALUES ({0} + 90, RAND(), @user);"
                             "UPDATE t SET a = LAST_INSERT_ID() WHERE id = {0} + 90;"
                             "SET SESSION binlog_format = 'ROW'",
                             first));
    }

    void change_in_two_phases(int number, const std::string& settings) {
        if (!prepared_.empty()) end_prepared(number % 5 == 0 ? "ROLLBACK" : "COMMIT");
        prepared_by_.emplace(server_.root());
        prepared_ = fmt::format("'xa {}'", number);
        prepared_by_->exec("SET time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'; SET "
                           "SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; USE s;" +
                           settings + "XA START " + prepared_);
        prepared_by_->exec(insert(number * 100 + 70, "two_phases"));
        prepared_by_->exec(
            fmt::format("INSERT INTO bare_two_phases (v, x) VALUES ({0}, 'x');"
                        "UPDATE two_phases SET x = 'prepared' WHERE id = {0} * 100 + 70",
                        number));
        prepared_by_->exec("XA END " + prepared_ + "; XA PREPARE " + prepared_);
        if (server_.kind() == server_kind::mysql_97) prepared_by_.reset();
    }

    void end_prepared(const std::string& how) {
        if (!prepared_by_) prepared_by_.emplace(server_.root());
        prepared_by_->exec("XA " + how + " " + prepared_);
        prepared_by_.reset();
        prepared_.clear();
    }

    live_server& server_;
    std::optional<sql_client> prepared_by_;
    std::string prepared_; // its name in quotes
};

std::string output_of(std::vector<std::string> command) {
    return run_successfully({.argv = std::move(command), .environment = {}}, 60s);
}

// The stream has come to this step, within a minute.
bool is_followed_to(source_and_target& pair, int step) {
    const auto question = fmt::format("SELECT COUNT(*) FROM s.named WHERE v = 7 AND name = "
                                      "'name{}'",
                                      step * 100);
    for (int i = 0; i < 600; ++i) {
        if (pair.target_sql().scalar(question) == "1") return true;
        std::this_thread::sleep_for(100ms);
    }
    return false;
}

class settings : public testing::TestWithParam<server_kind> {};

TEST_P(settings, that_change_the_log_change_nothing_on_the_target) {
    const bool mysql = !is_mariadb(GetParam());
    pair_options options;
    options.objects.include = {"s.*"};
    if (!mysql) options.source.extra_args = {"--log-bin-compress-min-len=10"};
    source_and_target pair(GetParam(), server_kind::mysql_97, options);
    settings_writer writer(pair.source());
    writer.create();
    writer.settle();
    auto copied = pair.run_task();
    ASSERT_EQ(copied.status.code, 0) << copied.error << copied.output;

    const auto settings = settings_of(GetParam());
    const auto count = combinations(settings);
    std::optional<running_task> task(pair.start_task());
    for (std::size_t i = 0; i < count; ++i) {
        SCOPED_TRACE(combination(settings, i));
        writer.step(static_cast<int>(i) + 1, combination(settings, i));
        const bool restarts = i == count / 2;
        if (!restarts && i % 7 != 3) continue;
        ASSERT_TRUE(is_followed_to(pair, static_cast<int>(i) + 1))
            << task->error() << task->output();
        if (!restarts) {
            task->kill_9();
            task.emplace(pair.start_task());
        } else {
            writer.before_restart();
            pair.source().restart();
        }
    }
    writer.settle();
    ASSERT_TRUE(task->running()) << task->error() << task->output();
    task->kill_9();
    auto caught_up = pair.run_task();
    ASSERT_EQ(caught_up.status.code, 0) << caught_up.error << caught_up.output;
    EXPECT_THAT(pair.compare({.definitions = mysql, .rows = true, .checksums = mysql}), IsEmpty());
    EXPECT_GT(pair.target_sql().scalar("SELECT COUNT(*) FROM s.t"), "1");

    // MySQL 5.6 comes without tools; those of 9.7 read its logs.
    const auto mysqlbinlog =
        mysql ? pair.target().tool("mysqlbinlog") : pair.source().tool("mariadb-binlog");
    std::size_t rows = 0;
    for (const auto& row : pair.source_sql().query("SHOW BINARY LOGS")) {
        const auto name = row.front().value();
        const auto log = pair.data_dir().parent_path() / name;
        std::filesystem::copy_file(pair.source().data_dir() / name, log);
        const auto theirs = rows_by_mysqlbinlog(
            output_of({mysqlbinlog.string(), "-v", "--base64-output=decode-rows", log.string()}));
        rows += theirs.size();
        EXPECT_EQ(
            difference(changes_by_us(output_of({UNDERSTUDY_PROGRAM, "relay", "show", "--json",
                                                "--kind", "insert,update,delete", log.string()})),
                       theirs),
            "")
            << name;
    }
    EXPECT_GT(rows, 50 * count);
}

INSTANTIATE_TEST_SUITE_P(of, settings,
                         testing::Values(server_kind::mysql_97, server_kind::mysql_56,
                                         server_kind::mariadb_1011),
                         [](const auto& info) {
                             std::string name;
                             for (const char c : to_string(info.param))
                                 name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                             return name;
                         });

} // namespace
} // namespace understudy::test
