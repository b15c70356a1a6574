#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

namespace understudy::protocol {

using bytes_view = std::span<const std::byte>;

// The digest of the parts one after the other.
[[nodiscard]] std::vector<std::byte> digest(const EVP_MD* algorithm,
                                            std::initializer_list<bytes_view> parts);

// bytes XOR key, the key repeated as often as needed.
void apply_xor(std::span<std::byte> bytes, bytes_view key);

} // namespace understudy::protocol
