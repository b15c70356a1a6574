#pragma once

#include "protocol/session/secret.hpp"
#include "protocol/wire/compression.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::protocol {

// As the mysql client's --ssl-mode.
enum class tls_mode : std::uint8_t {
    disabled,
    preferred,       // encrypts if the server can; authenticates nobody
    required,        // encrypts or fails; authenticates nobody
    verify_ca,       // the certificate comes from our CA
    verify_identity, // … and names the host we connect to
};

[[nodiscard]] std::string_view to_string(tls_mode mode);
[[nodiscard]] std::optional<tls_mode> parse_tls_mode(std::string_view text);

struct tls_options {
    tls_mode mode = tls_mode::preferred;
    std::string ca;   // file, PEM
    std::string cert; // client certificate, file, PEM
    std::string key;  // file, PEM
};

struct server_address {
    std::string host;
    std::uint16_t port = 3306;
    bool operator==(const server_address&) const = default;
};

// Everything needed to reach and sign in to one server; a plain value, used for sources and
// targets.
struct connect_options {
    std::string host; // name, address, or the path of a Unix socket (starts with '/'; the port is
                      // not used then)
    std::uint16_t port = 3306;
    std::string user;
    secret password;
    std::string database;
    tls_options tls;
    compression compressed = compression::none; // a server that does not offer it is refused
    int zstd_level = zstd_level_default;
    // Told to the server when it signs us in; it shows them to the same account and to
    // administrators (performance_schema.session_account_connect_attrs). No secrets.
    std::vector<std::pair<std::string, std::string>> attributes;
    std::chrono::milliseconds connect_timeout{10'000};
    // No byte for this long on any step of a conversation means that the other side is gone.
    std::chrono::milliseconds read_timeout{60'000};
    std::chrono::milliseconds write_timeout{60'000};

    [[nodiscard]] bool is_local() const { return host.starts_with('/'); }
    // The same account and settings at another server.
    [[nodiscard]] connect_options at(const server_address& other) const;
    [[nodiscard]] std::string address() const;   // "host:port" or the socket's path
    [[nodiscard]] std::string to_string() const; // "user@host:port", for messages
};

} // namespace understudy::protocol
