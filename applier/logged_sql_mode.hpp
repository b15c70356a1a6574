#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstdint>

namespace understudy::applier {

// The sql_mode under which the target reads a statement as the source did that logged it. The lower
// 32 bits are the same ones on MySQL and MariaDB, the others are not. What the target does not have
// is left out where it says nothing to a replica (NO_AUTO_CREATE_USER, modes named after other
// servers); errc::unsupported_statement where the statement would mean something else without it.
// Modes that are not known go to the target as they are, which refuses what it does not know. Pure.
[[nodiscard]] protocol::result<std::uint64_t>
sql_mode_on_target(std::uint64_t logged, bool logged_by_mariadb, const target_facts& target);

} // namespace understudy::applier
