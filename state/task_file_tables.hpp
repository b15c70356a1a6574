#pragma once

#include "state/task_file_endpoint.hpp"
#include "state/task_section.hpp"
#include "state/task_spec.hpp"

namespace understudy::state {

// [objects.tables."pattern"] of a task file: what becomes of the rows of some tables. Called by
// read_task_text().
void read_table_rules(task_section& objects, task_spec& spec, task_file_context& context);

} // namespace understudy::state
