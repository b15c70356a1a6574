#include "protocol/session/auth_caching_sha2.hpp"

#include "protocol/errc.hpp"
#include "protocol/session/digest.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace understudy::protocol {

namespace {

template<auto Free>
struct openssl_free {
    template<class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using bio = std::unique_ptr<BIO, openssl_free<BIO_free_all>>;
using key = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using key_context = std::unique_ptr<EVP_PKEY_CTX, openssl_free<EVP_PKEY_CTX_free>>;

std::vector<std::byte> xored_password(const secret& password, std::span<const std::byte> nonce) {
    const auto text = as_bytes(password.reveal());
    std::vector<std::byte> bytes;
    bytes.reserve(text.size() + 1); // grown in place, a copy of it would stay behind in memory
    bytes.assign(text.begin(), text.end());
    bytes.push_back(std::byte{0});
    apply_xor(bytes, nonce);
    return bytes;
}

} // namespace

std::vector<std::byte> caching_sha2_response(const secret& password,
                                             std::span<const std::byte> nonce) {
    if (password.empty()) return {};
    auto hash = digest(EVP_sha256(), {as_bytes(password.reveal())});
    const auto twice = digest(EVP_sha256(), {hash});
    apply_xor(hash, digest(EVP_sha256(), {twice, nonce}));
    return hash;
}

result<std::vector<std::byte>> rsa_encrypt_password(const secret& password,
                                                    std::span<const std::byte> nonce,
                                                    std::string_view public_key) {
    ERR_clear_error();
    const bio pem(BIO_new_mem_buf(public_key.data(), static_cast<int>(public_key.size())));
    const key rsa(pem ? PEM_read_bio_PUBKEY(pem.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!rsa || EVP_PKEY_get_base_id(rsa.get()) != EVP_PKEY_RSA) {
        ERR_clear_error();
        return fail(errc::malformed,
                    "the key that the server sends for the password is not an RSA public key");
    }
    auto plain = xored_password(password, nonce);
    const auto* in = reinterpret_cast<const unsigned char*>(plain.data());
    const key_context context(EVP_PKEY_CTX_new(rsa.get(), nullptr));
    std::size_t size = 0;
    bool ok = context && EVP_PKEY_encrypt_init(context.get()) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_encrypt(context.get(), nullptr, &size, in, plain.size()) == 1;
    std::vector<std::byte> encrypted(size);
    ok = ok && EVP_PKEY_encrypt(context.get(), reinterpret_cast<unsigned char*>(encrypted.data()),
                                &size, in, plain.size()) == 1;
    OPENSSL_cleanse(plain.data(), plain.size());
    if (!ok) {
        ERR_clear_error();
        return fail(errc::malformed, "the password cannot be encrypted with the server's RSA key "
                                     "(is it longer than the key allows?): use TLS");
    }
    encrypted.resize(size);
    return encrypted;
}

} // namespace understudy::protocol
