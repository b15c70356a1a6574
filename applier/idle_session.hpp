#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <string>
#include <string_view>

namespace understudy::applier {

// Of a session in information_schema.processlist: it has been idle for a second, so that nobody's
// statement is cut short when it is ended. What a session executes (an ALTER of a server that
// cannot take it back) ends by itself.
inline constexpr std::string_view session_is_idle = "command = 'Sleep' AND time >= 1";

// Ends a session of the target. That it has ended by itself meanwhile, or belongs to another
// account, is no error. Blocking.
[[nodiscard]] protocol::result<void> end_session(target_session& target, const std::string& id);

} // namespace understudy::applier
