#pragma once

#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"

#include <openssl/ssl.h>

#include <string>

namespace understudy::protocol::net {

// Has OpenSSL check the server's certificate as the mode says, and remembers in words what was
// wrong with it: after a failed handshake the certificate is no longer there to be asked.
// Must outlive the session it was attached to.
class tls_verification {
public:
    explicit tls_verification(const connect_options& options);
    tls_verification(const tls_verification&) = delete;
    tls_verification& operator=(const tls_verification&) = delete;

    [[nodiscard]] result<void> attach(SSL* session);
    // Empty while nothing was wrong.
    [[nodiscard]] const std::string& failure() const { return failure_; }

private:
    static int on_certificate(int passed, X509_STORE_CTX* store);
    void describe(X509_STORE_CTX* store);

    tls_mode mode_;
    std::string host_;
    std::string ca_;
    std::string failure_;
};

// Whether this is an IP address and not a name.
[[nodiscard]] bool is_ip_address(const std::string& host);

} // namespace understudy::protocol::net
