#pragma once

#include "applier/target_session.hpp"
#include "precheck/facts.hpp"
#include "state/task_spec.hpp"

namespace understudy::precheck {

// Asks the target for everything that the items are made from; `source` tells which names matter.
// Questions that it does not answer are in server.questions. Blocks: runs on the pool.
[[nodiscard]] target_seen look_at_target(applier::target_session& target,
                                         const state::task_spec& spec, const source_seen& source);

} // namespace understudy::precheck
