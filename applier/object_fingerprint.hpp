#pragma once

#include "applier/statement_plan.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <string>

namespace understudy::applier {

// What the target's dictionary says about the objects a statement names: definition, time of
// creation, or that there is none. Taken before a DDL and again after a crash: a difference says
// that the DDL was executed.
[[nodiscard]] protocol::result<std::string> take_fingerprint(target_session& target,
                                                             const statement_plan& plan);

// The fingerprint is the same as before the statement. True when executing it (again) does what is
// wanted in any case: either it would have changed the fingerprint, so it was not executed, or
// repeating it changes nothing more.
[[nodiscard]] bool may_execute_again(const statement_plan& plan, const std::string& fingerprint);

// A definition, or texts with some, without AUTO_INCREMENT = n: the server counts on, and may count
// anew when it is started.
[[nodiscard]] std::string without_counter(const std::string& definition);

} // namespace understudy::applier
