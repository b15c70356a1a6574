#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid_set.hpp"

namespace understudy::state {

// How far one has come in a source's log, at the end of a group (never inside one).
// binlog is always there. executed is used when the source has GTIDs: it also holds what the source
// had executed before this task began, so that it can be sent to the source as "what we have".
struct source_position {
    protocol::binlog_position binlog;
    protocol::gtid_set executed;
    bool operator==(const source_position&) const = default;
};

} // namespace understudy::state
