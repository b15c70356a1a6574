#pragma once

#include "precheck/report.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

namespace understudy::precheck {

// Looks at both sides and changes nothing on either. A coroutine on `executor`; calls to the target
// run on `pool`.
// All that is found is in the report: there are no errors besides. `selection` must live until
// then.
[[nodiscard]] boost::asio::awaitable<report>
check(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool, state::task_spec spec,
      const state::object_selection& selection, context known);

// The same with an io_context and a thread pool of its own, for the command line: blocks until
// done. Looks for the task's checkpoint on the target and takes `first_start` and `start` from
// there.
[[nodiscard]] report check_blocking(const state::task_spec& spec,
                                    const state::object_selection& selection, context known);

} // namespace understudy::precheck
