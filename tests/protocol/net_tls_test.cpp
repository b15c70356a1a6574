#include "protocol/errc.hpp"
#include "protocol/net/connection.hpp"
#include "tests/protocol/fake_server.hpp"
#include "tests/protocol/run_awaitable.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace understudy::protocol::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::certificate_request;
using test::expect;
using test::fake_server;
using test::frame;
using test::send;
using test::server_step;
using ::testing::HasSubstr;

std::vector<server_step> conversation() {
    return {send(frame(test::greeting_payload(), 0)),
            expect(),
            test::tls(),
            expect(),
            send(frame(test::from_hex("0104"), 3)),
            expect(),
            send(frame(test::ok_payload(), 5)),
            expect(),
            send(frame(test::ok_payload(), 1))};
}

asio::awaitable<result<server_info>> sign_in(asio::any_io_executor executor,
                                             connect_options options,
                                             std::vector<std::string>& warnings) {
    auto opened =
        co_await connection::open(executor, std::move(options), [&warnings](std::string text) {
            warnings.push_back(std::move(text));
        });
    if (!opened) co_return std::unexpected(opened.error());
    auto info = (*opened)->server();
    co_await (*opened)->close();
    co_return info;
}

class tls : public ::testing::Test {
protected:
    connect_options options(tls_mode mode, std::string host = "127.0.0.1") {
        connect_options made;
        made.host = std::move(host);
        made.user = "repl";
        made.password = secret("s3cret pass");
        made.tls.mode = mode;
        made.tls.ca = authority.ca_file();
        made.connect_timeout = made.read_timeout = 10s;
        return made;
    }

    result<server_info> sign_in_to(fake_server& server, connect_options given) {
        given.port = server.port();
        asio::io_context io;
        return test::run_awaitable(io, sign_in(io.get_executor(), std::move(given), warnings));
    }

    result<server_info> try_certificate(const certificate_request& request,
                                        const connect_options& given) {
        fake_server server(conversation(), test::server_certificate{authority.issue(request)});
        return sign_in_to(server, given);
    }

    static void expect_refused(const result<server_info>& got, const std::string& text) {
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code, make_error_code(errc::tls_failed)) << got.error().what;
        EXPECT_THAT(got.error().what, HasSubstr(text));
        EXPECT_THAT(got.error().what, ::testing::Not(HasSubstr("s3cret")));
    }

    test::scratch_directory directory{"tls"};
    test::certificate_authority authority{directory.path() / "ca"};
    std::vector<std::string> warnings;
};

TEST_F(tls, accepts_a_server_that_is_who_it_should_be) {
    fake_server server(conversation(),
                       test::server_certificate{authority.issue({.names = {"localhost"}})});
    const auto info = sign_in_to(server, options(tls_mode::verify_identity, "localhost"));
    ASSERT_TRUE(info.has_value()) << info.error().what;
    EXPECT_TRUE(info->encrypted);
    EXPECT_EQ(info->tls_version, "TLSv1.3");
    EXPECT_EQ(server.server_name(), "localhost");
    EXPECT_TRUE(warnings.empty());
    // Only now, behind TLS, came the password.
    EXPECT_EQ(server.received().at(2), test::to_bytes(std::string_view("s3cret pass\0", 12)));
}

TEST_F(tls, verifies_addresses_and_sends_none_as_a_server_name) {
    fake_server server(conversation(),
                       test::server_certificate{authority.issue({.addresses = {"127.0.0.1"}})});
    const auto info = sign_in_to(server, options(tls_mode::verify_identity));
    ASSERT_TRUE(info.has_value()) << info.error().what;
    EXPECT_EQ(server.server_name(), "");
}

TEST_F(tls, refuses_a_certificate_for_another_name_and_shows_both) {
    const auto by_address = try_certificate({.names = {"db.example", "other.example"}},
                                            options(tls_mode::verify_identity));
    expect_refused(by_address, "DNS:db.example, DNS:other.example");
    expect_refused(by_address, "expects \"127.0.0.1\"");
    expect_refused(try_certificate({.addresses = {"127.0.0.1"}},
                                   options(tls_mode::verify_identity, "localhost")),
                   "expects \"localhost\"");
}

TEST_F(tls, does_not_ask_for_the_name_in_mode_verify_ca) {
    EXPECT_TRUE(
        try_certificate({.names = {"db.example"}}, options(tls_mode::verify_ca)).has_value());
}

TEST_F(tls, refuses_a_certificate_of_another_authority) {
    test::certificate_authority other(directory.path() / "other");
    for (const auto mode : {tls_mode::verify_ca, tls_mode::verify_identity}) {
        auto given = options(mode);
        given.tls.ca = other.ca_file();
        const auto refused = try_certificate({.addresses = {"127.0.0.1"}}, given);
        expect_refused(refused, "is not signed by the CA in " + other.ca_file().string());
    }
    auto without_ca = options(tls_mode::verify_ca);
    without_ca.tls.ca.clear();
    expect_refused(try_certificate({.addresses = {"127.0.0.1"}}, without_ca), "set tls.ca");
}

TEST_F(tls, refuses_certificates_out_of_their_time) {
    const auto given = options(tls_mode::verify_ca);
    expect_refused(try_certificate({.valid_until = -1h}, given), "has expired: it was good until");
    expect_refused(try_certificate({.valid_from = 1h}, given), "is not good before");
}

TEST_F(tls, encrypts_without_checking_in_the_modes_that_do_not_verify) {
    test::certificate_authority other(directory.path() / "other");
    for (const auto mode : {tls_mode::preferred, tls_mode::required}) {
        auto given = options(mode);
        given.tls.ca = other.ca_file();
        EXPECT_TRUE(try_certificate({.valid_until = -1h}, given).has_value());
    }
    ASSERT_EQ(warnings.size(), 1U); // of preferred
    EXPECT_THAT(warnings.front(), HasSubstr("does not check who answers"));
}

TEST_F(tls, shows_a_client_certificate_when_the_server_wants_one) {
    const auto files = authority.issue({.addresses = {"127.0.0.1"}});
    const test::server_certificate strict{files, authority.ca_file()};
    const auto own = authority.issue({.common_name = "replica"});

    auto given = options(tls_mode::verify_identity);
    {
        fake_server server(conversation(), strict);
        const auto refused = sign_in_to(server, given);
        ASSERT_FALSE(refused.has_value());
        EXPECT_THAT(refused.error().what, HasSubstr("certificate required"));
    }
    given.tls.cert = own.certificate;
    given.tls.key = own.key;
    fake_server server(conversation(), strict);
    const auto info = sign_in_to(server, given);
    EXPECT_TRUE(info.has_value()) << info.error().what;
}

TEST_F(tls, names_files_that_cannot_be_used) {
    auto given = options(tls_mode::verify_ca);
    given.tls.ca = "/nonexistent/ca.pem";
    expect_refused(try_certificate({}, given), "tls.ca /nonexistent/ca.pem");
    given = options(tls_mode::required);
    given.tls.cert = authority.issue({}).certificate;
    expect_refused(try_certificate({}, given), "together");
    given.tls.key = authority.issue({}).key; // of another certificate
    expect_refused(try_certificate({}, given), "tls.key");
}

TEST_F(tls, refuses_bytes_that_come_between_the_greeting_and_tls) {
    auto early = frame(test::greeting_payload(), 0);
    const auto injected = frame(test::ok_payload(), 2);
    early.insert(early.end(), injected.begin(), injected.end());
    fake_server server({send(early)});
    const auto got = sign_in_to(server, options(tls_mode::required));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, make_error_code(errc::malformed)) << got.error().what;
}

TEST_F(tls, notices_a_server_that_stalls_or_leaves_at_any_step) {
    const auto files = authority.issue({.addresses = {"127.0.0.1"}});
    const auto whole = conversation();
    for (std::size_t steps = 0; steps < whole.size(); ++steps) {
        SCOPED_TRACE(steps);
        const std::vector<server_step> cut(whole.begin(),
                                           whole.begin() + static_cast<std::ptrdiff_t>(steps));
        auto given = options(tls_mode::verify_identity);
        given.connect_timeout = given.read_timeout = 100ms;
        {
            fake_server server(cut, test::server_certificate{files});
            const auto stalled = sign_in_to(server, given);
            ASSERT_FALSE(stalled.has_value());
            EXPECT_EQ(stalled.error().code, make_error_code(errc::timed_out))
                << stalled.error().what;
        }
        auto gone = cut;
        gone.push_back({server_step::what::hang_up});
        fake_server server(gone, test::server_certificate{files});
        const auto lost = sign_in_to(server, options(tls_mode::verify_identity));
        ASSERT_FALSE(lost.has_value());
        EXPECT_EQ(lost.error().code, make_error_code(errc::connection_lost)) << lost.error().what;
    }
}

} // namespace
} // namespace understudy::protocol::net
