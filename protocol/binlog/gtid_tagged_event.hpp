#pragma once

#include "protocol/binlog/gtid_event.hpp"

namespace understudy::protocol {

// GTID_TAGGED (8.3+), a message of the server's mysql::serialization library. Called by
// decode_gtid_event.
[[nodiscard]] result<gtid_event> decode_gtid_tagged_event(const event_view& event);

} // namespace understudy::protocol
