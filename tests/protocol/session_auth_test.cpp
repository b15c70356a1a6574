#include "protocol/errc.hpp"
#include "protocol/session/auth_caching_sha2.hpp"
#include "protocol/session/auth_native.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/protocol/server_packets.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>

namespace understudy::protocol {
namespace {

const secret password("s3cret pass");
const auto nonce = test::to_bytes("0123456789abcdefghij");

template<auto Free>
struct freed_by {
    void operator()(auto* object) const { Free(object); }
};
using key_handle = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;

std::string public_pem(EVP_PKEY* key) {
    const std::unique_ptr<BIO, freed_by<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_PUBKEY(bio.get(), key);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

// As sql/auth/sha2_password.cc does: OAEP with SHA-1, then XOR with the nonce.
std::string decrypted(EVP_PKEY* key, const test::bytes& encrypted) {
    const std::unique_ptr<EVP_PKEY_CTX, freed_by<EVP_PKEY_CTX_free>> context(
        EVP_PKEY_CTX_new(key, nullptr));
    EVP_PKEY_decrypt_init(context.get());
    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING);
    std::string plain(512, '\0');
    std::size_t size = plain.size();
    if (EVP_PKEY_decrypt(context.get(), reinterpret_cast<unsigned char*>(plain.data()), &size,
                         reinterpret_cast<const unsigned char*>(encrypted.data()),
                         encrypted.size()) != 1) {
        return "(not decrypted)";
    }
    plain.resize(size);
    for (std::size_t i = 0; i < size; ++i) {
        plain[i] = static_cast<char>(std::byte(plain[i]) ^ nonce[i % nonce.size()]);
    }
    return plain;
}

// Both vectors were computed with Python's hashlib from the formulas in the headers.
TEST(auth_native, answers_as_the_formula_says) {
    EXPECT_EQ(native_password_response(password, nonce),
              test::from_hex("c0ea3e95e315e73939137620f5f0d964f6eb7d9a"));
}

TEST(auth_caching_sha2, answers_as_the_formula_says) {
    EXPECT_EQ(caching_sha2_response(password, nonce),
              test::from_hex("28763bd87d655bab8bb32c7e918991f3ea75054eeba265b94375382beb77720c"));
}

TEST(auth, answers_nothing_for_no_password) {
    EXPECT_TRUE(native_password_response(secret(), nonce).empty());
    EXPECT_TRUE(caching_sha2_response(secret(), nonce).empty());
}

TEST(auth_caching_sha2, encrypts_the_password_so_that_the_server_can_read_it) {
    const key_handle key(EVP_RSA_gen(2048));
    const auto encrypted = rsa_encrypt_password(password, nonce, public_pem(key.get()));
    ASSERT_TRUE(encrypted.has_value()) << encrypted.error().what;
    EXPECT_EQ(encrypted->size(), 256U);
    EXPECT_EQ(decrypted(key.get(), *encrypted), "s3cret pass" + std::string(1, '\0'));
}

TEST(auth_caching_sha2, refuses_what_is_no_rsa_key_and_passwords_that_do_not_fit) {
    const key_handle curve(EVP_EC_gen("P-256"));
    const key_handle key(EVP_RSA_gen(2048));
    const secret long_one(std::string(400, 'x'));
    for (const auto& pem : {std::string(), std::string("nonsense"), public_pem(curve.get())}) {
        const auto encrypted = rsa_encrypt_password(password, nonce, pem);
        ASSERT_FALSE(encrypted.has_value());
        EXPECT_EQ(encrypted.error().code, make_error_code(errc::malformed));
        EXPECT_EQ(encrypted.error().what.find("s3cret"), std::string::npos);
    }
    EXPECT_FALSE(rsa_encrypt_password(long_one, nonce, public_pem(key.get())).has_value());
}

TEST(secret, leaves_nothing_behind_when_it_is_moved) {
    secret first("short");
    const secret second(std::move(first));
    EXPECT_TRUE(first.empty()); // NOLINT(bugprone-use-after-move): that is the point
    EXPECT_EQ(second.reveal(), "short");
    secret third("other");
    third = second;
    EXPECT_EQ(third.reveal(), "short");
    third = secret("a much longer password than any short string optimisation can hold");
    EXPECT_EQ(third.reveal().size(), 66U);
}

} // namespace
} // namespace understudy::protocol
