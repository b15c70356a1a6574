#pragma once

#include "applier/named_lock.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <string_view>

namespace understudy::applier {

// The right to make or alter a table of the target that several tasks merge theirs into
// (objects.merge), held by one session of the target among all tasks: whoever finds the table as it
// is wanted has nothing left to do. To be taken behind the task's own statement_lock, if both are.
// errc::transient while another session has it (the sentence names that session).
[[nodiscard]] protocol::result<named_lock> lock_merged_table(target_session& target,
                                                             std::string_view meta_database,
                                                             const state::object_name& table);

} // namespace understudy::applier
