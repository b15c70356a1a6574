#include "api/router.hpp"
#include "tests/api/fake_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::api {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

class router_fixture : public testing::Test {
protected:
    response ask(const std::string& method, const std::string& target, role may,
                 const std::string& body = {}, const std::string& type = "application/json") {
        auto to = parse_target(target);
        EXPECT_TRUE(to) << target;
        return route.handle({.method = method,
                             .to = *to,
                             .content_type = type,
                             .body = body,
                             .who = {may, "alice"}});
    }

    test::fake_service service;
    router route{service, {.version = "1.2"}};
};

std::string concrete(std::string_view pattern) {
    std::string path(pattern);
    if (const auto at = path.find("{task}"); at != std::string::npos) path.replace(at, 6, "shop");
    if (const auto at = path.find("{name}"); at != std::string::npos) path.replace(at, 6, "show");
    return path;
}

} // namespace

TEST_F(router_fixture, every_route_wants_its_role) {
    int refused = 0;
    for (const auto& one : router::routes()) {
        SCOPED_TRACE(std::string(one.method) + " " + std::string(one.pattern));
        for (const role may : {role::nobody, role::viewer, role::operator_, role::owner}) {
            const auto answer = ask(std::string(one.method), concrete(one.pattern), may);
            if (may < one.needed) {
                EXPECT_EQ(answer.status, may == role::nobody ? 401U : 403U);
                ++refused;
            } else {
                EXPECT_NE(answer.status, 401U);
                EXPECT_NE(answer.status, 403U);
            }
        }
    }
    EXPECT_GT(refused, 20);
}

TEST_F(router_fixture, whoever_may_not_reaches_no_task) {
    for (const auto& one : router::routes()) {
        if (one.method == "GET") continue;
        std::ignore = ask(std::string(one.method), concrete(one.pattern), role::viewer, "{}");
        std::ignore = ask(std::string(one.method), concrete(one.pattern), role::nobody, "{}");
    }
    EXPECT_THAT(service.asked(), IsEmpty());
}

TEST_F(router_fixture, nothing_that_changes_is_a_get) {
    for (const auto& one : router::routes()) {
        if (one.method == "GET") std::ignore = ask("GET", concrete(one.pattern), role::owner);
    }
    for (const std::string& asked : service.asked())
        EXPECT_TRUE(asked.starts_with("relay ") || asked.starts_with("log ")) << asked;
}

TEST_F(router_fixture, verbs_reach_the_task) {
    EXPECT_EQ(
        ask("POST", "/api/v1/tasks/shop/start", role::operator_, R"({"until":"caught-up"})").status,
        202U);
    EXPECT_EQ(ask("POST", "/api/v1/tasks/shop/pause", role::operator_).status, 202U);
    EXPECT_EQ(ask("DELETE", "/api/v1/tasks/shop?traces=true", role::operator_).status, 200U);
    EXPECT_EQ(
        ask("PUT", "/api/v1/tasks/shop", role::operator_, "name = 1", "application/toml").status,
        200U);
    EXPECT_THAT(service.asked(), ElementsAre("act shop 0 caught-up", "act shop 1 ",
                                             "remove shop with traces", "modify shop name = 1"));
}

TEST_F(router_fixture, refuses_what_it_does_not_understand) {
    const auto status = [&](const std::string& method, const std::string& target,
                            const std::string& body, const std::string& type = "application/json") {
        return ask(method, target, role::owner, body, type).status;
    };
    EXPECT_EQ(status("POST", "/api/v1/tasks/shop/start", "{"), 400U);
    EXPECT_EQ(status("POST", "/api/v1/tasks/shop/start", "[]"), 400U);
    EXPECT_EQ(status("POST", "/api/v1/tasks/shop/start", R"({"untill":"x"})"), 400U);
    EXPECT_EQ(status("POST", "/api/v1/tasks/shop/start", R"({"until":1})"), 400U);
    EXPECT_EQ(status("POST", "/api/v1/tasks/shop/pause", R"({"until":"caught-up"})"), 400U);
    EXPECT_EQ(status("POST", "/api/v1/tasks/shop/start", "{}", "text/plain"), 415U);
    EXPECT_EQ(status("POST", "/api/v1/tasks", "{}"), 400U);
    EXPECT_EQ(status("POST", "/api/v1/tasks", R"({"toml":"","definition":{}})"), 400U);
    EXPECT_EQ(status("POST", "/api/v1/tasks", std::string(40, '[') + std::string(40, ']')), 400U);
    EXPECT_EQ(status("DELETE", "/api/v1/tasks/shop?traces=yes", ""), 400U);
    EXPECT_EQ(status("DELETE", "/api/v1/tasks/shop?trace=true", ""), 400U);
    EXPECT_EQ(status("GET", "/api/v1/tasks/shop/log?lines=0", ""), 400U);
    EXPECT_EQ(status("GET", "/api/v1/tasks/shop/log?lines=99999999999999999999", ""), 400U);
    EXPECT_EQ(status("GET", "/api/v1/nothing", ""), 404U);
    EXPECT_EQ(status("GET", "/api/v1/tasks/nobody", ""), 404U);
    EXPECT_EQ(status("GET", "/console/none.js", ""), 404U);
    const auto wrong = ask("PATCH", "/api/v1/tasks/shop", role::owner);
    EXPECT_EQ(wrong.status, 405U);
    EXPECT_EQ(wrong.allow, "GET, PUT, DELETE");
    EXPECT_THAT(service.asked(), IsEmpty());
}

TEST_F(router_fixture, metrics_are_open_on_this_machine_only) {
    EXPECT_EQ(ask("GET", "/metrics", role::nobody).status, 200U);
    const router beyond(service, {.version = "1.2", .open_metrics = false});
    const request asked{.method = "GET", .to = *parse_target("/metrics"), .who = {}};
    EXPECT_EQ(beyond.handle(asked).status, 401U);
}

TEST_F(router_fixture, readiness_follows_the_service) {
    EXPECT_EQ(ask("GET", "/readyz", role::nobody).status, 200U);
    service.ready = false;
    EXPECT_EQ(ask("GET", "/readyz", role::nobody).status, 503U);
    EXPECT_EQ(ask("GET", "/healthz", role::nobody).status, 200U);
}

} // namespace understudy::api
