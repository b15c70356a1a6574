#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::test {

struct http_reply {
    int status = 0; // 0: the connection ended without an answer
    std::string head;
    std::string body;
};

// A TCP connection that says exactly what it is told, and so also what no client library says.
// Blocking; errors are std::runtime_error, except that the other side ends it.
class http_conversation {
public:
    explicit http_conversation(std::uint16_t port);
    virtual ~http_conversation();
    http_conversation(http_conversation&& other) noexcept;
    http_conversation(const http_conversation&) = delete;
    http_conversation& operator=(const http_conversation&) = delete;

    // False once the other side has closed.
    bool send(std::string_view bytes);
    // One answer, read by its Content-Length.
    [[nodiscard]] http_reply read(std::chrono::milliseconds timeout = std::chrono::seconds(10));
    // What comes within that time, as it is.
    [[nodiscard]] std::string read_bytes(std::chrono::milliseconds timeout);
    // Whether the other side closes within that time; what it sends is dropped.
    [[nodiscard]] bool is_closed_within(std::chrono::milliseconds timeout);

protected:
    [[nodiscard]] int socket() const { return socket_; }
    // Of a socket that is ready for it: how many bytes went, 0 or less at the end.
    [[nodiscard]] virtual long write_some(std::string_view bytes);
    [[nodiscard]] virtual long read_some(char* into, std::size_t size);
    // Bytes that have left the socket and wait to be read.
    [[nodiscard]] virtual bool has_read_ahead() const { return false; }

private:
    [[nodiscard]] bool receive(std::chrono::milliseconds timeout);
    int socket_ = -1;
    std::string received_;
    bool ended_ = false;
};

// One request on a connection of its own, as a well-behaved client makes it. `more` is further
// header lines, each with its \r\n.
[[nodiscard]] http_reply ask(std::uint16_t port, std::string_view method, std::string_view target,
                             std::string_view token = {}, std::string_view body = {},
                             std::string_view more = {});
// The same on an open connection to that port, which it ends.
[[nodiscard]] http_reply ask(http_conversation& link, std::uint16_t port, std::string_view method,
                             std::string_view target, std::string_view token = {},
                             std::string_view body = {}, std::string_view more = {});

} // namespace understudy::test
