#pragma once

#include "api/server.hpp"
#include "tests/api/fake_service.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

// A server of the API with a service that only notes what it is asked, and two who may ask.
namespace understudy::test {

inline constexpr std::string_view viewer = "the-token-of-the-viewer";
inline constexpr std::string_view operator_ = "the-token-of-the-operator";

class server_rig : public testing::Test {
protected:
    // Of any free port of the loopback.
    [[nodiscard]] api::server_options common_options() const {
        api::server_options made;
        made.port = 0;
        made.tokens = tokens();
        made.audit_file = directory.path() / "audit.log";
        return made;
    }
    [[nodiscard]] static api::token_table tokens() {
        api::token_table made;
        made.add(api::role::viewer, "vera", viewer);
        made.add(api::role::operator_, "otto", operator_);
        return made;
    }
    void start(api::server_options with) {
        auto started = api::server::start(service, std::move(with));
        ASSERT_TRUE(started) << started.error().what;
        server = *std::move(started);
        port = server->port();
    }
    [[nodiscard]] std::string bearer() const {
        return "Authorization: Bearer " + std::string(operator_) + "\r\n";
    }
    [[nodiscard]] std::string host() const {
        return "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
    }

    scratch_directory directory{"api_server"};
    fake_service service;
    std::unique_ptr<api::server> server;
    std::uint16_t port = 0;
};

} // namespace understudy::test
