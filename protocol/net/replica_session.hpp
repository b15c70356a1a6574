#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace understudy::protocol::net {

// The source as a replica sees it before it asks for the log.
struct source_facts {
    uuid server_uuid;       // zero for MariaDB and servers without one
    std::uint32_t server_id = 0;
    bool log_bin = false;
    std::string binlog_format;    // ROW, STATEMENT, MIXED
    std::string binlog_row_image; // FULL, MINIMAL, NOBLOB; empty where the server has no such variable
    std::string binlog_checksum;
    bool gtid_mode_on = false;    // @@gtid_mode is ON (not ON_PERMISSIVE: anonymous transactions are possible there)
    gtid_set gtid_executed;       // empty without GTIDs
    gtid_set gtid_purged;
    binlog_position written;      // end of the binary log: every transaction that is visible on the source is before it
};

// Asks for all of the above. Works on 5.6 to 9.x and MariaDB (SHOW BINARY LOG STATUS or SHOW MASTER STATUS by version).
[[nodiscard]] boost::asio::awaitable<result<source_facts>> read_source_facts(connection& source);

struct replica_options {
    std::uint32_t server_id = 0; // ours: unique among the source's replicas, never the source's own
    uuid server_uuid;            // ours: persistent
    std::chrono::milliseconds heartbeat_period{5'000};
    // GTID set: COM_BINLOG_DUMP_GTID, everything not in the set. Position: COM_BINLOG_DUMP.
    std::variant<gtid_set, binlog_position> start;
};

// One binary log dump: does on `source` what a native replica does (session variables, checks of server_uuid, server_id,
// binlog_format=ROW, GTID mode, checksum awareness, heartbeat period, COM_REGISTER_SLAVE), then asks for the dump.
class replica_session {
public:
    [[nodiscard]] static boost::asio::awaitable<result<std::unique_ptr<replica_session>>>
    start(std::unique_ptr<connection> source, replica_options options);

    // All events at hand, at least one; each without the leading status byte; views until the next call.
    // An ERR packet becomes an error (errc::binlog_position_lost for purged or impossible positions, errc::source_unsuitable for
    // what a reconnect cannot mend, errc::server_error otherwise); silence for three heartbeat periods is errc::timed_out.
    [[nodiscard]] boost::asio::awaitable<result<std::span<const std::span<const std::byte>>>> read();

    [[nodiscard]] const source_facts& source() const { return facts_; }
    void cancel() { connection_->cancel(); }
    [[nodiscard]] boost::asio::awaitable<void> close() { return connection_->close(); }

private:
    replica_session(std::unique_ptr<connection> source, source_facts facts);
    std::unique_ptr<connection> connection_;
    source_facts facts_;
    std::vector<std::span<const std::byte>> events_;
};

} // namespace understudy::protocol::net
