#pragma once

#include "protocol/result.hpp"
#include "state/task_spec.hpp"

#include <string>
#include <string_view>

namespace understudy::apps {

enum class table_wish : std::uint8_t { set_aside, resume, reload };

// Writes down on the task's target what an operator wants of a table of the source ("db.table",
// parts in back-ticks where they have a dot). The task does it when it is started next, or within a
// second where tables of it are set aside already. The sentence that comes back says what will
// happen. state::errc::selection_invalid,
// serve_errc::not_now.
[[nodiscard]] protocol::result<std::string> wish(const state::task_spec& task, table_wish what,
                                                 std::string_view table);

} // namespace understudy::apps
