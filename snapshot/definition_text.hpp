#pragma once

#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace understudy::snapshot {

// Changes to the text of SHOW CREATE …, and nothing else in it. Pure.

// Writes out the collation where the text leaves it to the default of the character set:
// servers before 8.0 do, and utf8mb4 has another default since then. Not inside of expressions.
// defaults: character set to collation, for those whose default differs on the target.
[[nodiscard]] std::string with_collations(std::string_view text,
                                          const std::map<std::string, std::string>& defaults);

// SHOW CREATE VIEW without a default database names everything in full (`db`.`table`), so that the
// names can be replaced one by one. objects: all selected tables and views of the source.
// errc::unsupported_object where a name could mean two things.
[[nodiscard]] protocol::result<std::string>
view_for_target(std::string_view text, const std::set<state::object_name>& objects,
                const state::object_selection& selection);

// An event that runs on both sides would change data twice: DISABLE ON REPLICA instead of its
// state, unless it is off already (DISABLE). says_replica: the server says REPLICA, before SLAVE.
[[nodiscard]] protocol::result<std::string> disabled_event(std::string_view text,
                                                           bool says_replica);

} // namespace understudy::snapshot
