#pragma once

#include "protocol/net/io_attempt.hpp"
#include "protocol/net/tls_verification.hpp"
#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace understudy::protocol::net {

// The client side of TLS over a connected socket that does not block. OpenSSL reads from the socket
// itself, up to a quarter of a megabyte at once; the stream waits when it wants more. The socket
// stays its owner's and outlives this. TLS 1.2 or newer.
class tls_session {
public:
    // errc::tls_failed if a file cannot be used; the error names it.
    [[nodiscard]] static result<std::unique_ptr<tls_session>> create(const connect_options& options,
                                                                     int socket);
    ~tls_session();
    tls_session(const tls_session&) = delete;
    tls_session& operator=(const tls_session&) = delete;

    // moved: TLS is up and the certificate passed what the mode asks for. failed: the reason says
    // which check did not.
    [[nodiscard]] io_attempt shake_hands();
    // Reads as much as there is and fits.
    [[nodiscard]] io_attempt read(std::span<std::byte> into);
    [[nodiscard]] io_attempt write(std::span<const std::byte> from);
    // Tells the other side that nothing follows, if that can be done at once.
    void say_goodbye();

    [[nodiscard]] std::string version() const; // "TLSv1.3"

private:
    struct release {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* session) const { SSL_free(session); }
    };
    struct socket_state;

    tls_session(const connect_options& options, int socket);
    [[nodiscard]] result<void> load_files(const tls_options& options);
    [[nodiscard]] result<void> prepare(const connect_options& options);
    [[nodiscard]] io_attempt judge(int returned);

    std::unique_ptr<socket_state> socket_;
    std::unique_ptr<tls_verification> verification_;
    std::unique_ptr<SSL_CTX, release> context_;
    std::unique_ptr<SSL, release> session_;
};

} // namespace understudy::protocol::net
