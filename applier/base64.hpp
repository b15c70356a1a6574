#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace understudy::applier {

// Appends the base64 form (RFC 4648, padded, no line breaks) of the bytes.
void append_base64(std::string& out, std::span<const std::byte> bytes);

[[nodiscard]] constexpr std::size_t base64_size(std::size_t size) {
    return (size + 2) / 3 * 4;
}

} // namespace understudy::applier
