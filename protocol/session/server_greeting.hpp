#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace understudy::protocol {

// The first packet of a connection (manual: Protocol::HandshakeV10), as values.
struct server_greeting {
    std::string version; // without MariaDB's "5.5.5-" prefix
    std::uint32_t version_number = 0;
    bool is_mariadb = false;
    std::uint32_t connection_id = 0;
    std::uint64_t capabilities = 0;
    std::vector<std::byte> nonce; // 20 bytes
    std::string plugin;           // the server's default authentication plugin
};

[[nodiscard]] result<server_greeting> decode_server_greeting(std::span<const std::byte> payload);

// 90704 for "9.7.4-debug", 101119 for "10.11.19-MariaDB"; 0 if it does not start as a version does.
[[nodiscard]] std::uint32_t parse_version_number(std::string_view version);

} // namespace understudy::protocol
