#include "protocol/session/auth_ed25519.hpp"

#include "protocol/assert.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <initializer_list>

namespace understudy::protocol {

namespace {

// OpenSSL signs only with a seed of 32 bytes, so the steps of RFC 8032 (5.1.6) stand here, on
// libsodium's arithmetic.
using point = std::array<unsigned char, crypto_core_ed25519_BYTES>;
using scalar = std::array<unsigned char, crypto_core_ed25519_SCALARBYTES>;
using hash = std::array<unsigned char, crypto_hash_sha512_BYTES>;
using bytes = std::span<const unsigned char>;

struct wiped_hash : hash {
    wiped_hash() = default;
    wiped_hash(const wiped_hash&) = delete;
    wiped_hash& operator=(const wiped_hash&) = delete;
    ~wiped_hash() { sodium_memzero(data(), size()); }
};
struct wiped_scalar : scalar {
    wiped_scalar() = default;
    wiped_scalar(const wiped_scalar&) = delete;
    wiped_scalar& operator=(const wiped_scalar&) = delete;
    ~wiped_scalar() { sodium_memzero(data(), size()); }
};

void hash_of(std::initializer_list<bytes> parts, hash& into) {
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    for (const auto part : parts)
        crypto_hash_sha512_update(&state, part.data(), part.size());
    crypto_hash_sha512_final(&state, into.data());
    sodium_memzero(&state, sizeof state);
}

point times_base(const scalar& factor) {
    point product{};
    const bool done = crypto_scalarmult_ed25519_base_noclamp(product.data(), factor.data()) == 0;
    UNDERSTUDY_ASSERT(done); // fails for the factor 0, which no hash gives
    return product;
}

} // namespace

std::vector<std::byte> ed25519_response(const secret& password, std::span<const std::byte> nonce) {
    UNDERSTUDY_ASSERT(sodium_init() >= 0);
    const bytes message(reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size());
    const auto text = password.reveal();

    wiped_hash expanded;
    hash_of({bytes(reinterpret_cast<const unsigned char*>(text.data()), text.size())}, expanded);
    wiped_scalar key;
    std::ranges::copy_n(expanded.begin(), key.size(), key.begin());
    key.front() &= 0xf8U;
    key.back() = static_cast<unsigned char>((key.back() & 0x7fU) | 0x40U);
    const bytes prefix = bytes(expanded).subspan(key.size());
    const point public_key = times_base(key);

    wiped_hash wide;
    wiped_scalar once;
    hash_of({prefix, message}, wide);
    crypto_core_ed25519_scalar_reduce(once.data(), wide.data());
    const point commitment = times_base(once);

    hash challenge_hash{};
    scalar challenge{};
    hash_of({commitment, public_key, message}, challenge_hash);
    crypto_core_ed25519_scalar_reduce(challenge.data(), challenge_hash.data());
    wiped_scalar product;
    scalar response{};
    crypto_core_ed25519_scalar_mul(product.data(), challenge.data(), key.data());
    crypto_core_ed25519_scalar_add(response.data(), product.data(), once.data());

    std::vector<std::byte> signature(commitment.size() + response.size());
    const auto as_byte = [](unsigned char value) { return std::byte{value}; };
    std::ranges::transform(commitment, signature.begin(), as_byte);
    std::ranges::transform(response, signature.begin() + commitment.size(), as_byte);
    return signature;
}

} // namespace understudy::protocol
