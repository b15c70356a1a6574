#pragma once

#include "tests/support/certificate_authority.hpp"

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {

// Whom a webhook tells: on a free loopback port, with TLS when it has a certificate. Takes
// connections one by one, answers each with the next status (200 after the last; 0 is silence until
// the other side leaves), and keeps what it was told.
class http_receiver {
public:
    explicit http_receiver(std::vector<int> statuses,
                           const std::optional<certificate_files>& certificate = {},
                           std::uint16_t port = 0);
    ~http_receiver();
    http_receiver(const http_receiver&) = delete;
    http_receiver& operator=(const http_receiver&) = delete;

    struct told {
        int status = 0; // that it was answered with
        std::string head;
        std::string body;
    };
    [[nodiscard]] std::vector<told> all() const;
    [[nodiscard]] std::size_t count() const { return all().size(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    struct release {
        void operator()(SSL_CTX* context) const;
    };
    void run();
    void serve(int link);

    const std::vector<int> statuses_;
    std::unique_ptr<SSL_CTX, release> context_;
    int socket_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::vector<told> told_;
    std::jthread thread_;
};

} // namespace understudy::test
