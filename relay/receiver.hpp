#pragma once

#include "protocol/binlog/binlog_position.hpp"
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
#include <optional>
#include <vector>

namespace understudy::relay {

struct receiver_options {
    protocol::connect_options source;
    // The servers that can be followed, `source` among them, which is tried first; by GTID only.
    // Empty: no other one.
    std::vector<protocol::server_address> hosts;
    std::uint32_t server_id = 0; // ours
    protocol::uuid server_uuid;  // ours
    bool semi_sync = false;      // the source's commits may wait until the relay holds them
    bool by_gtid = true;         // COM_BINLOG_DUMP_GTID, else file and position
    std::chrono::milliseconds heartbeat_period{5'000};
    std::chrono::milliseconds backoff_min{250};
    std::chrono::milliseconds backoff_max{30'000};
};

// Pulls the source's binary log into the relay: connect, dump from the log's end, append, and again
// after every loss of the connection, with back-off, from the end of the last complete group. Runs
// on one executor of its own thread. Stops for good only when a reconnect cannot mend it: position
// purged, wrong source, checksum mismatch that repeats, unknown event, relay damage.
//
// With several hosts each reconnect tries the last server and then the others. Another one is
// followed only when it has all that the relay has and nothing we lack is purged there, and only
// after allow_switch; the relay goes on in its files (relay/server_turn.hpp).
//
// With semi_sync the source is told, as soon as everything that it waits for is fsynced, and never
// before: one acknowledgement for all that arrived together, so that commits that wait at the same
// time share one fsync.
class receiver {
public:
    receiver(boost::asio::any_io_executor executor, log& relay, receiver_options options,
             state::status_board& board);
    ~receiver();

    // Ends with success after stop(), else with the error that ended it. Joined by its owner.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> run();
    // From the receiver's executor (post to it from elsewhere).
    void stop();
    // Another server may be followed once everything up to here is received (the end of the initial
    // copy, a position of the server that was copied); nullopt: none may. From the receiver's
    // executor.
    void allow_switch(std::optional<protocol::binlog_position> after);

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace understudy::relay
