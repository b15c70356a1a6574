#include "api/access.hpp"

#include "api/rate_limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::api {

using namespace std::chrono_literals;

TEST(token_table, finds_plain_and_hashed_tokens) {
    // printf %s correct-horse-battery | sha256sum
    const auto table = token_table::parse(
        "# for the dashboards\n"
        "viewer  grafana  a-token-of-some-length  # comment\n"
        "\n"
        "operator alice "
        "sha256:3fd7a6c1b1b0b9f8e1f7c4b3e9d0a5b2c8d1e6f70918273645546372819a0b1c\r\n");
    ASSERT_TRUE(table) << table.error().what;
    EXPECT_EQ(table->find("a-token-of-some-length"), (caller{role::viewer, "grafana"}));
    EXPECT_EQ(table->find("a-token-of-some-lengtH"), std::nullopt);
    EXPECT_EQ(table->find(""), std::nullopt);
    EXPECT_EQ(
        table->find("sha256:3fd7a6c1b1b0b9f8e1f7c4b3e9d0a5b2c8d1e6f70918273645546372819a0b1c"),
        std::nullopt)
        << "a digest is no token";
}

TEST(token_table, hashes_as_sha256sum_does) {
    // printf %s abc | sha256sum
    const auto table = token_table::parse(
        "owner me sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->find("abc"), (caller{role::owner, "me"}));
}

TEST(token_table, names_the_line_and_never_the_token) {
    for (const char* bad : {"viewer x\n", "admin x a-token-of-some-length\n",
                            "viewer x too-short\n", "viewer x sha256:12\n", "viewer x sha256:zz\n",
                            "viewer x a-token-of-some-length more\n"}) {
        const auto table = token_table::parse(std::string("# first\n") + bad);
        ASSERT_FALSE(table) << bad;
        EXPECT_THAT(table.error().what, testing::StartsWith("line 2: "));
        EXPECT_THAT(table.error().what, testing::Not(testing::HasSubstr("token-of")));
    }
}

TEST(bearer_token, takes_nothing_else) {
    EXPECT_EQ(bearer_token("Bearer abc"), "abc");
    EXPECT_EQ(bearer_token("bearer abc"), "abc");
    for (const char* bad : {"", "Bearer", "Bearer ", "Bearer a b", "Basic abc", "abc"})
        EXPECT_EQ(bearer_token(bad), std::nullopt) << bad;
}

TEST(allowed_hosts, knows_its_names_with_any_port) {
    const allowed_hosts hosts({"127.0.0.1", "localhost", "[::1]", "db.example"});
    for (const char* good :
         {"127.0.0.1", "127.0.0.1:8470", "LOCALHOST:1", "[::1]:8470", "[::1]", "db.example:443"})
        EXPECT_TRUE(hosts.is_host(good)) << good;
    for (const char* bad : {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
                            "127.0.0.1:", "127.0.0.1:8470@evil.example", "127.0.0.1:84a", "[::1",
                            "[::1]x", "0.0.0.0:8470", "localhost:80:80"})
        EXPECT_FALSE(hosts.is_host(bad)) << bad;
}

TEST(allowed_hosts, takes_only_pages_of_its_own) {
    EXPECT_TRUE(allowed_hosts::is_origin_of("", "localhost:8470", false));
    EXPECT_TRUE(allowed_hosts::is_origin_of("http://localhost:8470", "localhost:8470", false));
    EXPECT_TRUE(allowed_hosts::is_origin_of("https://Db.example", "db.example", true));
    for (const char* bad :
         {"null", "http://evil.example", "http://localhost:8471", "https://localhost:8470",
          "http://localhost:8470.evil.example", "http://localhost:8470/"})
        EXPECT_FALSE(allowed_hosts::is_origin_of(bad, "localhost:8470", false)) << bad;
}

TEST(rate_limiter, allows_a_burst_and_then_the_rate) {
    rate_limiter limiter(2, 3);
    const rate_limiter::time_point start{};
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(limiter.allow("a", start));
    EXPECT_FALSE(limiter.allow("a", start));
    EXPECT_TRUE(limiter.allow("b", start)) << "another peer is another matter";
    EXPECT_FALSE(limiter.allow("a", start + 499ms));
    EXPECT_TRUE(limiter.allow("a", start + 1001ms));
    EXPECT_TRUE(limiter.allow("a", start + 1001ms));
    EXPECT_FALSE(limiter.allow("a", start + 1001ms));
}

TEST(rate_limiter, remembers_a_bounded_number_of_peers) {
    rate_limiter limiter(1, 1, 2);
    const rate_limiter::time_point start{};
    EXPECT_TRUE(limiter.allow("a", start));
    EXPECT_TRUE(limiter.allow("b", start));
    EXPECT_FALSE(limiter.allow("c", start));
    EXPECT_TRUE(limiter.allow("c", start + 2s)) << "a and b are forgotten by then";
}

} // namespace understudy::api
