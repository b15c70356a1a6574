#include "protocol/net/io_attempt.hpp"

#include <cerrno>
#include <system_error>

#include <sys/socket.h>

namespace understudy::protocol::net {

namespace {

using outcome = io_attempt::outcome;

io_attempt from_errno(outcome blocked) {
    const int code = errno;
    if (code == EAGAIN || code == EWOULDBLOCK) return {blocked, 0, {}};
    return {outcome::failed, 0, std::generic_category().message(code)};
}

} // namespace

io_attempt try_receive(int socket, std::byte* into, std::size_t size) {
    ssize_t count = 0;
    do {
        count = ::recv(socket, into, size, 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return from_errno(outcome::want_read);
    if (count == 0) return {outcome::closed, 0, {}};
    return {outcome::moved, static_cast<std::size_t>(count), {}};
}

io_attempt try_send(int socket, const std::byte* from, std::size_t size) {
    ssize_t count = 0;
    do {
        count = ::send(socket, from, size, MSG_NOSIGNAL);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return from_errno(outcome::want_write);
    return {outcome::moved, static_cast<std::size_t>(count), {}};
}

} // namespace understudy::protocol::net
