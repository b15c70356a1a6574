#pragma once

#include "protocol/result.hpp"
#include "snapshot/source_session.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace understudy::snapshot {

// Holds the tables still for a moment: when it is granted, every transaction that changed them has
// fully committed, so that the position read then says exactly what a reader sees of them. (A
// position alone can be ahead of that: MYSQL_BIN_LOG::ordered_commit writes the log first.)
// Waiting for the lock holds up writers behind us, so each try is short; between tries they go on.
// errc::lock_not_granted after two minutes. The lock ends with unlock_tables or the session.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
lock_tables(const source_link& source, source_session& session,
            const std::vector<state::object_name>& tables);
[[nodiscard]] boost::asio::awaitable<protocol::result<void>> unlock_tables(source_session& session);

// The source's position now, exact for tables that `session` has locked.
[[nodiscard]] boost::asio::awaitable<protocol::result<state::source_position>>
read_position(source_session& session);

// Sessions that all see the tables as they were at one known position.
struct consistent_snapshot {
    std::vector<source_session> readers;
    state::source_position position;
    std::chrono::steady_clock::duration locked{}; // how long writers were held up
};
[[nodiscard]] boost::asio::awaitable<protocol::result<consistent_snapshot>>
take_snapshot(const source_link& source, const std::vector<state::object_name>& tables,
              std::size_t reader_count);

} // namespace understudy::snapshot
