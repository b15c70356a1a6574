#pragma once

#include "protocol/result.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace understudy::apps {

struct http_address {
    bool tls = false;
    std::string host;
    std::string port;
    std::string path; // with the query, from "/" on
};

// "https://host:port/path"; nothing for what is none. No user in it: it would be shown in logs.
[[nodiscard]] std::optional<http_address> parse_http_address(std::string_view text);

struct http_call {
    http_address to;
    std::string method = "GET";
    std::string body; // JSON; none when empty
    std::string token;
    // The one certificate that the server must have; empty: any that an authority of this machine
    // has signed for that host.
    std::filesystem::path certificate;
    std::chrono::milliseconds timeout{30'000};
};

struct http_answer {
    unsigned status = 0;
    std::string body;
};

// Asks once, on a connection of its own. Blocks, for the timeout at most (and as long as the
// system looks for the host's address), or until it is told to stop.
[[nodiscard]] protocol::result<http_answer> ask(const http_call& what,
                                                const std::stop_token& stop = {});

} // namespace understudy::apps
