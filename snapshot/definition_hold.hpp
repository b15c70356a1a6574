#pragma once

#include "protocol/result.hpp"
#include "snapshot/source_session.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>

namespace understudy::snapshot {

// The longest that statements which change definitions are held up at the source.
constexpr std::chrono::seconds definitions_held_max{10};

// A session while which all definitions of the source stay as they are; changes of rows go on. For
// a copy that was begun anew again and again because definitions did not rest. The server itself
// ends it after definitions_held_max (wait_timeout), whatever becomes of us. nullopt where server
// or account cannot: LOCK INSTANCE FOR BACKUP is of MySQL 8.0 and needs BACKUP_ADMIN, BACKUP STAGE
// of MariaDB needs RELOAD.
[[nodiscard]] boost::asio::awaitable<protocol::result<std::optional<source_session>>>
hold_definitions(const source_link& source);

} // namespace understudy::snapshot
