#pragma once

#include "tests/api/http_conversation.hpp"

#include <openssl/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace understudy::test {

// An http_conversation under TLS. It takes certificates of one authority only, made out to
// 127.0.0.1. A handshake that fails is a std::runtime_error with OpenSSL's reason.
class tls_conversation final : public http_conversation {
public:
    // `version_max` is one of OpenSSL's TLS1_2_VERSION and so on, 0 for the newest; older ones are
    // offered however OpenSSL is configured.
    tls_conversation(std::uint16_t port, const std::filesystem::path& ca, int version_max = 0);
    ~tls_conversation() override;
    tls_conversation(tls_conversation&&) noexcept;

    [[nodiscard]] std::string version() const;     // "TLSv1.3"
    [[nodiscard]] std::string common_name() const; // in the server's certificate
    // Whether the server said that nothing follows, which nobody else can say in its name.
    [[nodiscard]] bool was_told_the_end() const;

private:
    struct release {
        void operator()(SSL_CTX* context) const;
        void operator()(SSL* session) const;
    };
    [[nodiscard]] long write_some(std::string_view bytes) override;
    [[nodiscard]] long read_some(char* into, std::size_t size) override;
    [[nodiscard]] bool has_read_ahead() const override;

    std::unique_ptr<SSL_CTX, release> context_;
    std::unique_ptr<SSL, release> session_;
};

} // namespace understudy::test
