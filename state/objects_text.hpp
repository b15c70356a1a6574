#pragma once

#include "protocol/result.hpp"
#include "state/task_spec.hpp"

#include <string>
#include <string_view>

namespace understudy::state {

// What of a task's [objects] decides which rows are where on the target: include, exclude, rename
// and tables. As JSON, for the next process of the task to see what was changed since. Pure.
[[nodiscard]] std::string objects_text(const task_spec& spec);
// `spec` with these instead of its own. errc::task_file_invalid for a text that is none.
[[nodiscard]] protocol::result<task_spec> with_objects(task_spec spec, std::string_view text);

} // namespace understudy::state
