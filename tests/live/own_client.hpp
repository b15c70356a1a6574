#pragma once

#include "protocol/net/connection.hpp"
#include "tests/support/live_server.hpp"

#include <string>

// Our own client on real servers, a question at a time.
namespace understudy::test {

// The account of create_account, over TCP.
[[nodiscard]] protocol::connect_options
options_for(const live_server& server, protocol::tls_mode mode = protocol::tls_mode::disabled);

// u, which may do everything; the password has quotes, a backslash and an umlaut.
void create_account(const live_server& server, const std::string& how = "IDENTIFIED BY");

// The first field of the answer's first row.
[[nodiscard]] protocol::result<std::string> ask(const protocol::connect_options& options,
                                                const std::string& sql);
void expect_user(const protocol::connect_options& options, const std::string& user = "u@127.0.0.1");

} // namespace understudy::test
