#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/key_range.hpp"
#include "snapshot/source_table.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <vector>

namespace understudy::snapshot {

// Cuts a table into at most part_count ranges of its key, in its order, without holes or overlaps
// and of about as many rows each. How many rows lie between two keys is what the source's optimizer
// estimates (EXPLAIN, which looks at a few pages of the index), so that a key of any type and
// distribution is cut, also one whose first columns have few values; no row is read but the first
// and the last of a range. What cannot be cut stays whole. The table must have an order. The
// connection and the table have to outlive the coroutine; only a lost connection is an error.
[[nodiscard]] boost::asio::awaitable<protocol::result<std::vector<key_range>>>
split_table(protocol::net::connection& source, const source_table& table, std::uint32_t part_count);

} // namespace understudy::snapshot
