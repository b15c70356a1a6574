#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/binlog/boundary.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"
#include "protocol/session/dump_stream.hpp"
#include "relay/log.hpp"
#include "relay/server_turn.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace understudy::relay {

// What the receiver does with the events of one dump: tells groups apart and puts them into the
// log. One per connection; the receiver's thread. Pure but for the log.
//
// A dump by GTID begins with events the log has already: the source sends the format description
// and PREVIOUS_GTIDS of the file in which our first missing group stands. Events outside groups
// that stand before the log's end are therefore not stored again; a group is never left out, the
// source sent it because we lack it. Once groups were received, or the initial copy is through, one
// that we lack stands behind the log's end in the source's log: where its place comes before theirs
// the files have other names now (RESET BINARY LOGS AND GTIDS with gtid_purged set again, another
// log_bin), errc::files_begin_anew, and the log needs a turn of its own for them. MariaDB's GTIDs
// say where we are only as long as their numbers rise inside each domain: a dump by them stops at
// the first that does not.
class event_intake {
public:
    // start: what the dump was asked for; its file may be empty. turn: whose dump it is. is_whole:
    // all that stands before the log's end is known to have been received or copied.
    event_intake(log& relay, protocol::binlog_position start, server_turn turn = {},
                 bool is_whole = false);

    // After errc::disk_full the event is kept (its bytes must be too): retry() when there is room.
    [[nodiscard]] protocol::result<void> take(std::span<const std::byte> bytes);
    [[nodiscard]] protocol::result<void> retry() { return store(); }

    // Behind the last event taken, in the source's own file.
    [[nodiscard]] const protocol::binlog_position& position() const { return stream_.position(); }

    // Stored events; grows while the connection does some good.
    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    [[nodiscard]] protocol::result<void> take_file();
    [[nodiscard]] protocol::result<void> take_event();
    [[nodiscard]] protocol::result<void> store();
    [[nodiscard]] bool is_held() const;
    // As the log calls it.
    [[nodiscard]] protocol::binlog_position named(const protocol::binlog_position& position) const;

    [[nodiscard]] protocol::result<void> take_mariadb_gtid(const protocol::event_view& event);
    [[nodiscard]] protocol::result<void> inside_of_transaction() const;
    [[nodiscard]] protocol::result<void> files_begin_anew() const;

    log& relay_;
    const bool by_gtid_;
    const server_turn turn_;
    const protocol::binlog_position held_; // the log's end when the dump began
    const bool is_whole_;                  // up to there
    protocol::gtid_set reached_;           // MariaDB, by GTID
    protocol::dump_stream stream_;
    protocol::boundary boundary_;

    enum class action : std::uint8_t { none, append, set_format };
    action next_ = action::none; // what store() does
    protocol::dump_stream::item item_;
    protocol::boundary::role role_ = protocol::boundary::role::outside;
    std::optional<protocol::gtid> id_;
    bool file_pending_ = false; // the log was not told the stream's file yet

    std::uint64_t events_ = 0;
    std::uint64_t bytes_ = 0;
};

} // namespace understudy::relay
