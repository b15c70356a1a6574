#pragma once

#include "applier/group_applier.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

namespace understudy::applier {

// Turns the target's answer to a refused row ("Unknown error" more often than not) into what an
// operator needs: transaction, table, key, and the cause as far as the target lets it be seen: is
// the table there, are its columns the same, may the account write it, is a row with that key
// there. `target` has no open transaction. The result is the error to stop with.
[[nodiscard]] protocol::error explain_refusal(target_session& target, const refused_row& row,
                                              protocol::error said);

} // namespace understudy::applier
