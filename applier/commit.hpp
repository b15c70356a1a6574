#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

namespace understudy::applier {

// Ends the open transaction: COMMIT where all in it was done, else ROLLBACK, and then what went
// wrong is the answer. Blocking.
[[nodiscard]] protocol::result<void> commit_or_roll_back(target_session& target,
                                                         protocol::result<void> done);

} // namespace understudy::applier
