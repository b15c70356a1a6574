#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace understudy::protocol {

// Bytes for a person to read. Parts of describe_value.

// 'text' with escapes if it is valid UTF-8, x'…' otherwise; shortened.
[[nodiscard]] std::string describe_text(std::span<const std::byte> bytes);
// x'0a1b…' shortened.
[[nodiscard]] std::string describe_bytes(std::span<const std::byte> bytes);

} // namespace understudy::protocol
