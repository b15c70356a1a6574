#include "api/server.hpp"

#include "api/errc.hpp"
#include "tests/api/fake_service.hpp"
#include "tests/api/http_conversation.hpp"
#include "tests/api/server_rig.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

class server_fixture : public server_rig {
protected:
    api::server_options options() {
        auto made = common_options();
        made.version = "1.2";
        return made;
    }
    std::string audit() { return file_text(directory.path() / "audit.log"); }
    // What a client of another name says.
    http_reply say(const std::string& head) {
        http_conversation link(port);
        link.send(head + "Connection: close\r\n\r\n");
        return link.read();
    }
};

} // namespace

TEST_F(server_fixture, lets_nobody_in_without_a_token) {
    start(options());
    EXPECT_EQ(ask(port, "GET", "/healthz").status, 200);
    EXPECT_EQ(ask(port, "GET", "/metrics").status, 200);
    for (const char* path :
         {"/api/v1/tasks", "/api/v1/tasks/shop", "/api/v1/tasks/shop/log",
          "/api/v1/tasks/shop/definition", "/api/v1/events", "/api/v1/tasks/shop/relay/show"}) {
        EXPECT_EQ(ask(port, "GET", path).status, 401) << path;
        EXPECT_EQ(ask(port, "GET", path, "a-token-that-nobody-knows").status, 401) << path;
    }
    EXPECT_EQ(ask(port, "POST", "/api/v1/tasks/shop/stop").status, 401);
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks", viewer).status, 200);
    EXPECT_THAT(service.asked(), IsEmpty());
}

TEST_F(server_fixture, a_viewer_changes_nothing) {
    start(options());
    for (const char* verb : {"start", "pause", "resume", "stop", "precheck"}) {
        EXPECT_EQ(ask(port, "POST", "/api/v1/tasks/shop/" + std::string(verb), viewer, "{}").status,
                  403);
    }
    EXPECT_EQ(ask(port, "DELETE", "/api/v1/tasks/shop", viewer).status, 403);
    EXPECT_EQ(ask(port, "POST", "/api/v1/tasks", viewer, R"({"toml":"x"})").status, 403);
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks/shop/relay/show", viewer).status, 403)
        << "rows are not for viewers";
    EXPECT_THAT(service.asked(), IsEmpty());
    EXPECT_EQ(ask(port, "POST", "/api/v1/tasks/shop/pause", operator_, "{}").status, 202);
    EXPECT_THAT(service.asked(), Contains("act shop 1 "));
}

TEST_F(server_fixture, guessing_tokens_gets_slow) {
    auto with = options();
    with.refusals_burst = 5;
    with.refusals_per_second = 0.01;
    start(std::move(with));
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(ask(port, "GET", "/api/v1/tasks", "guess-" + std::to_string(i)).status, 401);
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks", "guess-5").status, 429);
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks", viewer).status, 200)
        << "who has a token is not kept out by who has none";
}

TEST_F(server_fixture, answers_to_its_own_names_only) {
    start(options());
    const std::string at = "GET /api/v1/tasks HTTP/1.1\r\n";
    EXPECT_EQ(say(at + host() + bearer()).status, 200);
    EXPECT_EQ(say(at + "Host: localhost:" + std::to_string(port) + "\r\n" + bearer()).status, 200);
    EXPECT_EQ(say(at + "Host: evil.example\r\n" + bearer()).status, 421);
    EXPECT_EQ(say(at + bearer()).status, 421);
    EXPECT_EQ(say("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n").status, 421);
}

TEST_F(server_fixture, pages_of_other_sites_get_nothing) {
    start(options());
    const std::string post = "POST /api/v1/tasks/shop/stop HTTP/1.1\r\nContent-Length: 0\r\n";
    EXPECT_EQ(say(post + host() + bearer() + "Origin: http://evil.example\r\n").status, 403);
    EXPECT_EQ(say(post + host() + bearer() + "Origin: null\r\n").status, 403);
    EXPECT_EQ(say(post + host() + bearer() + "Sec-Fetch-Site: cross-site\r\n").status, 403);
    EXPECT_THAT(service.asked(), IsEmpty());
    EXPECT_EQ(
        say(post + host() + bearer() + "Origin: http://127.0.0.1:" + std::to_string(port) + "\r\n")
            .status,
        202);
    const auto preflight = say("OPTIONS /api/v1/tasks HTTP/1.1\r\n" + host() +
                               "Origin: http://evil.example\r\n"
                               "Access-Control-Request-Method: POST\r\n");
    EXPECT_EQ(preflight.status, 403);
    EXPECT_THAT(preflight.head, Not(HasSubstr("Access-Control-Allow")));
}

TEST_F(server_fixture, huge_bodies_and_headers_are_refused) {
    auto with = options();
    with.body_bytes_max = 10'000;
    start(std::move(with));
    EXPECT_EQ(ask(port, "POST", "/api/v1/precheck", operator_, std::string(10'001, ' ')).status,
              413);
    // Announced, but never sent: refused at once.
    http_conversation link(port);
    link.send("POST /api/v1/precheck HTTP/1.1\r\n" + host() + bearer() +
              "Content-Length: 99999999999\r\n\r\n");
    EXPECT_EQ(link.read(2s).status, 413);
    // Chunks have no length beforehand.
    http_conversation chunks(port);
    chunks.send("POST /api/v1/precheck HTTP/1.1\r\n" + host() + bearer() +
                "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; ++i)
        chunks.send("3e8\r\n" + std::string(1'000, ' ') + "\r\n");
    EXPECT_EQ(chunks.read(2s).status, 413);
    EXPECT_EQ(say("GET /healthz HTTP/1.1\r\n" + host() + "X: " + std::string(20'000, 'x') + "\r\n")
                  .status,
              431);
    EXPECT_EQ(say("GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n" + host()).status, 431);
    EXPECT_EQ(ask(port, "GET", "/healthz").status, 200);
    EXPECT_THAT(service.asked(), IsEmpty());
}

TEST_F(server_fixture, what_is_no_http_is_refused) {
    start(options());
    for (const std::string text :
         {"nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
          "GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"}) {
        http_conversation link(port);
        link.send(text);
        const auto reply = link.read(2s);
        EXPECT_TRUE(reply.status == 400 || reply.status == 0) << text << reply.status;
        EXPECT_TRUE(link.is_closed_within(2s)) << text;
    }
    EXPECT_EQ(ask(port, "GET", "/healthz").status, 200);
}

TEST_F(server_fixture, path_tricks_lead_nowhere) {
    start(options());
    for (const char* path :
         {"/../../etc/passwd", "/console/../openapi.json", "/console/%2e%2e%2fopenapi.json",
          "/console/..%5c..%5cetc", "/console//etc/passwd", "/api/v1/tasks/%2e%2e/definition",
          "/api/v1/tasks/shop%00/definition", "//api/v1/tasks", "/api/v1/tasks/.",
          "/api/v1/tasks/..", "/console/%zz"}) {
        const auto reply = ask(port, "GET", path, operator_);
        EXPECT_TRUE(reply.status == 400 || reply.status == 404) << path << " " << reply.status;
        EXPECT_THAT(reply.body, Not(HasSubstr("root:")));
    }
    EXPECT_THAT(service.asked(), IsEmpty());
}

TEST_F(server_fixture, what_could_be_read_in_two_ways_is_refused) {
    start(options());
    const std::string post = "POST /api/v1/tasks/shop/stop HTTP/1.1\r\n";
    const std::string two_lengths = "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n";
    EXPECT_EQ(say(post + host() + bearer() + two_lengths).status, 400);
    const std::string at = "GET /api/v1/tasks HTTP/1.1\r\n";
    EXPECT_EQ(say(at + host() + "Host: evil.example\r\n" + bearer()).status, 400);
    EXPECT_EQ(say(at + host() + bearer() + "Authorization: Bearer nonsense\r\n").status, 400);
    const std::string own = "Origin: http://127.0.0.1:" + std::to_string(port) + "\r\n";
    EXPECT_EQ(
        say(post + host() + bearer() + own + "Origin: http://evil.example\r\nContent-Length: 0\r\n")
            .status,
        400);
    // A proxy's form of a target, a token where logs would keep it, a method by another name.
    EXPECT_EQ(say("GET http://evil.example/api/v1/tasks HTTP/1.1\r\n" + host() + bearer()).status,
              400);
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks?token=" + std::string(operator_)).status, 401);
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks/shop/stop", operator_, {},
                  "X-HTTP-Method-Override: POST\r\n")
                  .status,
              405);
    EXPECT_EQ(ask(port, "TRACE", "/api/v1/tasks", operator_).status, 405);
    EXPECT_THAT(service.asked(), IsEmpty());
}

TEST_F(server_fixture, slow_clients_are_dropped_and_hold_up_nobody) {
    auto with = options();
    with.header_timeout = 500ms;
    with.body_timeout = 500ms;
    start(std::move(with));
    std::vector<http_conversation> slow;
    for (int i = 0; i < 20; ++i) {
        slow.emplace_back(port);
        slow.back().send("GET /healthz HTT");
    }
    http_conversation body(port);
    body.send("POST /api/v1/precheck HTTP/1.1\r\n" + host() + bearer() +
              "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    const auto began = steady_clock::now();
    EXPECT_EQ(ask(port, "GET", "/healthz").status, 200);
    EXPECT_LT(steady_clock::now() - began, 400ms);
    for (auto& link : slow)
        EXPECT_TRUE(link.is_closed_within(3s));
    EXPECT_TRUE(body.is_closed_within(3s));
    // The socket is closed first, then that is counted.
    EXPECT_TRUE(wait_until([this] { return server->figures().refused == 21; }, 3s, 5ms));
}

TEST_F(server_fixture, who_does_not_read_is_dropped) {
    auto with = options();
    with.write_timeout = 500ms;
    with.requests_burst = 10'000;
    start(std::move(with));
    http_conversation link(port);
    // Answers for more than any socket holds.
    const std::string one = "GET /openapi.json HTTP/1.1\r\n" + host() + "\r\n";
    std::string many;
    for (int i = 0; i < 500; ++i)
        many += one;
    link.send(many);
    EXPECT_EQ(ask(port, "GET", "/healthz").status, 200);
    const auto give_up = steady_clock::now() + 10s;
    while (server->figures().connections > 0 && steady_clock::now() < give_up)
        std::this_thread::sleep_for(20ms);
    EXPECT_EQ(server->figures().connections, 0U);
    EXPECT_EQ(server->figures().refused, 1U);
    EXPECT_LT(link.read_bytes(2s).size(), 500 * ask(port, "GET", "/openapi.json").body.size());
}

TEST_F(server_fixture, a_thousand_connections_leave_it_answering) {
    auto with = options();
    with.connections_max = 100;
    with.connections_max_per_peer = 90;
    with.header_timeout = 1s;
    with.requests_burst = 10'000;
    start(std::move(with));
    std::vector<http_conversation> idle;
    for (int i = 0; i < 1'000; ++i)
        idle.emplace_back(port);
    // The surplus is closed at once, the rest when its time is up; then there is room again.
    const auto give_up = steady_clock::now() + 10s;
    int status = 0;
    while (status != 200 && steady_clock::now() < give_up) {
        status = ask(port, "GET", "/healthz").status;
        if (status != 200) std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(status, 200);
    EXPECT_LE(server->figures().connections, 100U);
    EXPECT_GE(server->figures().refused, 900U);
    idle.clear();
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks", viewer).status, 200);
}

TEST_F(server_fixture, connections_on_which_nothing_is_asked_give_way) {
    auto with = options();
    with.connections_max_per_peer = 20;
    with.header_timeout = 60s;
    with.idle_timeout = 60s;
    start(std::move(with));
    std::vector<http_conversation> idle;
    for (int i = 0; i < 20; ++i)
        idle.emplace_back(port);
    idle.front().send("GET / HT"); // a byte a minute is no more
    std::this_thread::sleep_for(400ms);
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(ask(port, "GET", "/healthz").status, 200) << i;
    EXPECT_TRUE(idle.front().is_closed_within(1s));
    EXPECT_FALSE(idle.back().is_closed_within(10ms))
        << "the oldest go first, and no more than must";
    // One that has asked before rests as well.
    http_conversation asked(port);
    asked.send("GET /healthz HTTP/1.1\r\n" + host() + "\r\n");
    EXPECT_EQ(asked.read().status, 200);
    EXPECT_LE(server->figures().connections, 20U);
}

TEST_F(server_fixture, too_many_requests_are_told_to_wait) {
    auto with = options();
    with.requests_burst = 10;
    with.requests_per_second = 1;
    start(std::move(with));
    int refused = 0;
    for (int i = 0; i < 20; ++i)
        refused += ask(port, "GET", "/healthz").status == 429 ? 1 : 0;
    EXPECT_GE(refused, 8);
}

TEST_F(server_fixture, every_change_and_every_attempt_is_in_the_audit_log) {
    start(options());
    std::ignore = ask(port, "POST", "/api/v1/tasks/shop/stop", operator_, "{}");
    std::ignore = ask(port, "POST", "/api/v1/tasks/shop/pause", viewer, "{}");
    std::ignore = ask(port, "DELETE", "/api/v1/tasks/shop?traces=true");
    std::ignore = ask(port, "GET", "/api/v1/tasks", viewer);
    std::ignore =
        ask(port, "POST", "/api/v1/tasks", operator_, R"({"toml":"password = 'hidden'"})");
    const std::string text = audit();
    EXPECT_THAT(text, HasSubstr(R"("who":"otto","role":"operator","method":"POST",)"
                                R"("target":"/api/v1/tasks/shop/stop","status":202})"));
    EXPECT_THAT(text, HasSubstr(R"("who":"vera","role":"viewer","method":"POST",)"
                                R"("target":"/api/v1/tasks/shop/pause","status":403})"));
    EXPECT_THAT(text, HasSubstr(R"("role":"nobody","method":"DELETE")"));
    EXPECT_THAT(text, Not(HasSubstr("\"GET\"")));
    EXPECT_THAT(text, Not(HasSubstr("hidden")));
    EXPECT_THAT(text, Not(HasSubstr(std::string(operator_))));
    EXPECT_EQ(std::ranges::count(text, '\n'), 4);
}

TEST_F(server_fixture, no_token_is_in_any_answer) {
    start(options());
    for (const char* path :
         {"/api/v1/version", "/api/v1/tasks", "/metrics", "/openapi.json", "/"}) {
        const auto reply = ask(port, "GET", path, operator_);
        EXPECT_THAT(reply.head + reply.body, Not(HasSubstr(std::string(operator_))));
    }
    const auto wrong = ask(port, "GET", "/api/v1/tasks", "a-token-that-nobody-knows");
    EXPECT_THAT(wrong.head + wrong.body, Not(HasSubstr("nobody-knows")));
}

TEST_F(server_fixture, events_follow_the_tasks) {
    auto with = options();
    with.event_interval = 50ms;
    start(std::move(with));
    http_conversation link(port);
    link.send("GET /api/v1/events HTTP/1.1\r\n" + host() + bearer() + "\r\n");
    EXPECT_THAT(link.read_bytes(500ms), HasSubstr("event: task\ndata: {\"name\":\"shop\""));
    EXPECT_THAT(link.read_bytes(300ms), Not(HasSubstr("event:"))) << "nothing has changed";
    {
        const std::scoped_lock lock(service.mutex);
        service.known.at("shop").status.lag = 4711ms;
    }
    EXPECT_THAT(link.read_bytes(500ms), HasSubstr("\"lag_ms\":4711"));
    {
        const std::scoped_lock lock(service.mutex);
        service.known.clear();
    }
    EXPECT_THAT(link.read_bytes(500ms), HasSubstr("event: removed\ndata: {\"name\":\"shop\"}"));
}

TEST_F(server_fixture, events_end_with_the_token) {
    auto with = options();
    with.event_interval = 50ms;
    start(std::move(with));
    http_conversation link(port);
    link.send("GET /api/v1/events HTTP/1.1\r\n" + host() + bearer() + "\r\n");
    EXPECT_THAT(link.read_bytes(300ms), HasSubstr("event: task"));
    ASSERT_TRUE(server->reload({}));
    EXPECT_TRUE(link.is_closed_within(2s));
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks", operator_).status, 401);
}

TEST_F(server_fixture, ends_with_open_connections) {
    auto with = options();
    with.event_interval = 50ms;
    start(std::move(with));
    http_conversation idle(port);
    http_conversation stream(port);
    stream.send("GET /api/v1/events HTTP/1.1\r\n" + host() + bearer() + "\r\n");
    EXPECT_THAT(stream.read_bytes(200ms), HasSubstr("event: task"));
    const auto began = steady_clock::now();
    server.reset();
    EXPECT_LT(steady_clock::now() - began, 2s);
    EXPECT_TRUE(idle.is_closed_within(1s));
}

TEST_F(server_fixture, beyond_this_machine_needs_tls_and_tokens) {
    auto with = options();
    with.address = "0.0.0.0";
    auto started = api::server::start(service, with);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, api::errc::not_safe);
    with.tls_cert = directory.path() / "none.pem";
    with.tls_key = directory.path() / "none.pem";
    started = api::server::start(service, with);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, api::errc::bad_tls);
    EXPECT_THAT(started.error().what, HasSubstr("none.pem"));
}

} // namespace understudy::test
