#include "protocol/session/digest.hpp"

#include "protocol/assert.hpp"

#include <memory>

namespace understudy::protocol {

std::vector<std::byte> digest(const EVP_MD* algorithm, std::initializer_list<bytes_view> parts) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    bool ok = context != nullptr && EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1;
    for (const auto part : parts) {
        ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    }
    std::vector<std::byte> out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    ok = ok && EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()),
                                  nullptr) == 1;
    // Only a broken OpenSSL, or one that is out of memory, fails here.
    UNDERSTUDY_ASSERT(ok);
    return out;
}

void apply_xor(std::span<std::byte> bytes, bytes_view key) {
    UNDERSTUDY_ASSERT(!key.empty());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] ^= key[i % key.size()];
    }
}

} // namespace understudy::protocol
