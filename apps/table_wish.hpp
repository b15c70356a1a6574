#pragma once

#include "api/table_verb.hpp"
#include "protocol/result.hpp"
#include "state/task_spec.hpp"

#include <string>
#include <string_view>

namespace understudy::apps {

// Writes down on the task's target what an operator wants of a table of the source ("db.table",
// parts in back-ticks where they have a dot). The task does it when it is started next, or within a
// second where tables of it are set aside already. The sentence that comes back says what will
// happen. state::errc::selection_invalid,
// serve_errc::not_now.
[[nodiscard]] protocol::result<std::string> wish(const state::task_spec& task, api::table_verb what,
                                                 std::string_view table);

} // namespace understudy::apps
