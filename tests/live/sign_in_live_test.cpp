// Our own client signs in to real servers with every authentication plugin it speaks.

#include "protocol/errc.hpp"
#include "tests/live/own_client.hpp"
#include "tests/support/live_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::protocol::net {
namespace {

using test::ask;
using test::expect_user;
using test::live_server;
using test::options_for;
using test::server_kind;
using ::testing::HasSubstr;

// Over TCP without TLS, over TLS with and without a check of the certificate, over the socket.
std::vector<connect_options> ways_to(live_server& server) {
    auto verified = options_for(server, tls_mode::verify_identity);
    verified.tls.ca = server.authority().ca_file();
    auto local = options_for(server, tls_mode::preferred);
    local.host = server.socket_path();
    return {options_for(server), options_for(server, tls_mode::required), verified, local};
}

void expect_signs_in(live_server& server, const std::string& user, const std::string& password) {
    for (auto options : ways_to(server)) {
        SCOPED_TRACE(user + " " + std::string(to_string(options.tls.mode)) + " " + options.host);
        options.user = user;
        options.password = secret(password);
        expect_user(options, user + "@127.0.0.1");
        options.password = secret(password + "x");
        const auto denied = ask(options, "DO 1");
        ASSERT_FALSE(denied.has_value());
        EXPECT_EQ(denied.error().code, make_error_code(errc::access_denied)) << denied.error().what;
    }
}

TEST(sign_in_to_mysql_97, speaks_sha256_password) {
    auto server = live_server::start(server_kind::mysql_97, {.tls = true});
    server.root().exec("CREATE USER sha@'%' IDENTIFIED WITH sha256_password BY 'correct horse'; "
                       "CREATE USER none@'%' IDENTIFIED WITH sha256_password");
    expect_signs_in(server, "sha", "correct horse");
    auto none = options_for(server);
    none.user = "none";
    none.password = secret();
    expect_user(none, "none@127.0.0.1");
}

TEST(sign_in_to_mysql_97, names_a_second_factor) {
    auto server = live_server::start(
        server_kind::mysql_97, {.extra_args = {"--plugin-load-add=authentication_webauthn.so",
                                               "--authentication-webauthn-rp-id=db.example"}});
    server.root().exec("SET GLOBAL authentication_policy = '*,,'; CREATE USER two@'%' IDENTIFIED "
                       "BY 'first' AND IDENTIFIED WITH authentication_webauthn");
    auto options = options_for(server);
    options.user = "two";
    options.password = secret("first");
    const auto refused = ask(options, "DO 1");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, make_error_code(errc::plugin_unsupported))
        << refused.error().what;
    EXPECT_THAT(refused.error().what, HasSubstr("second factor"));
}

void signs_in_by_mariadbs_plugins(server_kind kind, const std::vector<std::string>& plugins) {
    auto server = live_server::start(kind, {.tls = true});
    auto root = server.root();
    for (const auto& plugin : plugins) {
        root.exec("INSTALL SONAME 'auth_" + plugin + "'; CREATE USER " + plugin +
                  "@'%' IDENTIFIED VIA " + plugin +
                  " USING PASSWORD('correct horse'); "
                  "CREATE USER either_" +
                  plugin + "@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('other') OR " +
                  plugin + " USING PASSWORD('correct horse')");
        expect_signs_in(server, plugin, "correct horse");
        expect_signs_in(server, "either_" + plugin, "correct horse");
    }
}

TEST(sign_in_to_mariadb_118, speaks_ed25519_and_parsec) {
    signs_in_by_mariadbs_plugins(server_kind::mariadb_118, {"ed25519", "parsec"});
}

// MariaDB's PAM plugin asks for the password in clear text before it asks PAM.
TEST(sign_in_to_mariadb_118, refuses_a_clear_password_where_nobody_was_checked) {
    auto server = live_server::start(server_kind::mariadb_118, {.tls = true});
    server.restart({"--plugin-load-add=auth_pam_v1", "--pam-use-cleartext-plugin=ON"});
    server.root().exec("CREATE USER pam@'%' IDENTIFIED VIA pam USING 'no_such_service'");
    for (auto options : ways_to(server)) {
        SCOPED_TRACE(std::string(to_string(options.tls.mode)) + " " + options.host);
        options.user = "pam";
        const auto refused = ask(options, "DO 1");
        ASSERT_FALSE(refused.has_value());
        const bool checked = options.tls.mode == tls_mode::verify_identity;
        EXPECT_EQ(refused.error().code,
                  make_error_code(checked ? errc::access_denied : errc::password_exposed))
            << refused.error().what;
    }
}

} // namespace
} // namespace understudy::protocol::net
