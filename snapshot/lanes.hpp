#pragma once

#include "protocol/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <vector>

namespace understudy::snapshot {

// Runs coroutines side by side on one executor and waits for all of them. The first failure is the
// answer; ending the others early is their own business (a flag they look at). An exception is
// thrown on after all have ended.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
run_lanes(boost::asio::any_io_executor executor,
          std::vector<boost::asio::awaitable<protocol::result<void>>> lanes);

} // namespace understudy::snapshot
