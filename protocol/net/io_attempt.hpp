#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace understudy::protocol::net {

// What came of trying to move bytes through a socket that does not block.
struct io_attempt {
    enum class outcome : std::uint8_t {
        moved,      // `count` bytes
        want_read,  // try again when the socket is readable
        want_write, // … writable
        closed,     // the other side ended the connection
        failed,     // `reason` says why
    };
    outcome what = outcome::failed;
    std::size_t count = 0;
    std::string reason;
    bool of_socket = false; // failed: the connection broke; otherwise it is TLS that objects
};

// recv and send on a socket that does not block; no signal when the other side is gone.
[[nodiscard]] io_attempt try_receive(int socket, std::byte* into, std::size_t size);
[[nodiscard]] io_attempt try_send(int socket, const std::byte* from, std::size_t size);

} // namespace understudy::protocol::net
