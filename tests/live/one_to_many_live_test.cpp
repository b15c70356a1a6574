// Tasks of one daemon that share a dump connection and a relay log, each with a target of its own.

#include "tests/live/serving_daemon.hpp"
#include "tests/live/workload.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class one_to_many : public testing::TestWithParam<bool> {
protected:
    one_to_many()
        : servers(live_server::start_all(
              {{server_kind::mysql_97,
                {.extra_args = {"--character-set-server=utf8mb4",
                                "--collation-server=utf8mb4_general_ci"},
                 .gtid = GetParam()}},
               {server_kind::mysql_97},
               {server_kind::mysql_97, {.gtid = false}},
               {server_kind::mariadb_1011, {.extra_args = {"--max-allowed-packet=64M"}}}})) {
        for (live_server& server : servers) {
            server.root().exec("CREATE USER acc@'%' IDENTIFIED BY 'secret-of-acc'; GRANT ALL ON "
                               "*.* TO acc@'%' WITH GRANT OPTION");
        }
    }

    live_server& source() { return servers[0]; }

    // What comes behind the endpoints may have keys of [relay] first.
    void create(serving_daemon& it, const std::string& name, int target, const std::string& objects,
                const std::string& relay = "share = \"all\"\n") {
        const auto endpoint = [](const std::string& side, const live_server& server) {
            return fmt::format("[{}]\nhost = \"127.0.0.1\"\nport = {}\nuser = \"acc\"\npassword = "
                               "\"secret-of-acc\"\ntls.mode = \"preferred\"\n",
                               side, server.port());
        };
        const std::string definition =
            fmt::format("name = \"{}\"\n", name) + endpoint("source", source()) +
            endpoint("target", servers[static_cast<std::size_t>(target)]) + "[objects]\n" +
            objects + "[relay]\n" + relay;
        const auto made =
            it.call("POST", "/api/v1/tasks", json::serialize(json::object{{"toml", definition}}));
        ASSERT_EQ(made.status, 201) << made.body;
        act(it, name, "start");
    }

    static void act(serving_daemon& it, const std::string& name, const std::string& verb) {
        const auto answer = it.call("POST", "/api/v1/tasks/" + name + "/" + verb);
        ASSERT_EQ(answer.status, 202) << answer.body;
    }

    // A server notices only at its next heartbeat that a connection has gone.
    [[nodiscard]] bool has_dumps(const std::string& wanted) {
        auto sql = source().root();
        return wait_until([&] {
            return sql.scalar("SELECT COUNT(*) FROM information_schema.processlist WHERE command "
                              "LIKE 'Binlog Dump%'") == wanted;
        });
    }

    // The target has what the source has, as soon as it has this.
    [[nodiscard]] bool has_marker(int target, const std::string& table, int id) {
        auto sql = servers[static_cast<std::size_t>(target)].root();
        return wait_until([&] {
            return sql.scalar(fmt::format("SELECT COUNT(*) FROM {} WHERE id = {}", table, id)) ==
                   "1";
        });
    }

    [[nodiscard]] std::vector<std::string> differences(int target, object_selection selection) {
        auto from = source().root();
        auto to = servers[static_cast<std::size_t>(target)].root();
        return compare(from, to, selection);
    }

    std::vector<live_server> servers;
    scratch_directory directory{"one-to-many"};
};

INSTANTIATE_TEST_SUITE_P(by, one_to_many, testing::Bool(),
                         [](const auto& of) { return of.param ? "gtid" : "position"; });

TEST_P(one_to_many, has_one_dump_connection_and_one_relay_log) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto sql = source().root();
    sql.exec("CREATE DATABASE m; CREATE TABLE m.marker (id INT PRIMARY KEY); CREATE TABLE m.more "
             "(id INT PRIMARY KEY, v INT)");
    workload load(source(), {.writers = 2,
                             .seed = seed,
                             .survives_restarts = true,
                             .pause_microseconds = 20'000,
                             .xa = true});
    load.prepare();
    load.start();
    const fs::path data = directory.path() / "data";
    serving_daemon it(data);
    create(it, "same", 1, "include = [\"w.*\", \"m.*\"]\n");
    create(it, "renamed", 2, "include = [\"w.*\", \"m.*\"]\n[objects.rename]\n\"w\" = \"x\"\n");
    for (const std::string name : {"same", "renamed"})
        ASSERT_TRUE(it.wait_for(name, "synchronizing", 120s)) << file_text(it.output());
    EXPECT_TRUE(has_dumps("1"));
    EXPECT_TRUE(fs::is_symlink(data / "same" / "relay"));
    EXPECT_TRUE(fs::is_directory(data / ".shared" / "all" / "relay"));

    // One that comes later reads from where it comes in.
    create(it, "later", 3, "include = [\"m.*\"]\n");
    ASSERT_TRUE(it.wait_for("later", "synchronizing", 120s)) << file_text(it.output());
    sql.exec("ALTER TABLE m.more ADD COLUMN w INT DEFAULT 7, ADD KEY (v); INSERT INTO m.more (id, "
             "v) VALUES (1, 1); CREATE TABLE m.fresh (id INT PRIMARY KEY); INSERT INTO m.fresh "
             "VALUES (1); INSERT INTO m.marker VALUES (1)");
    for (int target : {1, 2, 3})
        EXPECT_TRUE(has_marker(target, "m.marker", 1)) << target << file_text(it.output());
    EXPECT_TRUE(has_dumps("1"));

    // The trouble of one is not that of the others.
    servers[2].kill_9();
    act(it, "same", "pause");
    ASSERT_TRUE(it.wait_for("same", "paused"));
    sql.exec("INSERT INTO m.marker VALUES (2); FLUSH BINARY LOGS; DROP TABLE m.fresh");
    EXPECT_TRUE(has_marker(3, "m.marker", 2)) << file_text(it.output());
    servers[2].restart();
    EXPECT_TRUE(has_marker(2, "m.marker", 2)) << file_text(it.output());
    act(it, "same", "resume");
    EXPECT_TRUE(has_marker(1, "m.marker", 2)) << file_text(it.output());
    EXPECT_TRUE(has_dumps("1"));

    // What is looked for in the relay log of a task is found.
    const auto shown = it.call("GET", "/api/v1/tasks/later/relay/history?table=m.marker&key=2");
    EXPECT_THAT(shown.body, HasSubstr(R"("table":"marker")")) << shown.status;

    it.kill_9();
    sql.exec("INSERT INTO m.marker VALUES (3)");
    it.start();
    for (int target : {1, 2, 3})
        EXPECT_TRUE(has_marker(target, "m.marker", 3)) << target << file_text(it.output());
    source().kill_9();
    source().restart();
    load.stop();
    sql = source().root();
    sql.exec("INSERT INTO m.marker VALUES (4)");
    for (int target : {1, 2, 3})
        EXPECT_TRUE(has_marker(target, "m.marker", 4)) << target << file_text(it.output());
    EXPECT_TRUE(has_dumps("1"));
    EXPECT_LT(it.terminate(), 15s);
    EXPECT_THAT(file_text(it.output()), Not(HasSubstr("relay log of its own")));

    EXPECT_THAT(differences(1, {.include = {"w.*", "m.*"}}), IsEmpty());
    EXPECT_THAT(differences(2, {.include = {"w.*", "m.*"}, .rename = {{"w", "x"}}}), IsEmpty());
    EXPECT_THAT(differences(3, {.include = {"m.*"}}), IsEmpty());
}

// Rows that no compression makes small.
void write_much(sql_client& sql, int from, int count) {
    for (int i = from; i < from + count; ++i)
        sql.exec(fmt::format("INSERT INTO m.large VALUES ({}, RANDOM_BYTES(1024), RANDOM_BYTES("
                             "1024), RANDOM_BYTES(1024), RANDOM_BYTES(1024))",
                             i));
}

TEST_P(one_to_many, keeps_what_one_that_rests_needs_as_long_as_there_is_room) {
    auto sql = source().root();
    sql.exec("CREATE DATABASE m; CREATE TABLE m.large (id INT PRIMARY KEY, a BLOB, b BLOB, c BLOB, "
             "d BLOB)");
    const std::string relay = "share = \"all\"\nage_max = \"1s\"\nsegment_bytes = \"1MiB\"\n"
                              "bytes_max = \"16MiB\"\n";
    const fs::path data = directory.path() / "data";
    serving_daemon it(data);
    create(it, "awake", 1, "include = [\"m.*\"]\n", relay);
    create(it, "resting", 2, "include = [\"m.*\"]\n", relay);
    for (const std::string name : {"awake", "resting"})
        ASSERT_TRUE(it.wait_for(name, "synchronizing")) << file_text(it.output());
    act(it, "resting", "pause");
    ASSERT_TRUE(it.wait_for("resting", "paused"));

    // Less than there is room for: kept, over a crash as well.
    write_much(sql, 0, 1500);
    EXPECT_TRUE(has_marker(1, "m.large", 1499));
    std::this_thread::sleep_for(3s);
    it.kill_9();
    it.start();
    ASSERT_TRUE(it.wait_for("awake", "synchronizing"));
    std::this_thread::sleep_for(2s);
    act(it, "resting", "resume");
    EXPECT_TRUE(has_marker(2, "m.large", 1499)) << file_text(it.output());
    EXPECT_TRUE(has_dumps("1"));
    EXPECT_THAT(file_text(it.output()), Not(HasSubstr("relay log of its own")));

    // More: it is given up, and goes on with a relay log of its own.
    act(it, "resting", "pause");
    ASSERT_TRUE(it.wait_for("resting", "paused"));
    write_much(sql, 1500, 6000);
    EXPECT_TRUE(has_marker(1, "m.large", 7499));
    std::this_thread::sleep_for(3s);
    EXPECT_FALSE(fs::exists(data / ".shared" / "all" / "needs" / "resting"));
    act(it, "resting", "resume");
    EXPECT_TRUE(has_marker(2, "m.large", 7499)) << file_text(it.output());
    EXPECT_TRUE(has_dumps("2"));
    EXPECT_THAT(file_text(it.output()), HasSubstr("relay log of its own"));
    EXPECT_FALSE(fs::is_symlink(data / "resting" / "relay"));

    // Until it is started again.
    act(it, "resting", "pause");
    ASSERT_TRUE(it.wait_for("resting", "paused"));
    act(it, "resting", "resume");
    sql.exec("INSERT INTO m.large (id) VALUES (8000)");
    EXPECT_TRUE(has_marker(2, "m.large", 8000)) << file_text(it.output());
    EXPECT_TRUE(has_dumps("1"));

    for (const std::string name : {"awake", "resting"}) {
        act(it, name, "stop");
        ASSERT_TRUE(it.wait_for(name, "finished"));
        EXPECT_EQ(it.call("DELETE", "/api/v1/tasks/" + name).status, 200);
    }
    EXPECT_TRUE(has_dumps("0"));
    EXPECT_FALSE(fs::exists(data / ".shared" / "all"));
    for (int target : {1, 2})
        EXPECT_THAT(differences(target, {.include = {"m.*"}}), IsEmpty());
}

} // namespace
} // namespace understudy::test
