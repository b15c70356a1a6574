#include "tests/live/own_client.hpp"

#include "tests/protocol/run_awaitable.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace understudy::test {

namespace asio = boost::asio;
using protocol::connect_options;
using protocol::result;
using protocol::net::connection;

namespace {

constexpr const char* account_password = "p'ä\"s\\s";

asio::awaitable<result<std::string>> ask(asio::any_io_executor executor, connect_options options,
                                         std::string sql) {
    auto opened = co_await connection::open(executor, std::move(options), {});
    if (!opened) co_return std::unexpected(opened.error());
    auto answer = co_await (*opened)->query(std::move(sql));
    if (!answer) co_return std::unexpected(answer.error());
    co_await (*opened)->close();
    co_return answer->rows.at(0).at(0).value_or("NULL");
}

} // namespace

connect_options options_for(const live_server& server, protocol::tls_mode mode) {
    connect_options options;
    options.host = "127.0.0.1";
    options.port = server.port();
    options.user = "u";
    options.password = protocol::secret(account_password);
    options.tls.mode = mode;
    return options;
}

void create_account(const live_server& server, const std::string& how) {
    auto root = server.root();
    root.exec("CREATE USER u@'%' " + how + " " + root.quote(account_password));
    root.exec("GRANT ALL ON *.* TO u@'%'");
}

result<std::string> ask(const connect_options& options, const std::string& sql) {
    asio::io_context io;
    return run_awaitable(io, ask(io.get_executor(), options, sql));
}

void expect_user(const connect_options& options, const std::string& user) {
    const auto answer = ask(options, "SELECT REPLACE(USER(), 'localhost', '127.0.0.1')");
    ASSERT_TRUE(answer.has_value()) << answer.error().what;
    EXPECT_EQ(*answer, user);
}

} // namespace understudy::test
