#include "tests/support/tcp_forwarder.hpp"

#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace understudy::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

sockaddr* as_address(sockaddr_in& address) {
    return reinterpret_cast<sockaddr*>(&address); // NOLINT: the sockets interface
}

// Until one of them ends. `to` stays open: whoever is there is to notice nothing.
void pump(int from, int to) {
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
        if (count <= 0) return;
        for (ssize_t sent = 0; sent < count;) {
            const ssize_t part = send(to, buffer.data() + sent,
                                      static_cast<std::size_t>(count - sent), MSG_NOSIGNAL);
            if (part <= 0) break; // what nobody takes is lost
            sent += part;
        }
    }
}

} // namespace

tcp_forwarder::tcp_forwarder(std::uint16_t server_port)
    : server_port_(server_port), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = loopback(0);
    socklen_t length = sizeof(address);
    if (bind(listener_, as_address(address), length) != 0 || listen(listener_, 64) != 0 ||
        getsockname(listener_, as_address(address), &length) != 0)
        throw std::runtime_error("no port to forward from");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

tcp_forwarder::~tcp_forwarder() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    close_all();
}

void tcp_forwarder::accept_all() {
    for (;;) {
        const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) return;
        take(client);
    }
}

void tcp_forwarder::take(int client) {
    auto one = std::make_unique<connection>();
    one->client = client;
    one->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(server_port_);
    if (connect(one->server, as_address(address), sizeof(address)) != 0) {
        close(one->server);
        close(client);
        return;
    }
    one->to_server = std::thread([client, server = one->server] { pump(client, server); });
    one->to_client = std::thread([client, server = one->server] {
        pump(server, client);
        shutdown(client, SHUT_RDWR);
    });
    const std::lock_guard lock(mutex_);
    connections_.push_back(std::move(one));
}

void tcp_forwarder::cut() {
    const std::lock_guard lock(mutex_);
    for (const auto& one : connections_)
        shutdown(one->client, SHUT_RDWR);
}

void tcp_forwarder::close_all() {
    for (const auto& one : connections_) {
        shutdown(one->client, SHUT_RDWR);
        shutdown(one->server, SHUT_RDWR);
        one->to_server.join();
        one->to_client.join();
        close(one->client);
        close(one->server);
    }
}

} // namespace understudy::test
