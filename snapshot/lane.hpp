#pragma once

#include "snapshot/batch_writer.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/source_session.hpp"
#include "snapshot/target_worker.hpp"

namespace understudy::snapshot {

// One source session and one target session that copy one thing at a time. Made when the tables are
// on the target.
struct lane {
    explicit lane(copy_context& context)
        : worker(context.worker(
              row_session_setup(context.task->initial.binlog, context.may_meet_rows()))) {}

    source_session source;
    target_worker worker;
    applier::target_facts target; // as of the first sign-in
};

} // namespace understudy::snapshot
