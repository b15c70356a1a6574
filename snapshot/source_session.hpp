#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"
#include "snapshot/stop_signal.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace understudy::snapshot {

// What is needed to open sessions at the source; shared by the lanes of one copy.
struct source_link {
    boost::asio::any_io_executor executor;
    protocol::connect_options options;
    std::function<void(std::string)> warn;
    stop_signal* stop = nullptr;
};

// A connection to the source prepared for exact reading: values come as stored (no
// character_set_results),
// TIMESTAMP in UTC, CHAR without padding, SHOW CREATE with back-ticks and invisible primary keys.
// cancel()led by the stop signal. Move-only.
struct source_session {
    std::unique_ptr<protocol::net::connection> link;
    stop_signal::registration stop_hook;

    [[nodiscard]] protocol::net::connection& operator*() const { return *link; }
    [[nodiscard]] protocol::net::connection* operator->() const { return link.get(); }
};

[[nodiscard]] boost::asio::awaitable<protocol::result<source_session>>
open_source(const source_link& source);

// Tries again with growing pauses while the source cannot be reached.
[[nodiscard]] boost::asio::awaitable<protocol::result<source_session>>
reopen_source(const source_link& source);

// The connection or the way to it is gone, and another one may do.
[[nodiscard]] bool is_source_lost(const protocol::error& error);

// errc::cancelled when the stop signal came.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
pause(boost::asio::any_io_executor executor, stop_signal& stop, std::chrono::milliseconds time);

} // namespace understudy::snapshot
