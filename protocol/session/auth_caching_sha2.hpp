#pragma once

#include "protocol/result.hpp"
#include "protocol/session/secret.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// caching_sha2_password, the fast way: SHA256(p) XOR SHA256(SHA256(SHA256(p)) + nonce), 32 bytes;
// nothing for no password.
[[nodiscard]] std::vector<std::byte> caching_sha2_response(const secret& password,
                                                           std::span<const std::byte> nonce);

// The full way without TLS: the password, its NUL included, XOR the nonce, encrypted with the
// server's RSA key (PEM) and OAEP with SHA-1, as sql/auth/sha2_password.cc decrypts it.
[[nodiscard]] result<std::vector<std::byte>> rsa_encrypt_password(const secret& password,
                                                                  std::span<const std::byte> nonce,
                                                                  std::string_view public_key);

} // namespace understudy::protocol
