// The inspection tool on binary logs of real servers: what it shows is what mysqlbinlog shows, its
// SQL makes the same tables again and takes everything back, its exports are what the source wrote.

#include "tests/live/shown_by_mysqlbinlog.hpp"
#include "tests/support/live_server.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* workload = R"sql(
SET sql_mode='NO_ENGINE_SUBSTITUTION', time_zone='+00:00';
USE w;
CREATE TABLE k (id INT PRIMARY KEY, a TINYINT UNSIGNED, b BIGINT UNSIGNED, f FLOAT, d DOUBLE, n DECIMAL(30,10), bi BIT(13), y YEAR, dt DATE, t TIME(6), dtt DATETIME(6), ts TIMESTAMP(3) NULL, c CHAR(10) CHARACTER SET latin1, v VARCHAR(100) CHARACTER SET utf8mb4, g VARCHAR(20) CHARACTER SET gbk, u VARCHAR(20) CHARACTER SET utf16, bin BINARY(8), vb VARBINARY(50), tx TEXT, bl BLOB, e ENUM('','a','ü','2','1'), s SET('a','b','ü'), geo GEOMETRY, j JSON, ve VECTOR(3));
CREATE TABLE nk LIKE k; ALTER TABLE nk DROP PRIMARY KEY;
INSERT INTO k VALUES (1,255,18446744073709551615,1.1,0.1,-12.5,b'1111111111111',2155,'0000-00-00','-838:59:58.999999','9999-12-31 23:59:59.999999','2038-01-19 03:14:07.999','é','äöü€ '' " \\ ',_gbk x'B0A1D75C',_utf16 x'D83DDE000041',x'00ff00',x'27005c0a','line1\nline2',x'0001ff','ü','a,ü',ST_GeomFromText('POINT(1 2)'),'{"a":[1,-1,18446744073709551615,1.5,"x\\u0000y",{"é":null}]}',TO_VECTOR('[1,-2.5,3e38]'));
INSERT INTO k (id,f,d,e,dt,j) VALUES (2,1.4e-45,1e0/3,0,'2024-00-00',JSON_ARRAY(1e0,-0e0,CAST('2020-01-01' AS DATE),1.10)),(3,16777217,-2.2250738585072014e-308,1,'1000-01-01',NULL);
INSERT INTO nk SELECT * FROM k; INSERT INTO nk SELECT * FROM k WHERE id=1;
UPDATE nk SET v='changed' WHERE id=1 LIMIT 1;
UPDATE k SET id=id+10, v=CONCAT('x',IFNULL(v,'')), j=JSON_OBJECT('k',id) WHERE id<3;
UPDATE nk SET d=d+1, bin='z', geo=NULL WHERE id=2;
DELETE FROM nk WHERE id=3; DELETE FROM k WHERE id=12;
)sql";

// Types of which mysqlbinlog prints the same text as we do, but for quotes.
constexpr const char* plain_workload = R"sql(
CREATE TABLE w.p (id INT PRIMARY KEY, b BIGINT UNSIGNED, n DECIMAL(20,5), v VARCHAR(40), at DATETIME(6), y YEAR);
INSERT INTO w.p VALUES (1, 18446744073709551615, -12.5, 'one', '2024-02-03 04:05:06.000007', 1999), (-2, 0, NULL, '', NULL, NULL);
INSERT INTO w.p WITH RECURSIVE c(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM c WHERE i < 400)
    SELECT i, i * 1000000007, i / 7, REPEAT('x', i % 40), '2024-01-01' + INTERVAL i HOUR, 2000 + i % 100 FROM c;
UPDATE w.p SET v = CONCAT(LEFT(v, 20), id), n = n * 3 WHERE id % 3 = 0;
UPDATE w.p SET id = id + 1000 WHERE id % 50 = 0;
DELETE FROM w.p WHERE id % 4 = 1;
)sql";

finished_process relay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {UNDERSTUDY_PROGRAM, "relay"});
    return run_to_end({.argv = std::move(arguments), .environment = {}}, 60s);
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::vector<sql_row> rows_of(const live_server& server, const std::string& table) {
    auto client = server.root();
    client.exec("SET time_zone = '+00:00'");
    auto rows = client.query("SELECT * FROM w." + table);
    std::ranges::sort(rows);
    return rows;
}

// Kind and values of every row, from our JSON lines.
std::vector<std::string> rows_by_us(const std::string& text) {
    std::vector<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto change = boost::json::parse(line).as_object();
        found.emplace_back(change.at("kind").as_string());
        for (const char* image : {"before", "after"}) {
            if (!change.contains(image)) continue;
            for (const auto& [name, value] : change.at(image).as_object()) {
                if (value.is_null())
                    found.emplace_back("NULL");
                else if (value.is_string())
                    found.emplace_back(value.as_string());
                else
                    found.push_back(boost::json::serialize(value));
            }
        }
    }
    return found;
}

class relay_tool_live : public testing::TestWithParam<std::vector<std::string>> {
protected:
    void SetUp() override {
        auto options = GetParam();
        options.emplace_back("--binlog-row-metadata=FULL");
        server_.emplace(live_server::start(server_kind::mysql_97, {.extra_args = options}));
        server_->root().exec("RESET BINARY LOGS AND GTIDS; CREATE DATABASE w");
    }
    // The log so far, closed.
    std::filesystem::path finish_log() {
        auto client = server_->root();
        const auto name = client.query("SHOW BINARY LOGS").back().front().value();
        client.exec("FLUSH BINARY LOGS");
        const auto copy = directory_.path() / "source.000001";
        std::filesystem::copy_file(server_->data_dir() / name, copy);
        return copy;
    }
    std::string execute(const std::string& command) {
        const auto ran = run_to_end(
            {.argv = {"/bin/sh", "-c",
                      command + " | " + server_->tool("mysql").string() +
                          " --binary-mode --default-character-set=utf8mb4 -uroot --socket=" +
                          server_->socket_path().string()},
             .environment = {}},
            120s);
        return ran.status.code == 0 ? "" : ran.error;
    }
    std::string execute_text(const std::string& sql) {
        const auto file = directory_.path() / "statements.sql";
        write_file(file, sql);
        return execute("cat " + file.string());
    }

    const scratch_directory directory_{"relay_tool"};
    std::optional<live_server> server_;
};

TEST_P(relay_tool_live, shows_every_value_as_mysqlbinlog_does) {
    ASSERT_EQ(execute_text(plain_workload), "");
    const auto log = finish_log();
    const auto theirs = run_successfully({.argv = {server_->tool("mysqlbinlog").string(), "-v",
                                                   "--base64-output=decode-rows", log.string()},
                                          .environment = {}},
                                         60s);
    const auto ours = relay({"show", "--json", "--kind", "insert,update,delete", log.string()});
    ASSERT_EQ(ours.status.code, 0) << ours.error;
    const auto expected = rows_by_mysqlbinlog(theirs);
    EXPECT_GT(expected.size(), 500U);
    EXPECT_EQ(difference(changes_by_us(ours.output), expected), "");
}

TEST_P(relay_tool_live, its_sql_does_everything_again_and_takes_it_back) {
    ASSERT_EQ(execute_text(workload + std::string(plain_workload)), "");
    const auto log = finish_log();
    const auto redo = relay({"show", "--sql", log.string()});
    ASSERT_EQ(redo.status.code, 0) << redo.error;
    const auto undo = relay({"show", "--undo", "--kind", "insert,update,delete", log.string()});
    ASSERT_EQ(undo.status.code, 0) << undo.error;
    const std::vector<std::string> tables = {"k", "nk", "p"};
    std::vector<std::vector<sql_row>> before;
    for (const auto& table : tables)
        before.push_back(rows_of(*server_, table));
    server_->root().exec("DROP DATABASE w");
    ASSERT_EQ(execute_text(redo.output), "");
    for (std::size_t i = 0; i < tables.size(); ++i) {
        EXPECT_GT(before[i].size(), 1U);
        EXPECT_EQ(rows_of(*server_, tables[i]), before[i]) << tables[i];
    }
    ASSERT_EQ(execute_text(undo.output), "");
    for (const auto& table : tables)
        EXPECT_EQ(rows_of(*server_, table).size(), 0U) << table;
}

TEST_P(relay_tool_live, exports_what_a_server_accepts) {
    ASSERT_EQ(execute_text(workload + std::string(plain_workload)), "");
    const auto log = finish_log();
    const auto whole = directory_.path() / "whole";
    std::filesystem::create_directory(whole);
    const auto exported = relay({"export", "-o", whole.string(), log.string()});
    ASSERT_EQ(exported.status.code, 0) << exported.error;
    EXPECT_TRUE(file_text(whole / "source.000001") == file_text(log));
    std::vector<std::vector<sql_row>> before;
    for (const char* table : {"k", "nk", "p"})
        before.push_back(rows_of(*server_, table));
    // Of the first half of its transactions, then of the second.
    const auto uuid = server_->root().scalar("SELECT @@server_uuid");
    const auto first = (directory_.path() / "first").string();
    const auto second = (directory_.path() / "second").string();
    ASSERT_EQ(relay({"export", "-o", first, "--gtid", uuid + ":1-6", log.string()}).status.code, 0);
    ASSERT_EQ(relay({"export", "-o", second, "--gtid", uuid + ":7-1000", log.string()}).status.code,
              0);
    EXPECT_EQ(relay({"verify", first, second}).status.code, 0);
    server_->root().exec("DROP DATABASE w");
    const auto mysqlbinlog = server_->tool("mysqlbinlog").string() + " --skip-gtids ";
    ASSERT_EQ(execute(mysqlbinlog + first), "");
    ASSERT_EQ(execute(mysqlbinlog + second), "");
    std::size_t i = 0;
    for (const char* table : {"k", "nk", "p"})
        EXPECT_EQ(rows_of(*server_, table), before[i++]) << table;
}

TEST_P(relay_tool_live, follows_a_row_through_changes_of_its_key) {
    ASSERT_EQ(execute_text("CREATE TABLE w.h (id INT PRIMARY KEY, v INT);"
                           "INSERT INTO w.h VALUES (1, 10), (2, 20);"
                           "UPDATE w.h SET id = 5 WHERE id = 1;"
                           "INSERT INTO w.h VALUES (1, 11);"
                           "UPDATE w.h SET v = 50 WHERE id = 5;"
                           "UPDATE w.h SET id = 7 WHERE id = 5;"
                           "DELETE FROM w.h WHERE id = 7;"),
              "");
    const auto log = finish_log();
    const auto of_seven = relay({"history", "w.h", "7", "--json", log.string()});
    ASSERT_EQ(of_seven.status.code, 0) << of_seven.error;
    const std::vector<std::string> expected = {
        "insert", "1",  "10",     "update", "1",  "10", "5",  "10",     "update", "5", "10",
        "5",      "50", "update", "5",      "50", "7",  "50", "delete", "7",      "50"};
    std::istringstream lines(of_seven.output);
    std::string changes;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("\"kind\":\"ddl\"") == std::string::npos &&
            line.find("annotation") == std::string::npos)
            changes += line + "\n";
    }
    EXPECT_EQ(rows_by_us(changes), expected);
    const auto where = relay({"show", "--where", "before.id = 5 and after.v = 50", "--json",
                              "--kind", "update", log.string()});
    EXPECT_EQ(std::ranges::count(where.output, '\n'), 2);
}

// No server of these versions can be had (tests/data/binlog/public/README.md).
TEST(relay_tool_of_recorded_logs, shows_every_value_as_mysqlbinlog_does) {
    const auto mysqlbinlog = server_root(server_kind::mysql_97) / "bin" / "mysqlbinlog";
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(UNDERSTUDY_RECORDED_LOGS)) {
        if (entry.path().extension() != ".binlog") continue;
        SCOPED_TRACE(entry.path().filename().string());
        const auto theirs =
            run_successfully({.argv = {mysqlbinlog.string(), "-v", "--base64-output=decode-rows",
                                       entry.path().string()},
                              .environment = {}},
                             60s);
        const auto ours =
            relay({"show", "--json", "--kind", "insert,update,delete", entry.path().string()});
        ASSERT_EQ(ours.status.code, 0) << ours.error;
        // Where labels are logged, mysqlbinlog prints the numbers of ENUM and SET all the same.
        const bool has_labels = entry.path().filename() == "mysql_80_labels.binlog";
        if (!has_labels)
            EXPECT_EQ(difference(changes_by_us(ours.output), rows_by_mysqlbinlog(theirs)), "");
        EXPECT_EQ(relay({"verify", entry.path().string()}).status.code, 0);
        ++files;
    }
    EXPECT_GE(files, 14U);
}

INSTANTIATE_TEST_SUITE_P(logs, relay_tool_live,
                         testing::Values(std::vector<std::string>{"--binlog-checksum=CRC32"},
                                         std::vector<std::string>{
                                             "--binlog-checksum=NONE",
                                             "--binlog-transaction-compression=ON"}));

} // namespace
} // namespace understudy::test
