// What people try on an API, on the daemon with its real tasks and files.

#include "tests/live/serving_daemon.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/wait_until.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace understudy::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char* viewer = "the-token-of-the-viewer";
constexpr const char* operator_ = "the-token-of-the-operator";

class serve_attempts : public testing::Test {
protected:
    serve_attempts() {
        std::ofstream(tokens) << "viewer vera " << viewer << "\noperator otto " << operator_
                              << "\n";
        // What must not be reached from inside the data directory.
        std::ofstream(directory.path() / "task.log") << "outside\n";
        std::ofstream(directory.path() / "task.toml") << "outside = 1\n";
    }

    static std::string definition(const std::string& name) {
        return fmt::format("name = \"{}\"\n[source]\nhost = \"127.0.0.1\"\nport = 1\nuser = \"u\"\n"
                           "password = \"hidden-word\"\n[target]\nhost = \"127.0.0.1\"\nport = 1\n"
                           "user = \"u\"\npassword = \"hidden-word\"\n[objects]\n"
                           "include = [\"a.*\"]\n",
                           name);
    }
    static http_reply create(serving_daemon& it, const std::string& toml,
                             const std::string& token = operator_) {
        return ask(it.port(), "POST", "/api/v1/tasks", token,
                   boost::json::serialize(boost::json::object{{"toml", toml}}));
    }
    static std::vector<std::string> entries(const fs::path& of) {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(of))
            names.push_back(entry.path().filename());
        std::ranges::sort(names);
        return names;
    }

    scratch_directory directory{"serve_attempts"};
    fs::path data = directory.path() / "data";
    fs::path tokens = directory.path() / "tokens";
};

} // namespace

TEST_F(serve_attempts, paths_lead_to_no_file_but_the_tasks_own) {
    serving_daemon it(data, {"--tokens", tokens});
    ASSERT_EQ(create(it, definition("good")).status, 201);
    const auto before = entries(directory.path());
    for (const char* name : {"..", ".", "%2e%2e", "..%2f..", "good%2f..", "%2fetc", "good%00",
                             "..%5c..", "good%2f", "%2e%2e%2fdata%2fgood"}) {
        for (const char* rest : {"", "/log", "/definition", "/relay/stat"}) {
            const std::string path = std::string("/api/v1/tasks/") + name + rest;
            for (const char* method : {"GET", "DELETE"}) {
                const auto reply = ask(it.port(), method, path, operator_);
                EXPECT_THAT(reply.status, AnyOf(400, 404, 405, 422)) << method << " " << path;
                EXPECT_THAT(reply.body, Not(HasSubstr("outside"))) << path;
            }
        }
        EXPECT_THAT(ask(it.port(), "PUT", std::string("/api/v1/tasks/") + name, operator_,
                        boost::json::serialize(boost::json::object{{"toml", definition("good")}}))
                        .status,
                    AnyOf(400, 404, 422))
            << name;
    }
    for (const char* name : {"..", ".", "", "../x", "a/b", "/tmp/x", "a\\u0000b", "serve.lock"}) {
        const auto reply = create(it, definition(name));
        EXPECT_EQ(reply.status, 422) << name << reply.body;
    }
    EXPECT_EQ(entries(directory.path()), before);
    EXPECT_EQ(it.call("GET", "/api/v1/tasks/good").status, 200);
}

TEST_F(serve_attempts, a_viewer_and_a_stranger_change_nothing) {
    serving_daemon it(data, {"--tokens", tokens});
    ASSERT_EQ(create(it, definition("good")).status, 201);
    for (const auto& [token, refusal] :
         {std::pair{viewer, 403}, std::pair{"", 401}, std::pair{"a-token-of-nobody-here", 401}}) {
        EXPECT_EQ(create(it, definition("other"), token).status, refusal);
        for (const char* verb : {"start", "pause", "resume", "stop", "precheck", "quarantine",
                                 "quarantine/resume", "quarantine/reload"})
            EXPECT_EQ(ask(it.port(), "POST", std::string("/api/v1/tasks/good/") + verb, token, "{}")
                          .status,
                      refusal)
                << verb;
        EXPECT_EQ(ask(it.port(), "DELETE", "/api/v1/tasks/good", token).status, refusal);
        EXPECT_EQ(ask(it.port(), "GET", "/api/v1/tasks/good/definition", token).status, refusal);
        EXPECT_EQ(ask(it.port(), "POST", "/api/v1/test-connection", token, "{}").status, refusal);
    }
    EXPECT_EQ(it.state("good"), "not started");
    EXPECT_EQ(it.get("/api/v1/tasks").at("tasks").as_array().size(), 1U);
    const std::string audit = file_text(data / "audit.log");
    EXPECT_THAT(audit, HasSubstr(R"("who":"vera","role":"viewer","method":"DELETE")"));
    EXPECT_THAT(audit, Not(HasSubstr("hidden-word")));
}

TEST_F(serve_attempts, bodies_that_nest_without_end_are_refused) {
    serving_daemon it(data, {"--tokens", tokens});
    const auto repeat = [](const std::string& what, std::size_t count) {
        std::string made;
        for (std::size_t i = 0; i < count; ++i)
            made += what;
        return made;
    };
    constexpr std::size_t many = 200'000;
    for (const std::string& toml :
         {"a = " + repeat("[", many), "a = " + repeat("{a=", many), repeat("a.", many) + "a = 1",
          "[" + repeat("a.", many) + "a]", "[[" + repeat("a.", many) + "a]]",
          "a = {" + repeat("a.", many) + "a = 1}", repeat("[a]\n", many)}) {
        EXPECT_EQ(create(it, toml).status, 422) << toml.substr(0, 10);
        EXPECT_EQ(ask(it.port(), "POST", "/api/v1/precheck", operator_,
                      boost::json::serialize(boost::json::object{{"toml", toml}}))
                      .status,
                  422);
    }
    for (const std::string& json :
         {repeat("[", many), repeat(R"({"a":)", many), R"({"definition":)" + repeat("[", many)})
        EXPECT_EQ(ask(it.port(), "POST", "/api/v1/tasks", operator_, json).status, 400);
    EXPECT_EQ(it.call("GET", "/healthz").status, 200);
}

TEST_F(serve_attempts, a_thousand_connections_take_its_api_for_a_moment_only) {
    serving_daemon it(data, {"--tokens", tokens});
    {
        std::vector<http_conversation> idle;
        for (int i = 0; i < 1'000; ++i)
            idle.emplace_back(it.port());
        // One peer has 128 of them; the others are closed by now or soon.
        EXPECT_TRUE(wait_until(
            [&] {
                return std::ranges::count_if(
                           idle, [](auto& one) { return one.is_closed_within(2ms); }) >= 872;
            },
            10s));
        EXPECT_TRUE(wait_until([&] { return it.call("GET", "/healthz").status == 200; }, 1s))
            << "those that ask nothing give way";
    }
    EXPECT_TRUE(wait_until([&] { return it.call("GET", "/healthz").status == 200; }, 5s));
    const fs::directory_iterator open(fmt::format("/proc/{}/fd", it.process().pid()));
    EXPECT_LT(std::ranges::distance(open), 100) << "none of them is still there";
}

} // namespace understudy::test
