#include "apps/http_client.hpp"

#include "tests/apps/http_receiver.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

namespace understudy::apps {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class http_client : public testing::Test {
protected:
    ~http_client() override { ::unsetenv("SSL_CERT_FILE"); }

    // As an authority of this machine.
    void trust(const test::certificate_authority& one) {
        ::setenv("SSL_CERT_FILE", one.ca_file().c_str(), 1);
    }
    static http_call call(const test::http_receiver& to, const std::string& host = "127.0.0.1") {
        const std::string url = "https://" + host + ":" + std::to_string(to.port()) + "/hook";
        return {.to = parse_http_address(url).value(),
                .method = "POST",
                .body = "{}",
                .token = "the-token",
                .certificate = {},
                .timeout = 5s};
    }
    static std::string refusal(const http_call& what) {
        const auto answer = ask(what);
        return answer ? "taken" : answer.error().what;
    }

    test::scratch_directory directory{"http_client"};
    test::certificate_authority authority{directory.path() / "authority"};
    test::certificate_authority stranger{directory.path() / "stranger"};
    test::certificate_files good =
        authority.issue({.names = {"localhost"}, .addresses = {"127.0.0.1"}});
};

} // namespace

TEST(http_address, is_read_or_refused) {
    const auto full = parse_http_address("https://hooks.example:8443/a?b=c");
    ASSERT_TRUE(full);
    EXPECT_TRUE(full->tls);
    EXPECT_EQ(full->host + " " + full->port + " " + full->path, "hooks.example 8443 /a?b=c");
    const auto least = parse_http_address("http://[::1]");
    ASSERT_TRUE(least);
    EXPECT_EQ(least->host + " " + least->port + " " + least->path, "::1 80 /");
    for (const char* bad : {"", "ftp://a", "http://", "http://a:b", "http://u:p@a/", "http://a/b c",
                            "http://a\r\n", "http://a:123456"})
        EXPECT_FALSE(parse_http_address(bad)) << bad;
}

TEST_F(http_client, believes_the_machines_authorities_about_names_and_addresses) {
    test::http_receiver to({204, 200}, good);
    trust(authority);
    for (const char* host : {"127.0.0.1", "localhost"}) {
        const auto answer = ask(call(to, host));
        ASSERT_TRUE(answer) << answer.error().what;
    }
    EXPECT_EQ(to.count(), 2U);
    EXPECT_THAT(to.all().front().head, HasSubstr("Authorization: Bearer the-token\r\n"));
}

TEST_F(http_client, says_nothing_to_whom_it_does_not_know) {
    trust(authority);
    const auto refused = [&](const test::certificate_files& certificate) {
        const test::http_receiver to({}, certificate);
        const std::string why = refusal(call(to));
        EXPECT_EQ(to.count(), 0U);
        EXPECT_THAT(why, StartsWith("127.0.0.1:" + std::to_string(to.port()) + ": "));
        return why;
    };
    EXPECT_THAT(refused(stranger.issue({.addresses = {"127.0.0.1"}})),
                HasSubstr("its certificate is refused: certificate signature failure"));
    EXPECT_THAT(refused(authority.issue({.addresses = {"127.0.0.2"}})),
                HasSubstr("its certificate is refused: IP address mismatch"));
    EXPECT_THAT(refused(authority.issue({.common_name = "127.0.0.1"})),
                HasSubstr("its certificate is refused: "));
    EXPECT_THAT(refused(authority.issue({.addresses = {"127.0.0.1"}, .valid_until = -1h})),
                HasSubstr("its certificate is refused: certificate has expired"));
    const test::http_receiver other(
        {}, authority.issue({.names = {"hooks.example"}, .addresses = {"127.0.0.1"}}));
    EXPECT_THAT(refusal(call(other, "localhost")),
                HasSubstr("its certificate is refused: hostname mismatch"));
    const test::http_receiver plain({});
    auto asked = call(plain);
    asked.timeout = 200ms;
    EXPECT_THAT(refusal(asked), HasSubstr("timeout"));
    EXPECT_EQ(plain.count(), 0U);
}

TEST_F(http_client, knows_one_certificate_whatever_its_names) {
    const auto own = authority.issue({.common_name = "elsewhere"});
    test::http_receiver to({200}, own);
    auto asked = call(to);
    asked.certificate = own.certificate;
    EXPECT_EQ(refusal(asked), "taken");
    asked.certificate = good.certificate;
    EXPECT_THAT(refusal(asked), HasSubstr("its certificate is refused: "));
    asked.certificate = directory.path() / "none.pem";
    EXPECT_THAT(refusal(asked), HasSubstr("none.pem: No such file"));
    EXPECT_EQ(to.count(), 1U);
}

TEST_F(http_client, gives_up_in_time_and_when_told) {
    test::http_receiver silent({0, 0});
    auto asked = call(silent);
    asked.to.tls = false;
    asked.timeout = 200ms;
    EXPECT_THAT(refusal(asked), HasSubstr("timeout"));
    asked.timeout = 10s;
    const auto began = std::chrono::steady_clock::now();
    std::jthread asking([&](const std::stop_token& stop) { EXPECT_FALSE(ask(asked, stop)); });
    while (silent.count() < 2)
        std::this_thread::sleep_for(5ms);
    asking.request_stop();
    asking.join();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

} // namespace understudy::apps
