#pragma once

#include "applier/table_plan.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/task_spec.hpp"

#include <memory>

namespace understudy::applier {

// A session that may be given statements which run for hours: a dead target is found by TCP
// keepalive.
[[nodiscard]] protocol::result<std::unique_ptr<target_session>>
connect_for_rows(const state::task_spec& task);

// Makes a session ready for rows, whatever it was used for before, and says in which ways it takes
// them. For row images: a format description of the target's own version first (nothing else is
// accepted before it, and not inside a transaction), then GTID_NEXT, which that leaves
// undetermined. READ COMMITTED, as replicas use it for rows. With apply.writer = "row-image"
// errc::missing_privilege names the GRANT.
[[nodiscard]] protocol::result<write_ways> prepare_for_rows(target_session& target,
                                                            const state::task_spec& task);

} // namespace understudy::applier
