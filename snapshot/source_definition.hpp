#pragma once

#include "protocol/net/connection.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace understudy::snapshot {

using shown_row = std::vector<std::optional<std::string>>;

// The one row of a SHOW CREATE statement about `what` ("the definition of `db`.`t`", as told to the
// operator), of at least `columns` fields. Nothing in the answer is object_unreadable. What the
// server or the network said keeps its code: a source that goes away while a definition is read is
// an interruption, after which the task goes on.
[[nodiscard]] boost::asio::awaitable<protocol::result<shown_row>>
read_shown(protocol::net::connection& source, std::string sql, std::string what,
           std::size_t columns);

} // namespace understudy::snapshot
