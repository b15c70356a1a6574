#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace understudy::protocol {

// Appends what is in a value of a COMPRESSED column of MariaDB (length prefix taken off): a header
// byte, and then the bytes as they are or deflated. errc::limit_exceeded above size_max,
// errc::malformed for damage; then nothing was appended.
[[nodiscard]] result<void> append_uncompressed(std::string& out, std::span<const std::byte> value,
                                               std::size_t size_max);

} // namespace understudy::protocol
