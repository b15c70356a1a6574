#include "apps/daemon_files.hpp"
#include "apps/definition_rules.hpp"
#include "apps/relay_search.hpp"
#include "apps/serve_errc.hpp"
#include "apps/service_manager.hpp"
#include "apps/task_limits.hpp"
#include "apps/task_log.hpp"
#include "state/errc.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace understudy::apps {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(definition_rules, an_operator_reaches_no_file_and_no_command_of_the_daemon) {
    const test::scratch_directory directory("rules");
    const auto credentials = directory.path() / "credentials";
    std::filesystem::create_directories(credentials);
    std::filesystem::create_symlink("/etc/passwd", credentials / "link");
    const api::caller alice{api::role::operator_, "alice"};
    const api::caller owner{api::role::owner, "me"};
    const auto given = [](const std::string& toml, const std::string& origin = {}) {
        return api::given_definition{.toml = toml, .object = {}, .origin = origin};
    };
    const std::string inside = (credentials / "word").string();
    for (const std::string& good :
         {std::string("source.password = \"x\""), "source.password_file = \"" + inside + "\"",
          "source.tls.ca = \"" + inside + "\"",
          std::string("objects.rename = { \"password_env\" = \"key\" }")})
        EXPECT_TRUE(permitted_definition(alice, given(good), credentials)) << good;
    for (const std::string& bad :
         {std::string("source.password_file = \"/etc/shadow\""),
          std::string("source.password_file = \"word\""),
          "source.password_file = \"" + inside + "/../../x\"",
          "source.password_file = \"" + (credentials / "link").string() + "\"",
          "target.tls.key = \"" + (directory.path() / "x").string() + "\"",
          std::string("target.password_env = \"HOME\""),
          std::string("target.password_command = [\"id\"]"),
          std::string("relay.encryption.key_file = \"/k\""),
          std::string("relay.encryption.key_env = \"K\""),
          std::string("source.socket = \"/run/mysqld/mysqld.sock\"")}) {
        const auto refused = permitted_definition(alice, given(bad), credentials);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, serve_errc::not_allowed) << bad;
        EXPECT_TRUE(permitted_definition(owner, given(bad), credentials)) << bad;
    }
    EXPECT_FALSE(permitted_definition(alice, given("name = \"x\"", "/etc/x.toml"), credentials));
}

TEST(task_limits, refuse_the_one_too_many_and_say_which_limit) {
    const task_needs one{.memory_bytes = 100, .connections = 8, .relay_bytes = 1'000};
    const std::vector<task_needs> two{one, one};
    EXPECT_EQ(refuse({.tasks = 3, .memory_bytes = 300, .connections = 24, .relay_bytes = 3'000},
                     two, one),
              std::nullopt);
    EXPECT_THAT(refuse({.tasks = 2}, two, one).value(), HasSubstr("--tasks-max"));
    EXPECT_THAT(refuse({.memory_bytes = 299}, two, one).value(), HasSubstr("--memory-max"));
    EXPECT_THAT(refuse({.connections = 23}, two, one).value(), HasSubstr("--connections-max"));
    EXPECT_THAT(refuse({.relay_bytes = 2'999}, two, one).value(), HasSubstr("--relay-max"));
    EXPECT_THAT(refuse({.relay_bytes = 2'999}, {}, {}).value(), HasSubstr("relay.bytes_max"));
    EXPECT_EQ(refuse({.tasks = 0}, two, one), std::nullopt);
}

TEST(task_limits, count_a_shared_relay_log_once) {
    const auto sharing = [](std::string share) {
        return task_needs{.memory_bytes = 100,
                          .connections = 8,
                          .relay_bytes = 1'000,
                          .share = std::move(share),
                          .share_memory_bytes = 60};
    };
    const std::vector<task_needs> running{sharing("a"), sharing("a"), sharing("b")};
    // 100 + 40 of "a", 100 of "b".
    EXPECT_EQ(refuse({.memory_bytes = 280, .relay_bytes = 2'000}, running, sharing("b")),
              std::nullopt);
    EXPECT_TRUE(refuse({.memory_bytes = 279}, running, sharing("b")));
    EXPECT_TRUE(refuse({.memory_bytes = 280}, running, sharing("c")));
    EXPECT_THAT(refuse({.relay_bytes = 2'999}, running, sharing("c")).value(),
                HasSubstr("--relay-max"));
    EXPECT_TRUE(refuse({.connections = 31}, running, sharing("a")));
}

TEST(daemon_files, one_daemon_for_one_directory) {
    const test::scratch_directory directory("files");
    const auto data = directory.path() / "data";
    EXPECT_EQ(daemon_files::find(data).value(), std::nullopt);
    {
        const auto first = daemon_files::open(data);
        ASSERT_TRUE(first) << first.error().what;
        const auto second = daemon_files::open(data);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, state::errc::already_running);
        EXPECT_THAT(second.error().what, HasSubstr(std::to_string(::getpid())));
        ASSERT_TRUE((*first)->announce("http://127.0.0.1:1", {}));
        const auto found = daemon_files::find(data).value();
        ASSERT_TRUE(found);
        EXPECT_EQ(found->url, "http://127.0.0.1:1");
        EXPECT_EQ(found->token, (*first)->token());
        EXPECT_EQ(found->token.size(), 64U);
        EXPECT_EQ(found->certificate, "");
        ASSERT_TRUE((*first)->announce("https://127.0.0.1:1", "the certificate"));
        const auto again = daemon_files::find(data).value();
        ASSERT_TRUE(again);
        EXPECT_EQ(test::file_text(again->certificate), "the certificate");
    }
    EXPECT_EQ(daemon_files::find(data).value(), std::nullopt);
    EXPECT_FALSE(std::filesystem::exists(data / "api-token"));
    EXPECT_FALSE(std::filesystem::exists(data / "api-certificate.pem"));
}

TEST(task_log, keeps_the_last_lines_and_bounded_files) {
    const test::scratch_directory directory("log");
    std::filesystem::create_directories(directory.path() / "shop");
    task_log log(directory.path(), true, 10'000);
    testing::internal::CaptureStderr();
    for (int i = 0; i < 30; ++i)
        log.write(log_level::info, "shop", "binlog.000001:4", std::string(900, 'x'));
    log.write(log_level::error, "shop", "", "the \"last\"\nline");
    std::ignore = testing::internal::GetCapturedStderr();
    const auto text = read_task_log(directory.path() / "shop", 2);
    ASSERT_TRUE(text);
    const auto lines = boost::json::parse(*text).at("lines").as_array();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines.back().at("message").as_string(), "the \"last\"\nline");
    EXPECT_EQ(lines.back().at("level").as_string(), "error");
    for (const char* name : {"shop/task.log", "shop/task.log.1"})
        EXPECT_LE(std::filesystem::file_size(directory.path() / name), 10'000U);
}

TEST(relay_search, takes_no_option_for_a_value) {
    const auto why = [](const std::string& command, std::map<std::string, std::string> arguments) {
        const auto done = search_relay({.program = "/bin/false",
                                        .task_directory = "/none",
                                        .key_file = {},
                                        .command = command,
                                        .arguments = std::move(arguments)});
        return done ? std::string("done") : done.error().what;
    };
    EXPECT_THAT(why("verify", {}), HasSubstr("show, history and stat"));
    EXPECT_THAT(why("show", {{"follow", "true"}}), HasSubstr("unknown parameter"));
    EXPECT_THAT(why("show", {{"output", "/etc/x"}}), HasSubstr("unknown parameter"));
    EXPECT_THAT(why("stat", {{"where", "id = 1"}}), HasSubstr("unknown parameter"));
    EXPECT_THAT(why("show", {{"limit", "-1"}}), HasSubstr("limit"));
    EXPECT_THAT(why("history", {{"table", "a.b"}}), HasSubstr("key"));
    EXPECT_THAT(why("show", {}), HasSubstr("without a word")) << "/bin/false was run";
}

TEST(service_manager, says_what_systemd_wants_to_hear) {
    const test::scratch_directory directory("notify");
    const std::string path = (directory.path() / "n").string();
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof(at.sun_path) - 1);
    const void* address = &at;
    ASSERT_EQ(::bind(socket, static_cast<const sockaddr*>(address), sizeof(at)), 0);
    const auto heard = [socket] {
        std::array<char, 512> buffer{};
        const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
        return std::string(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    };
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    service_manager manager;
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    EXPECT_EQ(manager.watchdog_interval(), 15s);
    manager.ready("3 tasks");
    EXPECT_EQ(heard(), "READY=1\nSTATUS=3 tasks\n");
    manager.alive();
    EXPECT_EQ(heard(), "WATCHDOG=1\n");
    manager.reloading();
    EXPECT_THAT(heard(), testing::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    manager.stopping();
    EXPECT_EQ(heard(), "STOPPING=1\n");
    ::close(socket);
    service_manager nobody;
    nobody.ready("x");
    EXPECT_EQ(nobody.watchdog_interval(), std::nullopt);
}

} // namespace understudy::apps
