#pragma once

#include "protocol/result.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::relay {

// Where the keys are that the log is encrypted with. Both empty: it is not encrypted.
struct encryption_settings {
    std::filesystem::path key_file;
    std::string key_variable; // of the environment; holds what the file would
    [[nodiscard]] bool empty() const { return key_file.empty() && key_variable.empty(); }
};

// AES-256 keys with their ids. What is new is encrypted with the last one, so that a line more is a
// new key; what is old is readable while its key is still here. Copies share the keys, which are
// wiped from memory with the last copy. Immutable; any thread.
class key_ring {
public:
    static constexpr std::size_t key_size = 32;
    static constexpr std::size_t id_size_max = 64;
    struct key {
        std::string id;
        std::array<std::byte, key_size> bytes;
    };

    key_ring() = default; // nothing is encrypted, and nothing encrypted can be read
    // "ID HEX" a line, 64 hexadecimal digits, # begins a comment; `origin` is for messages, which
    // hold no key. errc::bad_key.
    [[nodiscard]] static protocol::result<key_ring> parse(std::string_view text,
                                                          const std::string& origin);
    // errc::bad_key also when the file or the variable is not there.
    [[nodiscard]] static protocol::result<key_ring> open(const encryption_settings& settings);

    [[nodiscard]] bool empty() const { return keys_ == nullptr; }
    [[nodiscard]] const key* newest() const; // null: empty
    [[nodiscard]] const key* find(std::string_view id) const;
    // "the key ring of FILE, which holds k1, k2", for messages.
    [[nodiscard]] std::string describe() const;

private:
    struct content;
    std::shared_ptr<const content> keys_;
};

} // namespace understudy::relay
