#pragma once

#include "protocol/net/io_attempt.hpp"
#include "protocol/net/tls_session.hpp"
#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace understudy::protocol::net {

// Bytes to and from one server, over TCP or a Unix socket, in the clear or over TLS. One operation
// at a time, all from one executor. Reads and writes are tried at once and only wait, with a time
// limit, when the kernel has nothing; see watchdog in stream.cpp for what the limit costs.
// Errors: connection_lost, timed_out, cancelled, tls_failed, connect_failed.
class stream {
public:
    [[nodiscard]] static boost::asio::awaitable<result<std::unique_ptr<stream>>>
    connect(boost::asio::any_io_executor executor, connect_options options);
    ~stream();
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    // From here on everything goes over TLS. options as given to connect.
    [[nodiscard]] boost::asio::awaitable<result<void>> start_tls(connect_options options);

    // At least one byte. Time limits are for each wait: no byte for that long.
    [[nodiscard]] boost::asio::awaitable<result<std::size_t>>
    read_some(std::span<std::byte> into, std::chrono::milliseconds limit);
    // All of them.
    [[nodiscard]] boost::asio::awaitable<result<void>> write(std::span<const std::byte> from,
                                                             std::chrono::milliseconds limit);

    // "TLSv1.3", empty without TLS.
    [[nodiscard]] std::string tls_version() const;
    // Ends what is under way, and everything after it, with errc::cancelled.
    void cancel();
    void close();

private:
    class watchdog;
    using socket = boost::asio::generic::stream_protocol::socket;

    stream(boost::asio::any_io_executor executor, std::string address);
    [[nodiscard]] boost::asio::awaitable<result<void>> connect_tcp(connect_options options);
    [[nodiscard]] boost::asio::awaitable<result<void>>
    connect_to(boost::asio::generic::stream_protocol::endpoint endpoint,
               std::chrono::milliseconds limit);
    // Until the socket is ready for what the attempt wants.
    [[nodiscard]] boost::asio::awaitable<result<void>>
    wait(io_attempt::outcome wanted, std::chrono::milliseconds limit, const char* step);
    [[nodiscard]] boost::asio::awaitable<void> give_way();
    [[nodiscard]] std::unexpected<error> lost(const io_attempt& attempt) const;

    std::string address_;                // for messages
    std::shared_ptr<watchdog> watchdog_; // owns the socket
    std::unique_ptr<tls_session> tls_;
    unsigned reads_at_once_ = 0;
};

} // namespace understudy::protocol::net
