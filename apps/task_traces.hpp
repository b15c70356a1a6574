#pragma once

#include "protocol/result.hpp"
#include "state/task_spec.hpp"

namespace understudy::apps {

// Takes away what the task keeps on its target beside the data: its rows in the tables of
// apply.meta_database (checkpoint, journal, copy progress, prepared XA transactions), in one
// transaction. Copied tables stay. Blocks. A target without that database has no traces.
[[nodiscard]] protocol::result<void> remove_traces(const state::task_spec& task);

} // namespace understudy::apps
