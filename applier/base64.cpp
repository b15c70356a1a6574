#include "applier/base64.hpp"

#include "protocol/assert.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace understudy::applier {

void append_base64(std::string& out, std::span<const std::byte> bytes) {
    // A multiple of 3, so that only the last piece is padded; OpenSSL counts in int.
    constexpr std::size_t piece_max = 3UL << 20U;
    const std::size_t start = out.size();
    const std::size_t encoded = base64_size(bytes.size());
    // One more: EVP_EncodeBlock ends its output with a NUL.
    out.resize(start + encoded + 1);
    std::size_t at = start;
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(piece_max, bytes.size()));
        const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + at),
                                            reinterpret_cast<const unsigned char*>(piece.data()),
                                            static_cast<int>(piece.size()));
        at += static_cast<std::size_t>(written);
        bytes = bytes.subspan(piece.size());
    }
    UNDERSTUDY_ASSERT(at == start + encoded);
    out.resize(start + encoded);
}

} // namespace understudy::applier
