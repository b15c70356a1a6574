#include "protocol/session/auth_parsec.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

namespace understudy::protocol {

namespace {

constexpr std::byte derivation_pbkdf2{'P'};
constexpr unsigned iterations_least = 1024;
// The server allows no more (plugin/auth_parsec); a hostile one must not keep us computing.
constexpr unsigned exponent_max = 3;
constexpr std::size_t salt_head_size = 2;
constexpr std::size_t salt_size_max = 64;
constexpr std::size_t seed_size = 32;
constexpr std::size_t signature_size = 64;

template<auto Free>
struct openssl_free {
    void operator()(auto* object) const { Free(object); }
};
using key_handle = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using digest_handle = std::unique_ptr<EVP_MD_CTX, openssl_free<EVP_MD_CTX_free>>;

const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

key_handle derive_key(const secret& password, unsigned exponent, std::span<const std::byte> salt) {
    std::array<unsigned char, seed_size> seed{};
    const auto text = password.reveal();
    const bool derived =
        PKCS5_PBKDF2_HMAC(text.data(), static_cast<int>(text.size()), raw(salt.data()),
                          static_cast<int>(salt.size()),
                          static_cast<int>(iterations_least << exponent), EVP_sha512(),
                          static_cast<int>(seed.size()), seed.data()) == 1;
    key_handle key(
        derived ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size())
                : nullptr);
    OPENSSL_cleanse(seed.data(), seed.size());
    return key;
}

} // namespace

result<std::vector<std::byte>> parsec_response(const secret& password,
                                               std::span<const std::byte> salt,
                                               std::span<const std::byte> server_nonce,
                                               std::span<const std::byte> our_nonce) {
    if (salt.size() <= salt_head_size || salt.size() > salt_head_size + salt_size_max ||
        salt[0] != derivation_pbkdf2 || std::to_integer<unsigned>(salt[1]) > exponent_max) {
        return fail(errc::malformed,
                    "the salt that the server sends for the plugin \"parsec\" is not understood");
    }
    const auto key =
        derive_key(password, std::to_integer<unsigned>(salt[1]), salt.subspan(salt_head_size));
    std::vector<std::byte> message(server_nonce.begin(), server_nonce.end());
    message.insert(message.end(), our_nonce.begin(), our_nonce.end());

    std::vector<std::byte> response(our_nonce.begin(), our_nonce.end());
    response.resize(our_nonce.size() + signature_size);
    auto* const signature = reinterpret_cast<unsigned char*>(response.data() + our_nonce.size());
    std::size_t size = signature_size;
    const digest_handle context(EVP_MD_CTX_new());
    const bool ok =
        key != nullptr && context != nullptr &&
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
        EVP_DigestSign(context.get(), signature, &size, raw(message.data()), message.size()) == 1 &&
        size == signature_size;
    // Only a broken OpenSSL, or one that is out of memory, fails here.
    UNDERSTUDY_ASSERT(ok);
    return response;
}

} // namespace understudy::protocol
