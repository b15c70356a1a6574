#include "tests/api/tls_conversation.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>

namespace understudy::test {

namespace {

[[noreturn]] void fail(const std::string& doing) {
    const auto code = ::ERR_get_error();
    const char* const reason = ::ERR_reason_error_string(code);
    ::ERR_clear_error();
    throw std::runtime_error(doing + ": " + (reason != nullptr ? reason : "the connection ended"));
}

} // namespace

void tls_conversation::release::operator()(SSL_CTX* context) const {
    ::SSL_CTX_free(context);
}

void tls_conversation::release::operator()(SSL* session) const {
    ::SSL_free(session);
}

tls_conversation::tls_conversation(std::uint16_t port, const std::filesystem::path& ca,
                                   int version_max)
    : http_conversation(port), context_(::SSL_CTX_new(::TLS_client_method())) {
    // OpenSSL writes by write(2), which has no MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    // A server that says nothing must not hang the test.
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (::SSL_CTX_load_verify_file(context_.get(), ca.c_str()) != 1) fail("reading the authority");
    ::SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    if (version_max != 0) {
        ::SSL_CTX_set_security_level(context_.get(), 0);
        ::SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
        ::SSL_CTX_set_max_proto_version(context_.get(), version_max);
    }
    session_.reset(::SSL_new(context_.get()));
    ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(session_.get()), "127.0.0.1");
    ::SSL_set_fd(session_.get(), socket());
    ::ERR_clear_error();
    if (::SSL_connect(session_.get()) != 1) fail("handshake");
}

tls_conversation::~tls_conversation() = default;
tls_conversation::tls_conversation(tls_conversation&&) noexcept = default;

std::string tls_conversation::version() const {
    return ::SSL_get_version(session_.get());
}

std::string tls_conversation::common_name() const {
    std::array<char, 256> name{};
    ::X509_NAME_get_text_by_NID(
        ::X509_get_subject_name(::SSL_get0_peer_certificate(session_.get())), NID_commonName,
        name.data(), static_cast<int>(name.size()));
    return name.data();
}

bool tls_conversation::was_told_the_end() const {
    return (::SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

long tls_conversation::write_some(std::string_view bytes) {
    ::ERR_clear_error();
    std::size_t count = 0;
    return ::SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count) == 1
               ? static_cast<long>(count)
               : -1;
}

long tls_conversation::read_some(char* into, std::size_t size) {
    ::ERR_clear_error();
    std::size_t count = 0;
    return ::SSL_read_ex(session_.get(), into, size, &count) == 1 ? static_cast<long>(count) : -1;
}

bool tls_conversation::has_read_ahead() const {
    return ::SSL_pending(session_.get()) > 0;
}

} // namespace understudy::test
