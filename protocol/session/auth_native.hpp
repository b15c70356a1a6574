#pragma once

#include "protocol/session/secret.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace understudy::protocol {

// mysql_native_password: SHA1(p) XOR SHA1(nonce + SHA1(SHA1(p))), 20 bytes; nothing for no
// password.
[[nodiscard]] std::vector<std::byte> native_password_response(const secret& password,
                                                              std::span<const std::byte> nonce);

} // namespace understudy::protocol
