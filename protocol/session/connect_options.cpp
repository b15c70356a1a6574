#include "protocol/session/connect_options.hpp"

#include <array>
#include <utility>

namespace understudy::protocol {

namespace {

constexpr std::array<std::pair<tls_mode, std::string_view>, 5> tls_mode_names{{
    {tls_mode::disabled, "disabled"},
    {tls_mode::preferred, "preferred"},
    {tls_mode::required, "required"},
    {tls_mode::verify_ca, "verify-ca"},
    {tls_mode::verify_identity, "verify-identity"},
}};

} // namespace

std::string_view to_string(tls_mode mode) {
    for (const auto& [value, name] : tls_mode_names) {
        if (value == mode) return name;
    }
    std::unreachable();
}

std::optional<tls_mode> parse_tls_mode(std::string_view text) {
    for (const auto& [value, name] : tls_mode_names) {
        if (name == text) return value;
    }
    return std::nullopt;
}

connect_options connect_options::at(const server_address& other) const {
    auto moved = *this;
    moved.host = other.host;
    moved.port = other.port;
    return moved;
}

std::string connect_options::address() const {
    if (is_local()) return host;
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string connect_options::to_string() const {
    return user + "@" + address();
}

} // namespace understudy::protocol
