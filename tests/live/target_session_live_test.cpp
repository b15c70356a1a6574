#include "applier/errc.hpp"
#include "applier/target_session.hpp"
#include "tests/support/live_server.hpp"

#include <gtest/gtest.h>

namespace understudy::test {
namespace {

using protocol::tls_mode;

class target_session_by_tls : public testing::TestWithParam<tls_mode> {};

// A killed server ends a TLS connection with another error than a plain one.
TEST_P(target_session_by_tls, is_broken_once_the_server_was_killed) {
    live_server server = live_server::start(server_kind::mysql_97);
    server.root().exec("CREATE USER 'a'@'%' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO 'a'@'%'");
    protocol::connect_options options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.user = "a";
    options.password = protocol::secret(std::string("secret"));
    options.tls.mode = GetParam();
    auto session = applier::target_session::connect(options, [](const std::string&) {});
    ASSERT_TRUE(session) << session.error().what;
    ASSERT_FALSE((*session)->execute("DO no_such_function()"));
    EXPECT_FALSE((*session)->broken());
    server.kill_9();
    const auto done = (*session)->execute("DO 0");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, applier::errc::connection_lost) << done.error().what;
    EXPECT_TRUE((*session)->broken());
}

INSTANTIATE_TEST_SUITE_P(by, target_session_by_tls,
                         testing::Values(tls_mode::disabled, tls_mode::required),
                         [](const auto& info) {
                             return info.param == tls_mode::disabled ? "plain" : "tls";
                         });

// The account's password is not in the server's cache at first: the full way, over the socket.
TEST(target_session_by_socket, signs_in_with_a_cold_and_a_warm_cache) {
    live_server server = live_server::start(server_kind::mysql_97);
    server.root().exec("CREATE USER 'a'@'localhost' IDENTIFIED BY 'secret'; "
                       "GRANT ALL ON *.* TO 'a'@'localhost'; FLUSH PRIVILEGES");
    protocol::connect_options options;
    options.host = server.socket_path();
    options.user = "a";
    options.password = protocol::secret(std::string("secret"));
    for (const auto mode : {tls_mode::preferred, tls_mode::disabled, tls_mode::required}) {
        options.tls.mode = mode;
        std::string warned;
        auto session = applier::target_session::connect(
            options, [&](const std::string& text) { warned = text; });
        ASSERT_TRUE(session) << session.error().what;
        const auto user = (*session)->query("SELECT USER()");
        ASSERT_TRUE(user) << user.error().what;
        EXPECT_EQ(user->rows.at(0).at(0), "a@localhost");
        EXPECT_EQ(warned, "");
    }
}

TEST(target_session_limits, are_its_own_and_not_the_servers) {
    for (const auto kind : {server_kind::mysql_97, server_kind::mariadb_1011}) {
        SCOPED_TRACE(to_string(kind));
        live_server server = live_server::start(kind);
        const std::string limit = is_mariadb(kind) ? "max_statement_time" : "max_execution_time";
        server.root().exec("CREATE USER 'a'@'%' IDENTIFIED BY 'secret'; SET GLOBAL " + limit +
                           " = 1, GLOBAL sql_select_limit = 1, GLOBAL net_read_timeout = 1");
        protocol::connect_options options;
        options.host = "127.0.0.1";
        options.port = server.port();
        options.user = "a";
        options.password = protocol::secret(std::string("secret"));
        auto session = applier::target_session::connect(options, [](const std::string&) {});
        ASSERT_TRUE(session) << session.error().what;
        const auto found = (*session)->query("SELECT @@" + limit +
                                             " + 0 = 0, @@sql_select_limit > 1, "
                                             "@@net_read_timeout > 1");
        ASSERT_TRUE(found) << found.error().what;
        for (const auto& value : found->rows.at(0))
            EXPECT_EQ(value, "1");
    }
}

TEST(target_session_compressed, speaks_what_the_library_has) {
    live_server server = live_server::start(server_kind::mysql_97);
    server.root().exec("CREATE USER 'a'@'%' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO 'a'@'%'");
    protocol::connect_options options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.user = "a";
    options.password = protocol::secret(std::string("secret"));
    for (const auto mode : {tls_mode::disabled, tls_mode::required}) {
        options.tls.mode = mode;
        options.compressed = protocol::compression::zlib;
        auto session = applier::target_session::connect(options, [](const std::string&) {});
        ASSERT_TRUE(session) << session.error().what;
        const auto shown = (*session)->query("SHOW SESSION STATUS LIKE 'Compression'");
        ASSERT_TRUE(shown) << shown.error().what;
        EXPECT_EQ(shown->rows.at(0).at(1), "ON");
        const auto large = (*session)->query("SELECT LENGTH('" + std::string(17'000'000, 'x') +
                                             "'), REPEAT('y', 1000000)");
        ASSERT_TRUE(large) << large.error().what;
        EXPECT_EQ(large->rows.at(0).at(0), "17000000");
        EXPECT_EQ(large->rows.at(0).at(1), std::string(1'000'000, 'y'));
    }
#ifdef MARIADB_PACKAGE_VERSION
    options.compressed = protocol::compression::zstd;
    const auto refused = applier::target_session::connect(options, [](const std::string&) {});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().what.contains("zstd")) << refused.error().what;
#endif
}

} // namespace
} // namespace understudy::test
