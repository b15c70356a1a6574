#pragma once

#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"
#include "relay/log.hpp"
#include "state/status_board.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace understudy::relay {

struct receiver_options {
    protocol::connect_options source;
    std::uint32_t server_id = 0; // ours
    protocol::uuid server_uuid;  // ours
    bool by_gtid = true;         // COM_BINLOG_DUMP_GTID, else file and position
    std::chrono::milliseconds heartbeat_period{5'000};
    std::chrono::milliseconds backoff_min{250};
    std::chrono::milliseconds backoff_max{30'000};
};

// Pulls the source's binary log into the relay: connect, dump from the log's end, append, and again
// after every loss of the connection, with back-off, from the end of the last complete group. Runs
// on one executor of its own thread. Stops for good only when a reconnect cannot mend it: position
// purged, wrong source, checksum mismatch that repeats, unknown event, relay damage.
class receiver {
public:
    receiver(boost::asio::any_io_executor executor, log& relay, receiver_options options,
             state::status_board& board);
    ~receiver();

    // Ends with success after stop(), else with the error that ended it. Joined by its owner.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> run();
    // From the receiver's executor (post to it from elsewhere).
    void stop();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace understudy::relay
