#include "apps/webhook.hpp"

#include "tests/apps/http_receiver.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace understudy::apps {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

class webhook_fixture : public testing::Test {
protected:
    ~webhook_fixture() override { ::unsetenv("SSL_CERT_FILE"); }

    // To the end of `url`, whose beginning is the receiver's address.
    webhook::options options(const std::string& url) {
        webhook::options made;
        made.to = parse_http_address(url).value();
        made.token = "hook-token";
        made.first_delay = 10ms;
        made.timeout = 5s;
        made.complain = [this](const std::string& text) {
            const std::scoped_lock lock(mutex);
            complaints_.push_back(text);
        };
        return made;
    }
    static std::string plain(const test::http_receiver& to) {
        return "http://127.0.0.1:" + std::to_string(to.port()) + "/secret-path?key=secret-key";
    }
    static std::string tls(const test::http_receiver& to) {
        return "https://127.0.0.1:" + std::to_string(to.port()) + "/secret-path?key=secret-key";
    }
    static bool is_told(const test::http_receiver& to, std::size_t count) {
        return test::wait_until([&] { return to.count() >= count; }, 10s, 5ms);
    }
    std::vector<std::string> complaints() {
        const std::scoped_lock lock(mutex);
        return complaints_;
    }
    static state_change change_of(const std::string& task) {
        return {.task = task,
                .from = state::lifecycle_state::synchronizing,
                .to = state::lifecycle_state::failed,
                .at = {},
                .position = "binlog.000001:4",
                .error = "row not found",
                .advice = "mend it"};
    }

    std::mutex mutex;
    std::vector<std::string> complaints_;
    test::scratch_directory directory{"webhook"};
    test::certificate_authority authority{directory.path() / "authority"};
};

} // namespace

TEST_F(webhook_fixture, tells_in_order_and_tries_again) {
    const test::http_receiver to({500, 503, 204, 200});
    webhook hook(options(plain(to)));
    hook.tell(change_of("a"));
    hook.tell(change_of("b"));
    ASSERT_TRUE(is_told(to, 4));
    const auto told = to.all();
    const auto task = [](const char* name) {
        return testing::Field(&test::http_receiver::told::body,
                              HasSubstr(std::string("\"task\":\"") + name + "\""));
    };
    EXPECT_THAT(told, ElementsAre(task("a"), task("a"), task("a"), task("b")));
    EXPECT_THAT(told[0].body, HasSubstr("\"from\":\"synchronizing\",\"to\":\"failed\""));
    EXPECT_THAT(told[0].head, HasSubstr("POST /secret-path?key=secret-key HTTP/1.1\r\n"));
    EXPECT_THAT(told[0].head, HasSubstr("Authorization: Bearer hook-token\r\n"));
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("status 500")));
}

TEST_F(webhook_fixture, tells_over_tls_whom_an_authority_of_the_machine_knows) {
    const test::http_receiver to({200}, authority.issue({.addresses = {"127.0.0.1"}}));
    ::setenv("SSL_CERT_FILE", authority.ca_file().c_str(), 1);
    webhook hook(options(tls(to)));
    hook.tell(change_of("a"));
    ASSERT_TRUE(is_told(to, 1));
    EXPECT_THAT(to.all()[0].body, HasSubstr("\"task\":\"a\""));
    EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(webhook_fixture, tells_nobody_else_and_says_why) {
    ::setenv("SSL_CERT_FILE", authority.ca_file().c_str(), 1);
    test::certificate_authority stranger(directory.path() / "stranger");
    for (const auto& [certificate, why] :
         {std::pair{stranger.issue({.addresses = {"127.0.0.1"}}), "certificate signature failure"},
          std::pair{authority.issue({.names = {"hooks.example"}}), "IP address mismatch"}}) {
        const test::http_receiver to({}, certificate);
        auto with = options(tls(to));
        with.tries_max = 2;
        complaints_.clear();
        webhook hook(std::move(with));
        hook.tell(change_of("a"));
        ASSERT_TRUE(test::wait_until([&] { return complaints().size() >= 2; }, 10s, 5ms));
        EXPECT_THAT(complaints(),
                    ElementsAre(AllOf(HasSubstr("its certificate is refused"), HasSubstr(why)),
                                HasSubstr("could not be told of")));
        EXPECT_EQ(to.count(), 0U);
        for (const std::string& text : complaints()) {
            EXPECT_THAT(text, Not(HasSubstr("hook-token")));
            EXPECT_THAT(text, Not(HasSubstr("secret")));
        }
    }
}

TEST_F(webhook_fixture, a_receiver_that_was_away_is_told_then) {
    std::uint16_t port = 0;
    std::string url;
    {
        const test::http_receiver gone({});
        url = plain(gone);
        port = gone.port();
    }
    webhook hook(options(url));
    hook.tell(change_of("a"));
    ASSERT_TRUE(test::wait_until([&] { return !complaints().empty(); }, 10s, 5ms));
    const test::http_receiver back({}, {}, port);
    ASSERT_TRUE(is_told(back, 1));
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("Connection refused")));
}

TEST_F(webhook_fixture, new_changes_do_not_hurry_the_next_try) {
    const test::http_receiver to(std::vector<int>(1'000, 500));
    auto with = options(plain(to));
    with.first_delay = 100ms;
    webhook hook(std::move(with));
    const auto began = steady_clock::now();
    for (int i = 0; i < 100; ++i) {
        hook.tell(change_of("a"));
        std::this_thread::sleep_for(5ms);
    }
    // Tries are at 0, 100, 300, 700, 1500 ms.
    const auto passed = steady_clock::now() - began;
    const std::size_t allowed = passed < 700ms ? 3 : passed < 1500ms ? 4 : 5;
    EXPECT_LE(to.count(), allowed);
    EXPECT_THAT(complaints(), ElementsAre(HasSubstr("status 500")));
}

TEST_F(webhook_fixture, takes_another_token_for_the_next_try) {
    const test::http_receiver to({401, 200});
    auto with = options(plain(to));
    with.first_delay = 200ms;
    webhook hook(std::move(with));
    hook.tell(change_of("a"));
    ASSERT_TRUE(is_told(to, 1));
    hook.use_token("renewed-token");
    ASSERT_TRUE(is_told(to, 2));
    EXPECT_THAT(to.all()[0].head, HasSubstr("Bearer hook-token\r\n"));
    EXPECT_THAT(to.all()[1].head, HasSubstr("Bearer renewed-token\r\n"));
}

TEST_F(webhook_fixture, ends_at_once_while_the_receiver_is_silent) {
    const test::http_receiver to({0});
    std::optional<webhook> hook(std::in_place, options(plain(to)));
    hook->tell(change_of("a"));
    ASSERT_TRUE(is_told(to, 1));
    const auto began = steady_clock::now();
    hook.reset();
    EXPECT_LT(steady_clock::now() - began, 2s);
    EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(webhook_fixture, gives_up_and_bounds_what_waits) {
    auto with = options("http://127.0.0.1:1/"); // nobody listens
    with.first_delay = 1ms;
    with.tries_max = 2;
    with.waiting_max = 3;
    webhook hook(std::move(with));
    for (int i = 0; i < 20; ++i)
        hook.tell(change_of("a"));
    const auto given_up = [this] {
        return std::ranges::count_if(complaints(), [](const std::string& text) {
            return text.find("could not be told") != std::string::npos ||
                   text.find("was given up") != std::string::npos;
        });
    };
    EXPECT_TRUE(test::wait_until([&] { return given_up() == 20; }, 10s, 10ms)) << given_up();
}

} // namespace understudy::apps
