#pragma once

#include "protocol/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace understudy::protocol::net {

// The addresses of a name, or the address itself if it is one. Gives up after `limit` although the
// system's resolver cannot be stopped: it goes on in Asio's own thread and nobody listens.
[[nodiscard]] boost::asio::awaitable<result<std::vector<boost::asio::ip::tcp::endpoint>>>
resolve(boost::asio::any_io_executor executor, std::string host, std::uint16_t port,
        std::chrono::milliseconds limit);

} // namespace understudy::protocol::net
