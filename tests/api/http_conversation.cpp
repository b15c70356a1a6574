#include "tests/api/http_conversation.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace understudy::test {

http_conversation::http_conversation(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* address = &to;
    if (socket_ < 0 || ::connect(socket_, static_cast<const sockaddr*>(address), sizeof(to)) != 0)
        throw std::runtime_error("cannot connect to port " + std::to_string(port));
}

http_conversation::~http_conversation() {
    if (socket_ >= 0) ::close(socket_);
}

http_conversation::http_conversation(http_conversation&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)),
      ended_(other.ended_) {}

bool http_conversation::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const long count = write_some(bytes);
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

long http_conversation::write_some(std::string_view bytes) {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

long http_conversation::read_some(char* into, std::size_t size) {
    return ::recv(socket_, into, size, 0);
}

bool http_conversation::receive(std::chrono::milliseconds timeout) {
    if (ended_ || timeout.count() <= 0) return false;
    pollfd watched{socket_, POLLIN, 0};
    if (!has_read_ahead() && ::poll(&watched, 1, static_cast<int>(timeout.count())) <= 0)
        return false;
    std::array<char, 65'536> buffer{};
    const long count = read_some(buffer.data(), buffer.size());
    if (count <= 0) {
        ended_ = true;
        return false;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
}

http_reply http_conversation::read(std::chrono::milliseconds timeout) {
    const auto give_up = std::chrono::steady_clock::now() + timeout;
    const auto left = [&] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            give_up - std::chrono::steady_clock::now());
    };
    while (received_.find("\r\n\r\n") == std::string::npos) {
        if (!receive(left())) return {};
    }
    http_reply reply;
    const auto end = received_.find("\r\n\r\n") + 4;
    reply.head = received_.substr(0, end);
    received_.erase(0, end);
    reply.status = std::atoi(reply.head.c_str() + 9);
    std::size_t size = 0;
    if (const auto at = reply.head.find("Content-Length: "); at != std::string::npos)
        size = std::strtoull(reply.head.c_str() + at + 16, nullptr, 10);
    while (received_.size() < size) {
        if (!receive(left())) break;
    }
    reply.body = received_.substr(0, size);
    received_.erase(0, size);
    return reply;
}

std::string http_conversation::read_bytes(std::chrono::milliseconds timeout) {
    const auto give_up = std::chrono::steady_clock::now() + timeout;
    while (receive(std::chrono::duration_cast<std::chrono::milliseconds>(
        give_up - std::chrono::steady_clock::now()))) {
    }
    return std::exchange(received_, {});
}

bool http_conversation::is_closed_within(std::chrono::milliseconds timeout) {
    std::ignore = read_bytes(timeout);
    return ended_;
}

http_reply ask(http_conversation& link, std::uint16_t port, std::string_view method,
               std::string_view target, std::string_view token, std::string_view body,
               std::string_view more) {
    std::string text = std::string(method) + " " + std::string(target) +
                       " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                       "\r\nConnection: close\r\n" + std::string(more);
    if (!token.empty()) text += "Authorization: Bearer " + std::string(token) + "\r\n";
    if (!body.empty() && more.find("Content-Type") == std::string_view::npos)
        text += "Content-Type: application/json\r\n";
    if (!body.empty() || method != "GET")
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    link.send(text + "\r\n" + std::string(body));
    return link.read();
}

http_reply ask(std::uint16_t port, std::string_view method, std::string_view target,
               std::string_view token, std::string_view body, std::string_view more) {
    http_conversation link(port);
    return ask(link, port, method, target, token, body, more);
}

} // namespace understudy::test
