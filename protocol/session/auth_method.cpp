#include "protocol/session/auth_method.hpp"

#include "protocol/errc.hpp"
#include "protocol/session/auth_caching_sha2.hpp"
#include "protocol/session/auth_ed25519.hpp"
#include "protocol/session/auth_native.hpp"
#include "protocol/session/auth_parsec.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <openssl/rand.h>

#include <array>
#include <string>
#include <utility>

namespace understudy::protocol {

namespace {

using payload = std::vector<std::byte>;
using answer = result<payload>;
using next_answer = result<std::optional<payload>>;

constexpr std::size_t usual_nonce_size = 20;
constexpr std::size_t ed25519_nonce_size = 32;

result<std::span<const std::byte>> nonce_of(std::span<const std::byte> data, std::size_t size,
                                            std::string_view plugin) {
    const bool has_nul = data.size() == size + 1 && data.back() == std::byte{0};
    if (data.size() != size && !has_nul) {
        return fail(errc::malformed, "the server sends a nonce of " + std::to_string(data.size()) +
                                         " bytes for " + std::string(plugin));
    }
    return data.first(size);
}

// One allocation, so that no copy stays behind.
payload clear_text(const secret& password) {
    payload bytes;
    bytes.reserve(password.reveal().size() + 1);
    byte_writer(bytes).nul_text(password.reveal());
    return bytes;
}

class native final : public auth_method {
public:
    explicit native(const secret& password) : password_(password) {}
    answer begin(std::span<const std::byte> data) override {
        const auto nonce = nonce_of(data, usual_nonce_size, "mysql_native_password");
        if (!nonce) return std::unexpected(nonce.error());
        return native_password_response(password_, *nonce);
    }

private:
    const secret& password_;
};

// The part that both SHA-256 plugins have in common: the password itself, over TLS as it is and
// otherwise with the server's RSA key.
class rsa_exchange {
public:
    rsa_exchange(const secret& password, bool in_clear, std::byte key_request)
        : password_(password), in_clear_(in_clear), key_request_(key_request) {}

    [[nodiscard]] payload send_password() {
        if (in_clear_) return clear_text(password_);
        awaits_key_ = true;
        return {key_request_};
    }
    [[nodiscard]] next_answer on_key(std::span<const std::byte> pem,
                                     std::span<const std::byte> nonce) {
        awaits_key_ = false;
        auto encrypted = rsa_encrypt_password(password_, nonce, as_text(pem));
        if (!encrypted) return std::unexpected(std::move(encrypted.error()));
        return *std::move(encrypted);
    }
    [[nodiscard]] bool awaits_key() const { return awaits_key_; }

private:
    const secret& password_;
    bool in_clear_;
    std::byte key_request_;
    bool awaits_key_ = false;
};

class caching_sha2 final : public auth_method {
public:
    caching_sha2(const secret& password, auth_channel channel)
        : password_(password), full_(password, channel.encrypted || channel.local, key_request) {}

    answer begin(std::span<const std::byte> data) override {
        const auto nonce = nonce_of(data, usual_nonce_size, "caching_sha2_password");
        if (!nonce) return std::unexpected(nonce.error());
        nonce_.assign(nonce->begin(), nonce->end());
        return caching_sha2_response(password_, nonce_);
    }
    next_answer proceed(std::span<const std::byte> data) override {
        if (full_.awaits_key()) return full_.on_key(data, nonce_);
        if (data.size() == 1 && data.front() == fast_sign_in_done) return std::nullopt;
        if (data.size() == 1 && data.front() == full_sign_in_wanted) return full_.send_password();
        return fail(errc::malformed, "the server's answer to caching_sha2_password is not "
                                     "understood");
    }
    [[nodiscard]] bool awaits_data() const override { return full_.awaits_key(); }

private:
    static constexpr std::byte key_request{0x02};
    static constexpr std::byte fast_sign_in_done{0x03};
    static constexpr std::byte full_sign_in_wanted{0x04};
    const secret& password_;
    rsa_exchange full_;
    payload nonce_;
};

// The server takes a Unix socket for no safer than TCP (sql/auth/sha2_password.cc): only over TLS
// does it expect the password as it is.
class sha256 final : public auth_method {
public:
    sha256(const secret& password, auth_channel channel)
        : password_(password), full_(password, channel.encrypted, key_request) {}

    answer begin(std::span<const std::byte> data) override {
        const auto nonce = nonce_of(data, usual_nonce_size, "sha256_password");
        if (!nonce) return std::unexpected(nonce.error());
        nonce_.assign(nonce->begin(), nonce->end());
        if (password_.empty()) return payload{std::byte{0}};
        return full_.send_password();
    }
    next_answer proceed(std::span<const std::byte> data) override {
        if (full_.awaits_key()) return full_.on_key(data, nonce_);
        return auth_method::proceed(data);
    }
    [[nodiscard]] bool awaits_data() const override { return full_.awaits_key(); }

private:
    static constexpr std::byte key_request{0x01};
    const secret& password_;
    rsa_exchange full_;
    payload nonce_;
};

class clear_password final : public auth_method {
public:
    clear_password(const secret& password, auth_channel channel)
        : password_(password), channel_(channel) {}
    answer begin(std::span<const std::byte> /*nonce*/) override {
        if (!channel_.verified) {
            return fail(errc::password_exposed,
                        "the server asks for the password in clear text (plugin "
                        "\"mysql_clear_password\"), and nothing proves that it is the right "
                        "server: set tls.mode to \"verify-identity\" (or \"verify-ca\") with "
                        "tls.ca, or use an account with another plugin");
        }
        return clear_text(password_);
    }

private:
    const secret& password_;
    auth_channel channel_;
};

class ed25519 final : public auth_method {
public:
    explicit ed25519(const secret& password) : password_(password) {}
    answer begin(std::span<const std::byte> data) override {
        const auto nonce = nonce_of(data, ed25519_nonce_size, "client_ed25519");
        if (!nonce) return std::unexpected(nonce.error());
        return ed25519_response(password_, *nonce);
    }

private:
    const secret& password_;
};

class parsec final : public auth_method {
public:
    explicit parsec(const secret& password) : password_(password) {}
    answer begin(std::span<const std::byte> data) override {
        const auto nonce = nonce_of(data, ed25519_nonce_size, "parsec");
        if (!nonce) return std::unexpected(nonce.error());
        nonce_.assign(nonce->begin(), nonce->end());
        awaits_salt_ = true;
        return payload{};
    }
    next_answer proceed(std::span<const std::byte> data) override {
        if (!awaits_salt_) return auth_method::proceed(data);
        awaits_salt_ = false;
        payload ours(ed25519_nonce_size);
        if (RAND_bytes(reinterpret_cast<unsigned char*>(ours.data()),
                       static_cast<int>(ours.size())) != 1) {
            return fail(errc::unsupported, "OpenSSL has no random bytes to sign in with");
        }
        auto response = parsec_response(password_, data, nonce_, ours);
        if (!response) return std::unexpected(std::move(response.error()));
        return *std::move(response);
    }
    [[nodiscard]] bool awaits_data() const override { return awaits_salt_; }

private:
    const secret& password_;
    payload nonce_;
    bool awaits_salt_ = false;
};

using maker = std::unique_ptr<auth_method> (*)(const secret&, auth_channel);
struct plugin_entry {
    std::string_view name;
    bool answers_greeting;
    maker make;
};

constexpr std::array plugins{
    plugin_entry{"mysql_native_password", true,
                 [](const secret& password, auth_channel) -> std::unique_ptr<auth_method> {
                     return std::make_unique<native>(password);
                 }},
    plugin_entry{"caching_sha2_password", true,
                 [](const secret& password, auth_channel over) -> std::unique_ptr<auth_method> {
                     return std::make_unique<caching_sha2>(password, over);
                 }},
    plugin_entry{"sha256_password", true,
                 [](const secret& password, auth_channel over) -> std::unique_ptr<auth_method> {
                     return std::make_unique<sha256>(password, over);
                 }},
    plugin_entry{"mysql_clear_password", false,
                 [](const secret& password, auth_channel over) -> std::unique_ptr<auth_method> {
                     return std::make_unique<clear_password>(password, over);
                 }},
    plugin_entry{"client_ed25519", false,
                 [](const secret& password, auth_channel) -> std::unique_ptr<auth_method> {
                     return std::make_unique<ed25519>(password);
                 }},
    plugin_entry{"parsec", false,
                 [](const secret& password, auth_channel) -> std::unique_ptr<auth_method> {
                     return std::make_unique<parsec>(password);
                 }},
};

const plugin_entry* find(std::string_view name) {
    for (const auto& entry : plugins) {
        if (entry.name == name) return &entry;
    }
    return nullptr;
}

} // namespace

next_answer auth_method::proceed(std::span<const std::byte> /*data*/) {
    return fail(errc::malformed,
                "the server asks for more than its authentication plugin is known to");
}

std::unique_ptr<auth_method> make_auth_method(std::string_view plugin, const secret& password,
                                              auth_channel channel) {
    const auto* const entry = find(plugin);
    return entry == nullptr ? nullptr : entry->make(password, channel);
}

bool answers_greeting(std::string_view plugin) {
    const auto* const entry = find(plugin);
    return entry != nullptr && entry->answers_greeting;
}

} // namespace understudy::protocol
