#pragma once

#include "protocol/wire/capabilities.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a server would send, for tests of the client side. Payloads, unless the name says frame.
namespace understudy::test {

using bytes = std::vector<std::byte>;

[[nodiscard]] bytes from_hex(std::string_view hex);
[[nodiscard]] bytes to_bytes(std::string_view text);

struct greeting_request {
    std::string version = "9.7.4";
    std::uint64_t capabilities = protocol::capability::wanted | protocol::capability::ssl |
                                 protocol::capability::connect_with_db;
    std::string plugin = "caching_sha2_password";
    std::string nonce = "0123456789abcdefghij";
    bool ends_with_nul = true;
};
[[nodiscard]] bytes greeting_payload(const greeting_request& request = {});
[[nodiscard]] bytes ok_payload(std::uint8_t header = 0x00);
[[nodiscard]] bytes eof_payload();
[[nodiscard]] bytes error_payload(std::uint16_t number, std::string_view message,
                                  std::string_view sqlstate = "HY000");
[[nodiscard]] bytes auth_switch_payload(std::string_view plugin, std::string_view nonce);
[[nodiscard]] bytes column_payload(std::string_view name);
[[nodiscard]] bytes row_payload(const std::vector<std::optional<std::string>>& fields);

// A payload as it goes over the wire.
[[nodiscard]] bytes frame(const bytes& payload, std::uint8_t sequence);

} // namespace understudy::test
