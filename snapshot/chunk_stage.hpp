#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/lane.hpp"
#include "snapshot/source_table.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace understudy::snapshot {

// Copies `tables` by key, chunk by chunk, on all lanes; goes on behind the last key that an earlier
// run stored. A large table is cut into ranges of its key that several lanes copy.
// errc::changed_during_copy if a table's columns are not those its copy began with.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
copy_in_chunks(copy_context& context, protocol::net::connection& source,
               std::vector<std::unique_ptr<lane>>& lanes,
               const std::vector<const source_table*>& tables);

} // namespace understudy::snapshot
