#include "tests/protocol/fake_server.hpp"

#include <openssl/ssl.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace understudy::test {

namespace {

struct released {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* session) const { SSL_free(session); }
};

void require(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string("fake server: ") + what + " failed");
}

} // namespace

// One connection, blocking, with or without TLS.
struct fake_server::line {
    explicit line(int socket) : socket_(socket) {}
    ~line() {
        session_.reset();
        ::close(socket_);
    }
    line(const line&) = delete;
    line& operator=(const line&) = delete;

    bool start_tls(const server_certificate& certificate, std::string& server_name) {
        context_.reset(SSL_CTX_new(TLS_server_method()));
        require(SSL_CTX_use_certificate_chain_file(context_.get(),
                                                   certificate.files.certificate.c_str()) == 1,
                "loading the certificate");
        require(SSL_CTX_use_PrivateKey_file(context_.get(), certificate.files.key.c_str(),
                                            SSL_FILETYPE_PEM) == 1,
                "loading the key");
        if (!certificate.client_ca.empty()) {
            require(SSL_CTX_load_verify_file(context_.get(), certificate.client_ca.c_str()) == 1,
                    "loading the CA");
            SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                               nullptr);
        }
        session_.reset(SSL_new(context_.get()));
        SSL_set_fd(session_.get(), socket_);
        const bool up = SSL_accept(session_.get()) == 1;
        const char* name = SSL_get_servername(session_.get(), TLSEXT_NAMETYPE_host_name);
        if (name != nullptr) server_name = name;
        return up;
    }

    bool write(const bytes& data) {
        for (std::size_t at = 0; at < data.size();) {
            const auto count =
                session_ ? SSL_write(session_.get(), data.data() + at,
                                     static_cast<int>(data.size() - at))
                         : ::send(socket_, data.data() + at, data.size() - at, MSG_NOSIGNAL);
            if (count <= 0) return false;
            at += static_cast<std::size_t>(count);
        }
        return true;
    }

    bool read(std::byte* into, std::size_t size) {
        for (std::size_t at = 0; at < size;) {
            const auto count =
                session_ ? SSL_read(session_.get(), into + at, static_cast<int>(size - at))
                         : ::recv(socket_, into + at, size - at, 0);
            if (count <= 0) return false;
            at += static_cast<std::size_t>(count);
        }
        return true;
    }

    std::optional<bytes> read_packet() {
        bytes header(4);
        if (!read(header.data(), header.size())) return std::nullopt;
        bytes payload(std::to_integer<std::size_t>(header[0]) |
                      std::to_integer<std::size_t>(header[1]) << 8U |
                      std::to_integer<std::size_t>(header[2]) << 16U);
        if (!read(payload.data(), payload.size())) return std::nullopt;
        return payload;
    }

    // Bytes of the client are left where they are: it only has to end, or the test.
    void wait_for_the_end(const std::atomic<bool>& ending) const {
        pollfd watched{socket_, POLLRDHUP, 0};
        while (!ending && ::poll(&watched, 1, 20) == 0) {
        }
    }

private:
    int socket_;
    std::unique_ptr<SSL_CTX, released> context_;
    std::unique_ptr<SSL, released> session_;
};

fake_server::fake_server(std::vector<server_step> script,
                         std::optional<server_certificate> certificate)
    : script_(std::move(script)), certificate_(std::move(certificate)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    require(listener_ >= 0 && ::bind(listener_, generic, size) == 0 &&
                ::listen(listener_, 1) == 0 && ::getsockname(listener_, generic, &size) == 0,
            "listening");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

fake_server::~fake_server() {
    ending_ = true;
    join();
    ::close(listener_);
}

void fake_server::join() {
    if (thread_.joinable()) thread_.join();
}

std::string fake_server::server_name() {
    join();
    return server_name_;
}

std::vector<bytes> fake_server::received() {
    join();
    return received_;
}

void fake_server::run() {
    // For this thread only: a client that dies of it has a bug.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);

    pollfd watched{listener_, POLLIN, 0};
    while (::poll(&watched, 1, 20) == 0) {
        if (ending_) return;
    }
    line client(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    for (const auto& step : script_) {
        switch (step.action) {
        case server_step::what::send:
            if (!client.write(step.data)) return;
            break;
        case server_step::what::expect: {
            auto packet = client.read_packet();
            if (!packet) return;
            received_.push_back(*std::move(packet));
            break;
        }
        case server_step::what::tls:
            if (!client.start_tls(certificate_.value(), server_name_)) {
                // Closing at once could overtake the alert that says why.
                client.wait_for_the_end(ending_);
                return;
            }
            break;
        case server_step::what::stall: client.wait_for_the_end(ending_); return;
        case server_step::what::hang_up: return;
        }
    }
    client.wait_for_the_end(ending_);
}

} // namespace understudy::test
