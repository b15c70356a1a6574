#include "protocol/net/tls_session.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/trust_store.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>

namespace understudy::protocol::net {

namespace {

constexpr std::size_t read_ahead_bytes = 256U << 10U;

// The reason of the oldest error in OpenSSL's queue, which is emptied.
std::string reason_from_openssl() {
    const auto code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "unknown reason";
    const char* const reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

std::unexpected<error> unusable(const std::string& what, const std::string& file) {
    return fail(errc::tls_failed, what + " " + file + " cannot be used: " + reason_from_openssl());
}

} // namespace

// OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE when the other side is gone.
struct tls_session::socket_state {
    int socket = -1;
    bool at_end = false;
    std::string failure;

    static socket_state& of(BIO* bio) { return *static_cast<socket_state*>(BIO_get_data(bio)); }

    int conclude(BIO* bio, const io_attempt& attempt, std::size_t* count) {
        BIO_clear_retry_flags(bio);
        *count = attempt.count;
        switch (attempt.what) {
        case io_attempt::outcome::moved: return 1;
        case io_attempt::outcome::want_read: BIO_set_retry_read(bio); return 0;
        case io_attempt::outcome::want_write: BIO_set_retry_write(bio); return 0;
        case io_attempt::outcome::closed: at_end = true; return 0;
        case io_attempt::outcome::failed: failure = attempt.reason; return 0;
        }
        return 0;
    }

    static int read(BIO* bio, char* into, std::size_t size, std::size_t* count) {
        auto& state = of(bio);
        return state.conclude(
            bio, try_receive(state.socket, reinterpret_cast<std::byte*>(into), size), count);
    }
    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
        auto& state = of(bio);
        return state.conclude(
            bio, try_send(state.socket, reinterpret_cast<const std::byte*>(from), size), count);
    }
    static long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
        if (command == BIO_CTRL_FLUSH) return 1;
        if (command == BIO_CTRL_EOF) return of(bio).at_end ? 1 : 0;
        return 0;
    }

    static BIO_METHOD* method() {
        struct method_free {
            void operator()(BIO_METHOD* made) const { BIO_meth_free(made); }
        };
        static const std::unique_ptr<BIO_METHOD, method_free> made = [] {
            std::unique_ptr<BIO_METHOD, method_free> fresh(
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket"));
            UNDERSTUDY_ASSERT(fresh != nullptr);
            BIO_meth_set_read_ex(fresh.get(), &socket_state::read);
            BIO_meth_set_write_ex(fresh.get(), &socket_state::write);
            BIO_meth_set_ctrl(fresh.get(), &socket_state::control);
            return fresh;
        }();
        return made.get();
    }
};

tls_session::tls_session(const connect_options& options, int socket)
    : socket_(std::make_unique<socket_state>()),
      verification_(std::make_unique<tls_verification>(options)),
      context_(SSL_CTX_new(TLS_client_method())) {
    UNDERSTUDY_ASSERT(context_ != nullptr);
    socket_->socket = socket;
}

tls_session::~tls_session() = default;

result<std::unique_ptr<tls_session>> tls_session::create(const connect_options& options,
                                                         int socket) {
    ERR_clear_error();
    std::unique_ptr<tls_session> made(new tls_session(options, socket));
    if (auto loaded = made->load_files(options.tls); !loaded) {
        return std::unexpected(std::move(loaded.error()));
    }
    if (auto prepared = made->prepare(options); !prepared) {
        return std::unexpected(std::move(prepared.error()));
    }
    return made;
}

namespace {
bool verifies(tls_mode mode) {
    return mode == tls_mode::verify_ca || mode == tls_mode::verify_identity;
}
} // namespace

result<void> tls_session::load_files(const tls_options& options) {
    auto* const context = context_.get();
    // An encrypted key must not make OpenSSL ask on the terminal.
    SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
    if (!options.ca.empty()) {
        if (SSL_CTX_load_verify_file(context, options.ca.c_str()) != 1) {
            return unusable("tls.ca", options.ca);
        }
    } else if (verifies(options.mode)) {
        load_trust_store(context);
    }
    if (options.cert.empty() != options.key.empty()) {
        return fail(errc::tls_failed, "tls.cert and tls.key are only of use together");
    }
    if (options.cert.empty()) return {};
    if (SSL_CTX_use_certificate_chain_file(context, options.cert.c_str()) != 1) {
        return unusable("tls.cert", options.cert);
    }
    if (SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return unusable("tls.key", options.key);
    }
    return {};
}

result<void> tls_session::prepare(const connect_options& options) {
    auto* const context = context_.get();
    bool ok = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
    // MySQL's packets say how long they are, so a connection cut off cannot pass for a complete
    // one.
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, read_ahead_bytes);

    session_.reset(SSL_new(context));
    ok = ok && session_ != nullptr;
    BIO* const bio = ok ? BIO_new(socket_state::method()) : nullptr;
    if (bio == nullptr) return fail(errc::tls_failed, "TLS: " + reason_from_openssl());
    BIO_set_data(bio, socket_.get());
    BIO_set_init(bio, 1);
    SSL_set_bio(session_.get(), bio, bio); // owns it from here
    if (!options.is_local() && !is_ip_address(options.host) &&
        SSL_set_tlsext_host_name(session_.get(), options.host.c_str()) != 1) {
        return fail(errc::tls_failed, "'" + options.host + "' cannot be sent as a server name");
    }
    return verification_->attach(session_.get());
}

io_attempt tls_session::shake_hands() {
    ERR_clear_error();
    const int returned = SSL_connect(session_.get());
    if (returned == 1) return {io_attempt::outcome::moved, 0, {}};
    auto attempt = judge(returned);
    if (attempt.what == io_attempt::outcome::failed && !verification_->failure().empty()) {
        attempt.reason = verification_->failure();
    } else if (attempt.reason.find("protocol") != std::string::npos) {
        attempt.reason += " (TLS 1.2 or newer is needed; servers before MySQL 5.7 may lack it)";
    }
    return attempt;
}

io_attempt tls_session::read(std::span<std::byte> into) {
    ERR_clear_error();
    std::size_t total = 0;
    while (total < into.size()) {
        std::size_t count = 0;
        const int returned =
            SSL_read_ex(session_.get(), into.data() + total, into.size() - total, &count);
        if (returned != 1) {
            // What has been read comes first; the next call meets the same obstacle.
            if (total > 0) break;
            return judge(returned);
        }
        total += count;
    }
    return {io_attempt::outcome::moved, total, {}};
}

io_attempt tls_session::write(std::span<const std::byte> from) {
    ERR_clear_error();
    std::size_t count = 0;
    const int returned = SSL_write_ex(session_.get(), from.data(), from.size(), &count);
    if (returned != 1) return judge(returned);
    return {io_attempt::outcome::moved, count, {}};
}

io_attempt tls_session::judge(int returned) {
    switch (SSL_get_error(session_.get(), returned)) {
    case SSL_ERROR_WANT_READ: return {io_attempt::outcome::want_read, 0, {}};
    case SSL_ERROR_WANT_WRITE: return {io_attempt::outcome::want_write, 0, {}};
    case SSL_ERROR_ZERO_RETURN: return {io_attempt::outcome::closed, 0, {}};
    case SSL_ERROR_SYSCALL:
        ERR_clear_error();
        if (socket_->failure.empty()) return {io_attempt::outcome::closed, 0, {}};
        return {io_attempt::outcome::failed, 0, socket_->failure, true};
    default: return {io_attempt::outcome::failed, 0, reason_from_openssl()};
    }
}

void tls_session::say_goodbye() {
    SSL_shutdown(session_.get());
    ERR_clear_error();
}

std::string tls_session::version() const {
    return SSL_get_version(session_.get());
}

} // namespace understudy::protocol::net
