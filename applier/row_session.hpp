#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

namespace understudy::applier {

// Makes a fresh session ready for BINLOG statements: a format description of the target's own
// version first (nothing else is accepted before it, and not inside a transaction), then GTID_NEXT,
// which that leaves undetermined, and READ COMMITTED as replicas use it for rows.
// errc::missing_privilege names the GRANT.
[[nodiscard]] protocol::result<void> prepare_for_rows(target_session& target);

} // namespace understudy::applier
