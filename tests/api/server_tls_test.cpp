#include "api/errc.hpp"
#include "api/server.hpp"
#include "tests/api/fake_service.hpp"
#include "tests/api/server_rig.hpp"
#include "tests/api/tls_conversation.hpp"
#include "tests/support/certificate_authority.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace understudy::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

namespace {

class server_tls : public server_rig {
protected:
    server_tls() { install("first"); }

    certificate_files issue(const std::string& name) {
        return authority.issue({.common_name = name, .addresses = {"127.0.0.1"}});
    }
    // Where the server looks for them, as a renewal does it.
    void install(const std::string& name) { put_in_place(issue(name), {certificate, key}); }
    api::server_options options() {
        auto made = common_options();
        made.tls_cert = certificate;
        made.tls_key = key;
        made.event_interval = 50ms;
        return made;
    }
    [[nodiscard]] tls_conversation connect(int version_max = 0) const {
        return {port, authority.ca_file(), version_max};
    }
    [[nodiscard]] http_reply ask_tls(std::string_view method, std::string_view target,
                                     std::string_view token = {}, std::string_view body = {},
                                     std::string_view more = {}) const {
        auto link = connect();
        return ask(link, port, method, target, token, body, more);
    }
    // Why a server with these options does not start.
    std::string refusal(const api::server_options& with) {
        const auto started = api::server::start(service, with);
        if (started) return {};
        EXPECT_EQ(started.error().code, api::errc::bad_tls);
        return started.error().what;
    }

    certificate_authority authority{directory.path() / "authority"};
    fs::path certificate = directory.path() / "cert.pem";
    fs::path key = directory.path() / "key.pem";
};

void write(const fs::path& file, const std::string& text) {
    std::ofstream(file) << text;
}

} // namespace

TEST_F(server_tls, is_spoken_from_version_1_2_on) {
    start(options());
    EXPECT_EQ(connect().version(), "TLSv1.3");
    EXPECT_EQ(connect(TLS1_2_VERSION).version(), "TLSv1.2");
    for (const int old : {TLS1_VERSION, TLS1_1_VERSION}) {
        try {
            std::ignore = connect(old);
            ADD_FAILURE() << old << " is spoken";
        } catch (const std::runtime_error& refused) {
            EXPECT_THAT(refused.what(), HasSubstr("alert protocol version"));
        }
    }
}

TEST_F(server_tls, has_the_same_tokens_and_roles) {
    start(options());
    EXPECT_EQ(ask_tls("GET", "/healthz").status, 200);
    EXPECT_EQ(ask_tls("GET", "/api/v1/tasks").status, 401);
    EXPECT_EQ(ask_tls("GET", "/api/v1/tasks", "a-token-that-nobody-knows").status, 401);
    EXPECT_EQ(ask_tls("GET", "/api/v1/tasks", viewer).status, 200);
    EXPECT_EQ(ask_tls("POST", "/api/v1/tasks/shop/stop", viewer, "{}").status, 403);
    EXPECT_THAT(service.asked(), IsEmpty());
    EXPECT_EQ(ask_tls("POST", "/api/v1/tasks/shop/pause", operator_, "{}").status, 202);
    EXPECT_THAT(service.asked(), Contains("act shop 1 "));
    EXPECT_THAT(file_text(directory.path() / "audit.log"), HasSubstr(R"("who":"otto")"));
}

TEST_F(server_tls, takes_its_own_pages_under_https_only) {
    start(options());
    const std::string own = "127.0.0.1:" + std::to_string(port) + "\r\n";
    const auto origin = [&](const std::string& value) {
        return ask_tls("POST", "/api/v1/tasks/shop/stop", operator_, "{}", "Origin: " + value)
            .status;
    };
    EXPECT_EQ(origin("https://" + own), 202);
    EXPECT_EQ(origin("http://" + own), 403);
    EXPECT_EQ(origin("https://evil.example\r\n"), 403);
}

TEST_F(server_tls, keeps_a_connection_for_many_requests) {
    start(options());
    auto link = connect();
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(link.send("GET /api/v1/tasks HTTP/1.1\r\n" + host() + bearer() + "\r\n"));
        EXPECT_EQ(link.read().status, 200);
    }
}

TEST_F(server_tls, plain_http_gets_no_answer_and_does_no_harm) {
    start(options());
    EXPECT_EQ(ask(port, "GET", "/api/v1/tasks", operator_).status, 0);
    http_conversation link(port);
    link.send("GET /healthz HTTP/1.1\r\n" + host() + "\r\n");
    EXPECT_TRUE(link.is_closed_within(2s));
    EXPECT_EQ(ask_tls("GET", "/healthz").status, 200);
}

TEST_F(server_tls, who_is_too_large_is_told_so) {
    start(options());
    // Who still sends must not be cut off: on some systems that takes back what was received.
    auto link = connect();
    EXPECT_TRUE(link.send("POST /api/v1/precheck HTTP/1.1\r\n" + host() + bearer() +
                          "Content-Length: 3000000\r\n\r\n"));
    EXPECT_TRUE(link.send(std::string(3'000'000, ' ')));
    EXPECT_EQ(link.read().status, 413);
    EXPECT_EQ(ask_tls("GET", "/healthz", {}, {}, "X: " + std::string(20'000, 'x') + "\r\n").status,
              431);
}

TEST_F(server_tls, the_end_of_a_conversation_is_said) {
    start(options());
    auto link = connect();
    EXPECT_EQ(ask(link, port, "GET", "/healthz").status, 200);
    EXPECT_TRUE(link.is_closed_within(2s));
    EXPECT_TRUE(link.was_told_the_end()) << "an end that anybody could have made";
}

TEST_F(server_tls, events_follow_the_tasks_and_end_with_the_token) {
    start(options());
    auto link = connect();
    link.send("GET /api/v1/events HTTP/1.1\r\n" + host() + bearer() + "\r\n");
    EXPECT_THAT(link.read_bytes(500ms), HasSubstr("event: task\ndata: {\"name\":\"shop\""));
    {
        const std::scoped_lock lock(service.mutex);
        service.known.at("shop").status.lag = 4711ms;
    }
    EXPECT_THAT(link.read_bytes(500ms), HasSubstr("\"lag_ms\":4711"));
    ASSERT_TRUE(server->reload({}));
    EXPECT_TRUE(link.is_closed_within(2s));
}

TEST_F(server_tls, on_all_addresses_it_is_this_machine_too) {
    for (const char* address : {"0.0.0.0", "::"}) {
        auto with = options();
        with.address = address;
        start(std::move(with));
        EXPECT_EQ(ask_tls("GET", "/api/v1/tasks", viewer).status, 200) << address;
        EXPECT_EQ(ask_tls("GET", "/metrics").status, 401) << address;
        auto link = connect();
        link.send("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n");
        EXPECT_EQ(link.read().status, 421);
    }
}

TEST_F(server_tls, silent_clients_are_dropped_and_hold_up_nobody) {
    auto with = options();
    with.header_timeout = 500ms;
    start(std::move(with));
    std::vector<http_conversation> silent;
    for (int i = 0; i < 100; ++i)
        silent.emplace_back(port);
    // The beginning of a handshake whose rest does not come.
    for (int i = 0; i < 20; ++i) {
        silent.emplace_back(port);
        silent.back().send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
    }
    auto idle = connect();
    const auto began = steady_clock::now();
    EXPECT_EQ(ask_tls("GET", "/healthz").status, 200);
    EXPECT_LT(steady_clock::now() - began, 400ms);
    for (auto& link : silent)
        EXPECT_TRUE(link.is_closed_within(3s));
    EXPECT_TRUE(idle.is_closed_within(3s)) << "after the handshake, before a request";
    // The socket is closed first, then that is counted.
    EXPECT_TRUE(wait_until([this] { return server->figures().refused == 121; }, 3s, 5ms));
}

TEST_F(server_tls, a_reload_is_for_new_connections) {
    start(options());
    auto old = connect();
    EXPECT_EQ(old.common_name(), "first");
    install("second");
    EXPECT_EQ(connect().common_name(), "first") << "not before it is told";
    ASSERT_TRUE(server->reload(tokens()));
    EXPECT_EQ(connect().common_name(), "second");
    EXPECT_EQ(ask(old, port, "GET", "/api/v1/tasks", viewer).status, 200);
}

TEST_F(server_tls, keeps_the_old_certificate_when_the_new_one_is_broken) {
    start(options());
    const std::string good_certificate = file_text(certificate);
    const std::string good_key = file_text(key);
    const std::string other_key = file_text(issue("other").key);
    for (const auto& [name, certificate_text, key_text, broken] :
         {std::tuple{"no certificate", std::string("x"), good_key, certificate},
          std::tuple{"no key", good_certificate, std::string("x"), key},
          std::tuple{"key of another", good_certificate, other_key, key},
          std::tuple{"cut off", good_certificate.substr(0, 200), good_key, certificate}}) {
        SCOPED_TRACE(name);
        write(certificate, certificate_text);
        write(key, key_text);
        const auto done = server->reload({});
        ASSERT_FALSE(done);
        EXPECT_THAT(done.error().what, StartsWith(broken.string() + ": "));
        EXPECT_EQ(connect().common_name(), "first");
        EXPECT_EQ(ask_tls("GET", "/api/v1/tasks", viewer).status, 200) << "tokens stay too";
    }
    fs::remove(key);
    EXPECT_FALSE(server->reload({}));
    install("second");
    ASSERT_TRUE(server->reload(tokens()));
    EXPECT_EQ(connect().common_name(), "second");
}

TEST_F(server_tls, does_not_start_without_its_certificate_and_key) {
    auto with = options();
    const auto none = directory.path() / "none.pem";
    with.tls_key = none;
    EXPECT_THAT(refusal(with), StartsWith(none.string() + ": No such file"));
    with.tls_key = issue("other").key;
    EXPECT_THAT(refusal(with),
                StartsWith(with.tls_key.string() + ": is not the key of " + certificate.string()));
    with.tls_key.clear();
    EXPECT_THAT(refusal(with), HasSubstr("given together"));
    with.tls_key = key;
    with.tls_cert = none;
    EXPECT_THAT(refusal(with), StartsWith(none.string() + ": No such file"));
    with.tls_cert = key;
    EXPECT_THAT(refusal(with), StartsWith(key.string() + ": "));
}

TEST_F(server_tls, asks_no_terminal_for_a_pass_phrase) {
    run_successfully({.argv = {"openssl", "pkey", "-in", key, "-aes256", "-passout", "pass:word",
                               "-out", directory.path() / "locked.pem"},
                      .environment = {}},
                     10s);
    auto with = options();
    with.tls_key = directory.path() / "locked.pem";
    EXPECT_THAT(refusal(with), StartsWith(with.tls_key.string() + ": has a pass phrase"));
}

TEST_F(server_tls, tells_which_certificate_it_shows) {
    start(options());
    const std::string first = file_text(certificate);
    EXPECT_EQ(server->certificate(), first);
    // What an authority has signed for others is not what this server shows.
    write(certificate, first + file_text(authority.ca_file()));
    ASSERT_TRUE(server->reload(tokens()));
    EXPECT_EQ(server->certificate(), first);
    install("second");
    EXPECT_EQ(server->certificate(), first);
    ASSERT_TRUE(server->reload(tokens()));
    EXPECT_EQ(server->certificate(), file_text(certificate));
}

TEST_F(server_tls, ends_with_open_connections) {
    start(options());
    http_conversation silent(port);
    auto idle = connect();
    auto stream = connect();
    stream.send("GET /api/v1/events HTTP/1.1\r\n" + host() + bearer() + "\r\n");
    EXPECT_THAT(stream.read_bytes(200ms), HasSubstr("event: task"));
    const auto began = steady_clock::now();
    server.reset();
    EXPECT_LT(steady_clock::now() - began, 2s);
    EXPECT_TRUE(idle.is_closed_within(1s));
}

} // namespace understudy::test
