#pragma once

#include "protocol/session/secret.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace understudy::protocol {

// MariaDB's client_ed25519: the nonce, signed. It is Ed25519 but for the seed: the password itself,
// of whatever length, takes the place of the 32 random bytes (plugin/auth_ed25519 of the server).
// 64 bytes.
[[nodiscard]] std::vector<std::byte> ed25519_response(const secret& password,
                                                      std::span<const std::byte> nonce);

} // namespace understudy::protocol
