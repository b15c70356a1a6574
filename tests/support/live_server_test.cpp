#include "tests/support/live_server.hpp"

#include "tests/support/native_replica.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/sysbench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(live_server, runs_every_kind_side_by_side) {
    std::vector<live_server> servers = live_server::start_all(
        {{server_kind::mysql_97}, {server_kind::mysql_56}, {server_kind::mariadb_1011}});
    EXPECT_THAT(servers[0].root().scalar("SELECT VERSION()"), StartsWith("9.7."));
    EXPECT_THAT(servers[1].root().scalar("SELECT VERSION()"), StartsWith("5.6."));
    EXPECT_THAT(servers[2].root().scalar("SELECT VERSION()"), StartsWith("10.11."));
    for (const live_server& server : servers) {
        sql_client root = server.root();
        EXPECT_EQ(root.scalar("SELECT @@log_bin"), "1");
        EXPECT_EQ(root.scalar("SELECT @@binlog_format"), "ROW");
        EXPECT_EQ(root.scalar("SELECT @@sync_binlog"), "1");
        EXPECT_EQ(root.scalar("SELECT @@port"), std::to_string(server.port()));
        root.exec("CREATE USER u@'%' IDENTIFIED BY 'secret'");
        sql_client over_tcp(server.endpoint("u", "secret"));
        EXPECT_THAT(over_tcp.scalar("SELECT CURRENT_USER()"), StartsWith("u@"));
        EXPECT_THROW(sql_client(server.endpoint("u", "wrong")), sql_error);
    }
}

TEST(live_server, keeps_what_was_committed_before_it_was_killed) {
    live_server server = live_server::start(server_kind::mysql_97);
    server.root().exec("CREATE DATABASE a; CREATE TABLE a.t (id INT PRIMARY KEY);"
                       "INSERT INTO a.t VALUES (7)");
    const auto port = server.port();
    const std::string uuid = server.root().scalar("SELECT @@server_uuid");
    server.kill_9();
    EXPECT_THROW((void)server.root(), sql_error);
    server.restart();
    EXPECT_EQ(server.port(), port);
    EXPECT_EQ(server.root().scalar("SELECT @@server_uuid"), uuid);
    EXPECT_EQ(server.root().scalar("SELECT id FROM a.t"), "7");
}

TEST(live_server, proves_its_name_with_a_certificate_of_its_own_authority) {
    live_server server = live_server::start(server_kind::mysql_97, {.tls = true});
    server.root().exec("CREATE USER u@'%' IDENTIFIED BY 'secret' REQUIRE SSL");
    sql_endpoint endpoint = server.endpoint("u", "secret");
    endpoint.tls_ca = server.authority().ca_file();
    EXPECT_NE(sql_client(endpoint).query("SHOW STATUS LIKE 'Ssl_cipher'").at(0).at(1), "");
    const scratch_directory elsewhere("ca");
    endpoint.tls_ca = certificate_authority(elsewhere.path()).ca_file();
    EXPECT_THROW(sql_client{endpoint}, sql_error);
}

// Not a test by itself: the next one runs it as a process of its own and kills that.
TEST(live_server, DISABLED_runs_until_killed) {
    const live_server server = live_server::start(server_kind::mysql_97);
    std::cout << "server " << server.pid() << " "
              << server.data_dir().parent_path().parent_path().string() << std::endl;
    for (;;)
        ::pause();
}

TEST(live_server, is_gone_with_its_data_after_the_test_process_was_killed) {
    const scratch_directory scratch("output");
    const std::filesystem::path output = scratch.path() / "output";
    child_process test_process =
        child_process::start({.argv = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                       "--gtest_filter=live_server.DISABLED_runs_until_killed"},
                              .environment = {},
                              .output_file = output,
                              .error_file = output});
    pid_t server = 0;
    std::string directory;
    const auto within = [](std::chrono::seconds time, const std::function<bool()>& holds) {
        const auto deadline = std::chrono::steady_clock::now() + time;
        while (!holds() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(50ms);
        }
        return holds();
    };
    ASSERT_TRUE(within(60s, [&] {
        const std::string text = file_text(output);
        std::istringstream said(text.substr(std::min(text.find("server "), text.size())));
        std::string word;
        return text.ends_with('\n') && (said >> word >> server >> directory);
    })) << file_text(output);
    ASSERT_TRUE(std::filesystem::exists(directory));
    ASSERT_EQ(::kill(server, 0), 0);

    test_process.kill(SIGKILL);
    ASSERT_TRUE(test_process.wait(10s));
    EXPECT_TRUE(within(20s, [&] { return ::kill(server, 0) != 0; }));
    EXPECT_TRUE(within(20s, [&] { return !std::filesystem::exists(directory); }));
}

TEST(native_replica, equals_its_source_after_a_load) {
    for (const bool gtid : {true, false}) {
        SCOPED_TRACE(gtid ? "with GTIDs" : "by file and position");
        std::vector<live_server> servers = live_server::start_all(
            {{server_kind::mysql_97, {.gtid = gtid}}, {server_kind::mysql_97, {.gtid = gtid}}});
        make_native_replica(servers[1], servers[0]);
        sysbench load(servers[0], {.tables = 2, .rows = 200});
        load.prepare();
        load.start(60s);
        std::this_thread::sleep_for(1s);
        EXPECT_TRUE(load.running());
        load.stop();
        load.run_transactions(200);
        wait_until_caught_up(servers[1], servers[0], 60s);
        sql_client source = servers[0].root();
        sql_client target = servers[1].root();
        EXPECT_THAT(compare(source, target, {.include = {"sbtest.*"}}), IsEmpty());
    }
}

TEST(source_and_target, lets_the_program_s_accounts_in_and_writes_a_task_file) {
    for (const server_kind source :
         {server_kind::mysql_97, server_kind::mysql_56, server_kind::mariadb_1011}) {
        SCOPED_TRACE(to_string(source));
        source_and_target pair(source, server_kind::mysql_97,
                               {.objects = {.include = {"shop.*"}, .rename = {{"shop", "dw"}}}});
        EXPECT_FALSE(sql_client(pair.source_account()).query("SHOW BINARY LOGS").empty());
        EXPECT_NO_THROW(sql_client(pair.target_account()).exec("CREATE DATABASE x"));
        EXPECT_NE(file_text(pair.task_file()).find("rename = { \"shop\" = \"dw\" }"),
                  std::string::npos);
    }
}

} // namespace
} // namespace understudy::test
