#include "relay/file_cipher.hpp"

#include "protocol/assert.hpp"
#include "relay/errc.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;

unsigned char* raw(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}

int size_of(std::span<const std::byte> bytes) {
    UNDERSTUDY_ASSERT(bytes.size() <= std::numeric_limits<int>::max());
    return static_cast<int>(bytes.size());
}

// Without randomness there is no encryption, and a repeated nonce would give the key away.
void fill_randomly(std::span<std::byte> bytes) {
    UNDERSTUDY_ASSERT(RAND_bytes(raw(bytes.data()), size_of(bytes)) == 1);
}

} // namespace

void file_cipher::release::operator()(evp_cipher_ctx_st* context) const {
    EVP_CIPHER_CTX_free(context);
}

void file_cipher::description::write(protocol::byte_writer& out) const {
    out.u16(static_cast<std::uint16_t>(key_id.size()));
    out.text(key_id);
    out.bytes(salt);
}

file_cipher::description file_cipher::description::read(protocol::byte_reader& in) {
    description found;
    const auto size = in.u16();
    if (size > key_ring::id_size_max) in.set_failed();
    found.key_id = in.text(size);
    const auto salt = in.bytes(salt_size);
    if (in.ok()) std::ranges::copy(salt, found.salt.begin());
    return found;
}

file_cipher::file_cipher(const key_ring::key& key, description what, std::string_view purpose)
    : what_(std::move(what)), context_(EVP_CIPHER_CTX_new()) {
    if (!context_) throw std::bad_alloc();
    std::vector<std::byte> message;
    protocol::byte_writer out(message);
    out.nul_text(purpose);
    out.bytes(what_.salt);
    unsigned size = 0;
    const auto* made = HMAC(EVP_sha256(), key.bytes.data(), static_cast<int>(key.bytes.size()),
                            raw(message.data()), message.size(), raw(key_.data()), &size);
    UNDERSTUDY_ASSERT(made != nullptr && size == key_.size());
}

file_cipher::~file_cipher() {
    OPENSSL_cleanse(key_.data(), key_.size());
}

file_cipher file_cipher::begin(const key_ring& keys, std::string_view purpose) {
    const auto* key = keys.newest();
    UNDERSTUDY_ASSERT(key != nullptr);
    description what;
    what.key_id = key->id;
    fill_randomly(what.salt);
    return {*key, std::move(what), purpose};
}

result<file_cipher> file_cipher::resume(const key_ring& keys, description what,
                                        std::string_view purpose) {
    const auto* key = keys.find(what.key_id);
    if (key == nullptr) {
        return fail(errc::bad_key,
                    "it is encrypted with the key " + what.key_id + ", and " + keys.describe());
    }
    return file_cipher(*key, std::move(what), purpose);
}

file_cipher::seal_bytes file_cipher::encrypt(std::span<const std::byte> with,
                                             std::initializer_list<part> parts) {
    seal_bytes seal{};
    fill_randomly(seal.nonce);
    auto* context = context_.get();
    int size = 0;
    bool good = EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nullptr, raw(key_.data()),
                                   raw(seal.nonce.data())) == 1;
    good = good && EVP_EncryptUpdate(context, nullptr, &size, raw(with.data()), size_of(with)) == 1;
    for (const auto& one : parts) {
        UNDERSTUDY_ASSERT(one.from.size() == one.to.size());
        if (one.from.empty()) continue;
        good = good && EVP_EncryptUpdate(context, raw(one.to.data()), &size, raw(one.from.data()),
                                         size_of(one.from)) == 1;
    }
    good = good && EVP_EncryptFinal_ex(context, raw(seal.tag.data()), &size) == 1;
    good =
        good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, tag_size, seal.tag.data()) == 1;
    UNDERSTUDY_ASSERT(good); // GCM refuses nothing of this size
    return seal;
}

bool file_cipher::decrypt(const seal_bytes& seal, std::span<const std::byte> with,
                          std::initializer_list<part> parts) {
    auto* context = context_.get();
    auto tag = seal.tag;
    int size = 0;
    bool good = EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nullptr, raw(key_.data()),
                                   raw(seal.nonce.data())) == 1;
    good = good && EVP_DecryptUpdate(context, nullptr, &size, raw(with.data()), size_of(with)) == 1;
    for (const auto& one : parts) {
        UNDERSTUDY_ASSERT(one.from.size() == one.to.size());
        if (one.from.empty()) continue;
        good = good && EVP_DecryptUpdate(context, raw(one.to.data()), &size, raw(one.from.data()),
                                         size_of(one.from)) == 1;
    }
    good = good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1;
    std::array<std::byte, tag_size> rest{};
    return good && EVP_DecryptFinal_ex(context, raw(rest.data()), &size) == 1;
}

protocol::error file_cipher::tampered() const {
    return {make_error_code(errc::tampered),
            "this is not what was encrypted here with the key " + what_.key_id +
                ": it was tampered with, or that id had another key",
            {}};
}

std::vector<std::byte> file_cipher::seal(std::span<const std::byte> with,
                                         std::span<const std::byte> plain) {
    std::vector<std::byte> sealed(plain.size() + overhead);
    const auto body = std::span(sealed).subspan(nonce_size, plain.size());
    const auto made = encrypt(with, {{plain, body}});
    std::ranges::copy(made.nonce, sealed.begin());
    std::ranges::copy(made.tag, std::span(sealed).last(tag_size).begin());
    return sealed;
}

result<std::vector<std::byte>> file_cipher::open(std::span<const std::byte> with,
                                                 std::span<const std::byte> sealed) {
    if (sealed.size() < overhead) return fail(errc::corrupt, "the encrypted bytes are cut off");
    seal_bytes seal{};
    std::ranges::copy(sealed.first(nonce_size), seal.nonce.begin());
    std::ranges::copy(sealed.last(tag_size), seal.tag.begin());
    const auto body = sealed.subspan(nonce_size, sealed.size() - overhead);
    std::vector<std::byte> plain(body.size());
    if (!decrypt(seal, with, {{body, plain}})) {
        return std::unexpected(tampered());
    }
    return plain;
}

} // namespace understudy::relay
