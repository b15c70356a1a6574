#pragma once

#include "protocol/result.hpp"
#include "protocol/session/secret.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace understudy::protocol {

// MariaDB's parsec (11.6 and later): PBKDF2 makes an Ed25519 seed of the password, which signs both
// nonces; our nonce and the signature are sent, 96 bytes.
//
// salt, as the server sends it: 'P', the exponent of the iterations (1024 << 0 to 3), the salt.
[[nodiscard]] result<std::vector<std::byte>>
parsec_response(const secret& password, std::span<const std::byte> salt,
                std::span<const std::byte> server_nonce, std::span<const std::byte> our_nonce);

} // namespace understudy::protocol
