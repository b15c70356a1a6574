#pragma once

#include "protocol/result.hpp"
#include "protocol/session/secret.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// What is known of the connection a password would go over.
struct auth_channel {
    bool encrypted = false; // TLS
    bool verified = false;  // … and the certificate was checked
    bool local = false;     // a Unix socket
};

// Our side of one authentication plugin, from the server's nonce on. Pure but for random bytes.
// What it returns may be the password itself: whoever sends it wipes it.
class auth_method {
public:
    virtual ~auth_method() = default;

    // The answer to the nonce, as it came (some servers end it with a NUL).
    [[nodiscard]] virtual result<std::vector<std::byte>>
    begin(std::span<const std::byte> nonce) = 0;
    // The answer to what the server sends next; nullopt: none, the server goes on.
    [[nodiscard]] virtual result<std::optional<std::vector<std::byte>>>
    proceed(std::span<const std::byte> data);
    // The next packet has to be the plugin's: an OK or a switch would be out of place.
    [[nodiscard]] virtual bool awaits_data() const { return false; }
};

// By the name the server uses; null for a plugin that we do not speak. The password has to outlive
// it.
[[nodiscard]] std::unique_ptr<auth_method>
make_auth_method(std::string_view plugin, const secret& password, auth_channel channel);

// Whether a nonce of the greeting's size is enough for it, so that it may answer the greeting.
[[nodiscard]] bool answers_greeting(std::string_view plugin);

} // namespace understudy::protocol
