#include "protocol/session/auth_native.hpp"

#include "protocol/session/digest.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <openssl/crypto.h>

namespace understudy::protocol {

std::vector<std::byte> native_password_response(const secret& password,
                                                std::span<const std::byte> nonce) {
    if (password.empty()) return {};
    auto hash = digest(EVP_sha1(), {as_bytes(password.reveal())});
    auto stored = digest(EVP_sha1(), {hash});
    apply_xor(hash, digest(EVP_sha1(), {nonce, stored}));
    // Whoever holds this can sign in as the account.
    OPENSSL_cleanse(stored.data(), stored.size());
    return hash;
}

} // namespace understudy::protocol
