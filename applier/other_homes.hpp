#pragma once

#include "applier/statement_plan.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <vector>

namespace understudy::applier {

// Makes those of these databases that the target lacks, with the character set and collation of
// the one beside each, for tables that name none; where that is not there either, with the target's
// own. Blocking, on the statement executor's thread; commits implicitly where it makes one.
[[nodiscard]] protocol::result<void>
make_other_homes(target_session& target, const std::vector<statement_plan::other_home>& homes);

} // namespace understudy::applier
