#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/result.hpp"

namespace understudy::protocol {

// ROTATE: where the log goes on. Fake ones (flag ARTIFICIAL, timestamp 0) announce every file a
// dump sends.
[[nodiscard]] result<binlog_position> decode_rotate_event(const event_view& event);

// HEARTBEAT (v1 and v2): how far the source has read while it had nothing to send.
[[nodiscard]] result<binlog_position> decode_heartbeat(const event_view& event);

} // namespace understudy::protocol
