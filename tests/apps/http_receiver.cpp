#include "tests/apps/http_receiver.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <netinet/in.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace understudy::test {

namespace {

// One connection, plain or under TLS.
class stream {
public:
    stream(int link, SSL_CTX* context) : link_(link) {
        if (context == nullptr) return;
        session_.reset(::SSL_new(context));
        ::SSL_set_fd(session_.get(), link);
        good_ = ::SSL_accept(session_.get()) == 1;
    }
    [[nodiscard]] bool good() const { return good_; }
    // Empty at the end.
    [[nodiscard]] std::string read() {
        std::array<char, 4096> buffer{};
        const long count =
            session_ ? ::SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size()))
                     : ::recv(link_, buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(std::max(count, 0L))};
    }
    void write(std::string_view text) {
        if (session_)
            ::SSL_write(session_.get(), text.data(), static_cast<int>(text.size()));
        else
            ::send(link_, text.data(), text.size(), MSG_NOSIGNAL);
    }

private:
    struct release {
        void operator()(SSL* session) const { ::SSL_free(session); }
    };
    int link_;
    std::unique_ptr<SSL, release> session_;
    bool good_ = true;
};

std::size_t body_size(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::strtoull(head.c_str() + at + 16, nullptr, 10);
}

} // namespace

void http_receiver::release::operator()(SSL_CTX* context) const {
    ::SSL_CTX_free(context);
}

http_receiver::http_receiver(std::vector<int> statuses,
                             const std::optional<certificate_files>& certificate,
                             std::uint16_t port)
    : statuses_(std::move(statuses)) {
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL's own sockets have no MSG_NOSIGNAL
    if (certificate) {
        context_.reset(::SSL_CTX_new(::TLS_server_method()));
        if (::SSL_CTX_use_certificate_file(context_.get(), certificate->certificate.c_str(),
                                           SSL_FILETYPE_PEM) != 1 ||
            ::SSL_CTX_use_PrivateKey_file(context_.get(), certificate->key.c_str(),
                                          SSL_FILETYPE_PEM) != 1)
            throw std::runtime_error("the receiver's certificate cannot be used");
    }
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int again = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void* address = &at;
    socklen_t size = sizeof(at);
    if (::bind(socket_, static_cast<sockaddr*>(address), size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, static_cast<sockaddr*>(address), &size) != 0)
        throw std::runtime_error("the receiver cannot listen");
    port_ = ntohs(at.sin_port);
    thread_ = std::jthread([this] { run(); });
}

http_receiver::~http_receiver() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
}

std::vector<http_receiver::told> http_receiver::all() const {
    const std::scoped_lock lock(mutex_);
    return told_;
}

void http_receiver::run() {
    while (true) {
        const int link = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (link < 0) return;
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(link, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        serve(link);
        ::close(link);
    }
}

void http_receiver::serve(int link) {
    stream from(link, context_.get());
    if (!from.good()) return;
    told one;
    while (one.head.find("\r\n\r\n") == std::string::npos) {
        const std::string more = from.read();
        if (more.empty()) return;
        one.head += more;
    }
    const auto end = one.head.find("\r\n\r\n") + 4;
    one.body = one.head.substr(end);
    one.head.resize(end);
    while (one.body.size() < body_size(one.head)) {
        const std::string more = from.read();
        if (more.empty()) return;
        one.body += more;
    }
    const std::size_t index = count();
    one.status = index < statuses_.size() ? statuses_[index] : 200;
    const std::string answer =
        "HTTP/1.1 " + std::to_string(one.status) + " x\r\nContent-Length: 0\r\n\r\n";
    const bool silent = one.status == 0;
    if (!silent) from.write(answer);
    {
        const std::scoped_lock lock(mutex_);
        told_.push_back(std::move(one));
    }
    if (silent) std::ignore = from.read();
}

} // namespace understudy::test
