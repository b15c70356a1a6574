#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace understudy::applier {

// The first statement between two positions of the relay log that changes a definition which the
// task follows, for an operator to read; nullopt if there is none. A statement that the applier
// would refuse counts too. The log must reach to `until`. Reads each event's header and the text of
// each statement, from disk for the most part: blocking, for the pool.
[[nodiscard]] protocol::result<std::optional<std::string>>
find_ddl(relay::log& relay, const state::source_position& from,
         const protocol::binlog_position& until, const state::object_selection& selection,
         std::uint32_t source_version);

} // namespace understudy::applier
