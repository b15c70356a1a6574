#pragma once

#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/late_keys.hpp"

#include <boost/asio/awaitable.hpp>

#include <vector>

namespace understudy::snapshot {

// Keys of a table that is to be filled may come after its rows: a large InnoDB table that is copied
// in chunks and has no part in a foreign key (for which the server wants an index at once).
[[nodiscard]] bool takes_late_keys(const copy_context& context, const source_table& table);

// Before the table is created without them: which keys are missing. Kept on the target, so that a
// restart knows; the row of an earlier run is replaced.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
note_late_keys(copy_context& context, target_worker& worker, const state::object_name& table,
               const std::vector<late_key>& keys);

// Keys of the table are noted and not made yet.
[[nodiscard]] bool lacks_late_keys(const copy_context& context, const state::object_name& table);

// What make_late_keys wants: a session that reads names as they are written, and has no time limit.
[[nodiscard]] target_worker key_worker(const copy_context& context);

// All rows are there: makes the keys that are noted and missing, in one statement. Takes as long as
// it takes. Nothing to do for other tables.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
make_late_keys(copy_context& context, target_worker& worker, const state::object_name& table);

// The same for every table that a killed run left without its keys.
[[nodiscard]] boost::asio::awaitable<protocol::result<void>>
make_all_late_keys(copy_context& context);

} // namespace understudy::snapshot
