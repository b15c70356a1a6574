#include "api/router.hpp"
#include "api/server.hpp"
#include "tests/api/fake_service.hpp"
#include "tests/api/http_conversation.hpp"
#include "tests/api/schema_check.hpp"
#include "tests/support/scratch_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace understudy::test {

namespace json = boost::json;
using testing::IsEmpty;

namespace {

constexpr std::string_view token = "the-token-of-the-owner";

class openapi_fixture : public testing::Test {
protected:
    openapi_fixture() {
        api::server_options options;
        options.port = 0;
        options.tokens.add(api::role::owner, "me", token);
        options.version = "1.2";
        options.audit_file = directory.path() / "audit.log";
        auto started = api::server::start(service, std::move(options));
        if (!started) throw std::runtime_error(started.error().what);
        server = *std::move(started);
        const auto reply = ask(server->port(), "GET", "/openapi.json");
        document = json::parse(reply.body);
    }

    scratch_directory directory{"openapi"};
    fake_service service;
    std::unique_ptr<api::server> server;
    json::value document;
};

std::string upper(std::string_view text) {
    std::string made;
    for (const char c : text)
        made += static_cast<char>(c - 'a' + 'A');
    return made;
}

std::string concrete(std::string path, const std::string& task) {
    if (const auto at = path.find("{task}"); at != std::string::npos) path.replace(at, 6, task);
    if (const auto at = path.find("{name}"); at != std::string::npos)
        path.replace(at, 6, path.starts_with("/console") ? "index.html" : "show");
    return path;
}

// The least that each body needs.
std::string body_for(const json::object& operation) {
    if (!operation.contains("requestBody")) return {};
    const std::string ref(operation.at("requestBody")
                              .at_pointer("/content/application~1json/schema/$ref")
                              .as_string());
    if (ref.ends_with("/DefinitionBody")) return R"({"toml":"name = \"x\""})";
    if (ref.ends_with("/TableBody")) return R"({"table":"shop.orders"})";
    if (ref.ends_with("/EndpointBody")) return R"({"endpoint":{"host":"a"}})";
    return "{}";
}

} // namespace

TEST_F(openapi_fixture, has_each_route_with_its_role_and_no_other) {
    std::set<std::string> of_router;
    for (const auto& one : api::router::routes())
        of_router.insert(std::string(one.method) + " " + std::string(one.pattern) + " " +
                         std::string(api::to_string(one.needed)));
    std::set<std::string> of_document;
    for (const auto& path : document.at("paths").as_object()) {
        for (const auto& operation : path.value().as_object())
            of_document.insert(upper(operation.key()) + " " + std::string(path.key()) + " " +
                               std::string(operation.value().at("x-role").as_string()));
    }
    EXPECT_EQ(of_router, of_document);
}

TEST_F(openapi_fixture, names_each_parameter_of_its_paths) {
    for (const auto& path : document.at("paths").as_object()) {
        std::set<std::string> wanted;
        std::string_view rest = path.key();
        for (auto at = rest.find('{'); at != std::string_view::npos; at = rest.find('{')) {
            const auto end = rest.find('}');
            wanted.insert(std::string(rest.substr(at + 1, end - at - 1)));
            rest.remove_prefix(end + 1);
        }
        for (const auto& operation : path.value().as_object()) {
            std::set<std::string> named;
            const auto* parameters = operation.value().as_object().if_contains("parameters");
            if (parameters != nullptr) {
                for (const json::value& one : parameters->as_array()) {
                    if (one.at("in").as_string() == "path")
                        named.insert(std::string(one.at("name").as_string()));
                }
            }
            EXPECT_EQ(named, wanted) << path.key();
        }
    }
}

TEST_F(openapi_fixture, answers_are_as_the_document_says) {
    int checked = 0;
    for (const auto& path : document.at("paths").as_object()) {
        for (const auto& entry : path.value().as_object()) {
            const json::object& operation = entry.value().as_object();
            const std::string method = upper(entry.key());
            const std::string at = concrete(path.key(), "shop");
            SCOPED_TRACE(method + " " + at);
            if (at == "/api/v1/events") continue; // server_test
            const auto reply = ask(server->port(), method, at, token, body_for(operation));
            const auto* described =
                operation.at("responses").as_object().if_contains(std::to_string(reply.status));
            ASSERT_NE(described, nullptr) << reply.status << " " << reply.body;
            EXPECT_LT(reply.status, 300) << reply.body;
            bool is_described = false;
            for (const auto& content : described->at("content").as_object()) {
                if (!reply.head.contains("Content-Type: " + std::string(content.key()))) continue;
                is_described = true;
                if (content.key() != "application/json") continue;
                EXPECT_THAT(
                    differences(document, content.value().at("schema"), json::parse(reply.body)),
                    IsEmpty());
                ++checked;
            }
            EXPECT_TRUE(is_described) << reply.head;
        }
    }
    EXPECT_GT(checked, 15);
}

TEST_F(openapi_fixture, refusals_are_as_the_document_says) {
    int checked = 0;
    for (const auto& path : document.at("paths").as_object()) {
        for (const auto& entry : path.value().as_object()) {
            const json::object& operation = entry.value().as_object();
            const std::string method = upper(entry.key());
            const auto check = [&](const http_reply& reply, int status) {
                SCOPED_TRACE(method + " " + std::string(path.key()));
                ASSERT_EQ(reply.status, status) << reply.body;
                const auto* described =
                    operation.at("responses").as_object().if_contains(std::to_string(status));
                ASSERT_NE(described, nullptr) << status;
                EXPECT_THAT(differences(document,
                                        described->at_pointer("/content/application~1json/schema"),
                                        json::parse(reply.body)),
                            IsEmpty());
                ++checked;
            };
            const std::string at = concrete(path.key(), "shop");
            if (operation.at("x-role").as_string() != "nobody")
                check(ask(server->port(), method, at), 401);
            if (operation.contains("requestBody"))
                check(ask(server->port(), method, at, token, "{"), 400);
        }
    }
    EXPECT_GT(checked, 25);
}

TEST_F(openapi_fixture, the_check_itself_finds_what_is_wrong) {
    const json::value schema = json::parse(R"({"type":"object","properties":{"a":{"type":"integer"},
                        "b":{"type":"string","enum":["x"]}},"required":["a"],
                        "additionalProperties":false})");
    EXPECT_THAT(differences(document, schema, json::parse(R"({"a":1,"b":"x"})")), IsEmpty());
    for (const char* bad : {"[]", "{}", R"({"a":"1"})", R"({"a":1,"b":"y"})", R"({"a":1,"c":2})"})
        EXPECT_FALSE(differences(document, schema, json::parse(bad)).empty()) << bad;
}

} // namespace understudy::test
