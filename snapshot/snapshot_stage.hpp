#pragma once

#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/lane.hpp"
#include "snapshot/source_table.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace understudy::snapshot {

// Copies `tables` as they were at one known position (recorded with their first rows), on all
// lanes. What is on the target of them is deleted first. When the source's sessions are lost, all
// of it starts again, a few times.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
copy_in_snapshot(copy_context& context, std::vector<std::unique_ptr<lane>>& lanes,
                 const std::vector<const source_table*>& tables);

// One table of an engine without transactions, locked at the source until it is read.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
copy_under_lock(copy_context& context, lane& on, const source_table& table);

} // namespace understudy::snapshot
