#include "tests/apps/http_receiver.hpp"
#include "tests/live/serving_daemon.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/wait_until.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace understudy::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

class serve_webhook : public testing::Test {
protected:
    serve_webhook() { write_token("first-token"); }

    void write_token(const std::string& token) { std::ofstream(token_file) << token << "\r\n"; }
    [[nodiscard]] std::vector<std::string> options(const http_receiver& to,
                                                   const std::string& scheme = "https") const {
        return {"--webhook", fmt::format("{}://127.0.0.1:{}/secret-path", scheme, to.port()),
                "--webhook-token", token_file};
    }
    [[nodiscard]] std::vector<std::string> environment() const {
        return {"SSL_CERT_FILE=" + authority.ca_file().string()};
    }
    // A task whose servers nobody has started: its states change all the same.
    static void change_something(serving_daemon& it, const std::string& task) {
        const std::string definition =
            fmt::format("name = \"{}\"\n[source]\nhost = \"127.0.0.1\"\nport = 1\nuser = \"u\"\n"
                        "password = \"p\"\n[target]\nhost = \"127.0.0.1\"\nport = 1\nuser = \"u\"\n"
                        "password = \"p\"\n[objects]\ninclude = [\"a.*\"]\n",
                        task);
        const boost::json::object body{{"toml", definition}};
        const auto made = it.call("POST", "/api/v1/tasks", boost::json::serialize(body));
        ASSERT_EQ(made.status, 201) << made.body;
        ASSERT_EQ(it.call("POST", "/api/v1/tasks/" + task + "/start").status, 202);
    }
    static bool is_told(const http_receiver& to, const std::string& of) {
        return wait_until(
            [&] {
                const auto told = to.all();
                return std::ranges::any_of(told, [&](const http_receiver::told& one) {
                    return one.body.find(of) != std::string::npos;
                });
            },
            20s);
    }
    static bool says(serving_daemon& it, const std::string& text) {
        return wait_until([&] { return file_text(it.output()).find(text) != std::string::npos; },
                          20s);
    }

    scratch_directory directory{"serve_webhook"};
    certificate_authority authority{directory.path() / "authority"};
    fs::path data = directory.path() / "data";
    fs::path token_file = directory.path() / "webhook-token";
};

} // namespace

TEST_F(serve_webhook, is_told_over_tls_with_the_token_of_now) {
    const http_receiver to({}, authority.issue({.addresses = {"127.0.0.1"}}));
    serving_daemon it(data, options(to), environment());
    change_something(it, "one");
    ASSERT_TRUE(is_told(to, "\"task\":\"one\"")) << file_text(it.output());
    EXPECT_THAT(to.all().front().head, HasSubstr("Authorization: Bearer first-token\r\n"));

    write_token("second-token");
    it.process().kill(SIGHUP);
    ASSERT_TRUE(says(it, "reloaded"));
    change_something(it, "two");
    ASSERT_TRUE(is_told(to, "\"task\":\"two\"")) << file_text(it.output());
    EXPECT_THAT(to.all().back().head, HasSubstr("Authorization: Bearer second-token\r\n"));

    fs::remove(token_file);
    it.process().kill(SIGHUP);
    ASSERT_TRUE(says(it, "not reloaded, all is as before: " + token_file.string()));
    EXPECT_EQ(file_text(it.output()).find("-token\n"), std::string::npos);
}

TEST_F(serve_webhook, is_not_told_when_it_is_another) {
    const http_receiver to({}, authority.issue({.names = {"hooks.example"}}));
    serving_daemon it(data, options(to), environment());
    change_something(it, "one");
    EXPECT_TRUE(says(it, fmt::format("the webhook does not take a change: 127.0.0.1:{}: its "
                                     "certificate is refused: IP address mismatch",
                                     to.port())))
        << file_text(it.output());
    EXPECT_EQ(to.count(), 0U);
}

TEST_F(serve_webhook, gives_away_neither_token_nor_path) {
    const http_receiver to(std::vector<int>(100, 500));
    serving_daemon it(data, options(to, "http"));
    change_something(it, "one");
    ASSERT_TRUE(says(it, "status 500"));
    std::string all = file_text(it.output()) + file_text(data / "audit.log") +
                      file_text(data / "one/task.log") + file_text(data / "serve.json");
    for (const char* path : {"/api/v1/tasks", "/api/v1/tasks/one", "/api/v1/tasks/one/log",
                             "/metrics", "/api/v1/version"})
        all += it.call("GET", path).body;
    EXPECT_THAT(all, AllOf(Not(HasSubstr("first-token")), Not(HasSubstr("secret-path"))));
    const std::string process = fmt::format("/proc/{}/", it.process().pid());
    EXPECT_THAT(file_text(process + "cmdline") + file_text(process + "environ"),
                Not(HasSubstr("first-token")));
}

TEST_F(serve_webhook, that_is_silent_does_not_hold_up_the_end) {
    const http_receiver to({0});
    serving_daemon it(data, options(to, "http"));
    change_something(it, "one");
    ASSERT_TRUE(is_told(to, "one"));
    EXPECT_LT(it.terminate(), 5s);
}

TEST_F(serve_webhook, with_a_password_in_its_url_is_refused_without_saying_it) {
    const auto refusal = [this](const std::vector<std::string>& more) {
        std::vector<std::string> argv{UNDERSTUDY_PROGRAM, "serve",      "--data-dir", data,
                                      "--listen",         "127.0.0.1:0"};
        argv.insert(argv.end(), more.begin(), more.end());
        const auto ended = run_to_end({.argv = std::move(argv), .environment = {}}, 20s);
        EXPECT_NE(ended.status.code, 0);
        return ended.error;
    };
    EXPECT_THAT(refusal({"--webhook", "https://me:hidden@hooks.example/"}),
                AllOf(HasSubstr("--webhook-token"), Not(HasSubstr("hidden"))));
    const std::string good = "https://hooks.example/";
    for (const char* bad : {"\n", "", "two words\n", "\x01\n"}) {
        std::ofstream(token_file) << bad;
        EXPECT_THAT(refusal({"--webhook", good, "--webhook-token", token_file}),
                    HasSubstr(token_file.string() + ": the first line is no token"));
    }
    EXPECT_THAT(refusal({"--webhook", good, "--webhook-token", directory.path() / "none"}),
                HasSubstr("none: cannot open: No such file"));
}

} // namespace understudy::test
