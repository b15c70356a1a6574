#include "protocol/errc.hpp"
#include "protocol/session/auth_caching_sha2.hpp"
#include "protocol/session/auth_ed25519.hpp"
#include "protocol/session/auth_native.hpp"
#include "protocol/session/auth_parsec.hpp"
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

std::string as_string(const test::bytes& bytes) {
    return std::string(as_text(bytes));
}

// With a password of 32 bytes it is Ed25519 to the letter: RFC 8032, 7.1, tests 1 to 3.
TEST(auth_ed25519, signs_as_the_standard_does_when_the_password_is_a_seed) {
    struct vector {
        std::string seed;
        std::string message;
        std::string signature;
    };
    for (const auto& [seed, message, signature] : std::initializer_list<vector>{
             {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
              "39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
             {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
              "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f"
              "3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
             {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
              "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67"
              "f760984dc6594a7c15e9716ed28dc027beceea1ec40a"}}) {
        const secret password_of_32(as_string(test::from_hex(seed)));
        EXPECT_EQ(ed25519_response(password_of_32, test::from_hex(message)),
                  test::from_hex(signature));
    }
}

TEST(auth_ed25519, depends_on_nothing_but_the_password_and_the_nonce) {
    const auto signature = ed25519_response(password, nonce);
    EXPECT_EQ(signature.size(), 64U);
    EXPECT_EQ(signature, ed25519_response(password, nonce));
    EXPECT_NE(signature, ed25519_response(secret("other"), nonce));
    EXPECT_NE(signature, ed25519_response(password, test::to_bytes("another nonce")));
}

// The key was made by Python's hashlib.pbkdf2_hmac('sha512', …, 2048, 32) and OpenSSL.
TEST(auth_parsec, signs_both_nonces_with_the_derived_key) {
    const auto server_nonce = test::to_bytes("0123456789abcdef0123456789abcdef");
    const auto our_nonce = test::to_bytes("fedcba9876543210fedcba9876543210");
    const auto salt = test::from_hex("5001000102030405060708090a0b0c0d0e0f1011");
    const auto response = parsec_response(password, salt, server_nonce, our_nonce);
    ASSERT_TRUE(response.has_value()) << response.error().what;
    ASSERT_EQ(response->size(), 96U);
    const auto public_key =
        test::from_hex("896916e69e8744e948c2f830b35e6f0e7b024dbd66befd8cd98a51c322f9287d");
    const key_handle key(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(public_key.data()),
        public_key.size()));
    const std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()), 1);
    const auto message = as_string(server_nonce) + as_string(our_nonce);
    const auto sent = as_string(*response);
    EXPECT_EQ(sent.substr(0, 32), as_string(our_nonce));
    EXPECT_EQ(EVP_DigestVerify(
                  context.get(), reinterpret_cast<const unsigned char*>(sent.data()) + 32, 64,
                  reinterpret_cast<const unsigned char*>(message.data()), message.size()),
              1);
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
