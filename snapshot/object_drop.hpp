#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <string>
#include <string_view>

namespace understudy::snapshot {

// DROP … IF EXISTS on the target, of a kind in its own words ("table", "view", "database"); it is
// no error that the database is not there either. `name` is quoted. Blocking.
[[nodiscard]] protocol::result<void> drop_object(applier::target_session& target,
                                                 std::string_view kind, const std::string& name);

} // namespace understudy::snapshot
