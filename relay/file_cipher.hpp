#pragma once

#include "protocol/result.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/key_ring.hpp"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct evp_cipher_ctx_st;

namespace understudy::relay {

// AES-256-GCM under a key that one file alone has: HMAC-SHA256 of the purpose and 32 random bytes
// in the file, under a key of the ring. Each piece has 12 random bytes of its own as nonce, not a
// counter: a frame that was cut off after a crash is written again under the same number, and with
// a counter that would be the same nonce for other bytes. One thread at a time.
class file_cipher {
public:
    static constexpr std::size_t salt_size = 32;
    static constexpr std::size_t nonce_size = 12;
    static constexpr std::size_t tag_size = 16;
    static constexpr std::size_t overhead = nonce_size + tag_size;
    // What a file says of its key: text16 id, salt.
    struct description {
        std::string key_id;
        std::array<std::byte, salt_size> salt{};
        void write(protocol::byte_writer& out) const;
        [[nodiscard]] static description read(protocol::byte_reader& in);
    };

    // For a new file, with the ring's newest key; it must not be empty.
    [[nodiscard]] static file_cipher begin(const key_ring& keys, std::string_view purpose);
    // errc::bad_key: the ring does not have it.
    [[nodiscard]] static protocol::result<file_cipher>
    resume(const key_ring& keys, description what, std::string_view purpose);

    [[nodiscard]] const description& what() const { return what_; }

    // Pieces of one message, which need not stand together. from and to have the same size, and may
    // be the same bytes.
    struct part {
        std::span<const std::byte> from;
        std::span<std::byte> to;
    };
    struct seal_bytes {
        std::array<std::byte, nonce_size> nonce;
        std::array<std::byte, tag_size> tag;
    };
    // `with` is not encrypted, but the tag covers it.
    [[nodiscard]] seal_bytes encrypt(std::span<const std::byte> with,
                                     std::initializer_list<part> parts);
    // False: not what was written under this key; what stands in `to` then means nothing.
    [[nodiscard]] bool decrypt(const seal_bytes& seal, std::span<const std::byte> with,
                               std::initializer_list<part> parts);

    [[nodiscard]] protocol::error tampered() const;

    // nonce, encrypted bytes, tag.
    [[nodiscard]] std::vector<std::byte> seal(std::span<const std::byte> with,
                                              std::span<const std::byte> plain);
    // errc::corrupt, errc::tampered
    [[nodiscard]] protocol::result<std::vector<std::byte>> open(std::span<const std::byte> with,
                                                                std::span<const std::byte> sealed);

private:
    struct release {
        void operator()(evp_cipher_ctx_st* context) const;
    };
    file_cipher(const key_ring::key& key, description what, std::string_view purpose);

    description what_;
    std::array<std::byte, key_ring::key_size> key_{}; // of this file
    std::unique_ptr<evp_cipher_ctx_st, release> context_;

public:
    ~file_cipher();
    file_cipher(file_cipher&& other) noexcept = default;
    file_cipher& operator=(file_cipher&& other) noexcept = default;
};

} // namespace understudy::relay
