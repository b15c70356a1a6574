// The console's files as the server gives them out; what they do is tests/console's.

#include "api/server.hpp"
#include "tests/api/fake_service.hpp"
#include "tests/api/http_conversation.hpp"
#include "tests/support/scratch_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace understudy::test {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

namespace {

class console_fixture : public testing::Test {
protected:
    console_fixture() {
        api::server_options options;
        options.port = 0;
        options.audit_file = directory.path() / "audit.log";
        auto started = api::server::start(service, std::move(options));
        if (!started) throw std::runtime_error(started.error().what);
        server = *std::move(started);
    }
    // With a type that openapi.json says.
    void described(const std::string& head) {
        static const json::value document = json::parse(get("/openapi.json").body);
        const auto& types =
            document.at("paths").at("/console/{name}").at_pointer("/get/responses/200/content");
        EXPECT_TRUE(std::ranges::any_of(types.as_object(), [&](const auto& type) {
            return head.contains("Content-Type: " + std::string(type.key()));
        })) << head;
    }
    http_reply get(const std::string& path) { return ask(server->port(), "GET", path); }

    scratch_directory directory{"console"};
    fake_service service;
    std::unique_ptr<api::server> server;
};

// What a page or a module loads, as paths of the server.
std::vector<std::string> loaded_by(const std::string& text) {
    static const std::regex reference(R"re((?:href="/|src="/|from "\./)([a-z_./]+)")re");
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), reference), end; at != end; ++at) {
        const std::string name = (*at)[1];
        found.push_back(name.starts_with("console/") ? "/" + name : "/console/" + name);
    }
    return found;
}

} // namespace

TEST_F(console_fixture, all_that_it_loads_is_there_and_of_its_own) {
    std::vector<std::string> waiting = loaded_by(get("/").body);
    std::set<std::string> seen;
    while (!waiting.empty()) {
        const std::string path = waiting.back();
        waiting.pop_back();
        if (!seen.insert(path).second) continue;
        SCOPED_TRACE(path);
        const auto file = get(path);
        ASSERT_EQ(file.status, 200);
        described(file.head);
        const bool script = path.ends_with(".js");
        if (script) EXPECT_THAT(file.head, HasSubstr("Content-Type: text/javascript"));
        if (path.ends_with(".css")) EXPECT_THAT(file.head, HasSubstr("Content-Type: text/css"));
        if (!script || path == "/console/uplot.js") continue;
        EXPECT_THAT(file.body, Not(HasSubstr("://")));
        EXPECT_THAT(file.body, Not(HasSubstr("innerHTML")));
        for (const std::string& one : loaded_by(file.body))
            waiting.push_back(one);
    }
    for (const char* needed : {"/console/uplot.js", "/console/uplot.css", "/console/app.js",
                               "/console/wizard_steps.js", "/console/relay_changes.js"})
        EXPECT_TRUE(seen.contains(needed)) << needed;
    EXPECT_THAT(get("/console/uplot-license.txt").body, HasSubstr("The MIT License"));
}

TEST_F(console_fixture, nothing_else_may_run_in_it) {
    const auto page = get("/");
    const auto at = page.head.find("Content-Security-Policy: ");
    ASSERT_NE(at, std::string::npos);
    const std::string policy = page.head.substr(at, page.head.find('\r', at) - at);
    for (const char* rule :
         {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
          "frame-ancestors 'none'", "require-trusted-types-for 'script'"})
        EXPECT_THAT(policy, HasSubstr(rule));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_THAT(page.body, Not(HasSubstr("style=")));
    EXPECT_THAT(page.body, Not(HasSubstr("<script>")));
}

} // namespace understudy::test
