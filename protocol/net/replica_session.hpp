#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "protocol/session/source_facts.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace understudy::protocol::net {

using protocol::replica_options;
using protocol::source_facts;

// Asks for all that source_facts has. Works on 5.6 to 9.x and MariaDB (SHOW BINARY LOG STATUS or
// SHOW MASTER STATUS by version).
[[nodiscard]] boost::asio::awaitable<result<source_facts>> read_source_facts(connection& source);

// What the source's clock says now.
[[nodiscard]] boost::asio::awaitable<result<std::chrono::system_clock::time_point>>
read_clock(connection& source);

// One binary log dump: does on `source` what a native replica does (session variables, checks of
// server_uuid, server_id, binlog_format=ROW, GTID mode, checksum awareness, heartbeat period,
// COM_REGISTER_SLAVE), then asks for the dump.
class replica_session {
public:
    [[nodiscard]] static boost::asio::awaitable<result<std::unique_ptr<replica_session>>>
    start(std::unique_ptr<connection> source, replica_options options);

    // All events at hand, at least one; each without the leading status byte; views until the next
    // call. An ERR packet becomes an error (errc::binlog_position_lost for purged or impossible
    // positions, errc::source_unsuitable for what a reconnect cannot mend, errc::server_error
    // otherwise); silence for three heartbeat periods is errc::timed_out (the first answer may take
    // as long as the connection's read timeout: the source looks for the right file).
    [[nodiscard]] boost::asio::awaitable<result<std::span<const std::span<const std::byte>>>>
    read();

    // Semi-synchronous replication: of the last read's events, how many the source waits for us to
    // hold (the last of those has to be durable, and all before it); 0: none.
    [[nodiscard]] std::size_t ack_wanted() const { return ack_wanted_; }
    // Up to here, in the source's own file, everything is durable.
    [[nodiscard]] boost::asio::awaitable<result<void>> acknowledge(binlog_position durable);
    // Whether the source was told to wait for us.
    [[nodiscard]] bool semi_sync() const { return semi_sync_; }

    [[nodiscard]] const source_facts& source() const { return facts_; }
    [[nodiscard]] const server_info& server() const { return connection_->server(); }
    void cancel() { connection_->cancel(); }
    [[nodiscard]] boost::asio::awaitable<void> close() { return connection_->close(); }

private:
    [[nodiscard]] std::optional<error> take(std::span<const std::byte> packet);
    replica_session(std::unique_ptr<connection> source, source_facts facts,
                    std::chrono::milliseconds silence_max, bool semi_sync);
    std::unique_ptr<connection> connection_;
    source_facts facts_;
    std::vector<std::span<const std::byte>> events_;
    std::chrono::milliseconds silence_max_; // once the stream runs
    bool semi_sync_ = false;
    std::size_t ack_wanted_ = 0;
    bool running_ = false;
    std::optional<error> ended_; // came in one batch with events that are still to be handed out
};

} // namespace understudy::protocol::net
