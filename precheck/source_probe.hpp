#pragma once

#include "precheck/facts.hpp"
#include "protocol/net/connection.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/awaitable.hpp>

namespace understudy::precheck {

class question_line;

// Asks the source for everything that the items are made from. Questions that it does not answer
// are in server.questions; nothing else fails. `selection` learns how the source compares names.
// The connection's executor; arguments live until done.
[[nodiscard]] boost::asio::awaitable<source_seen>
look_at_source(protocol::net::connection& source, const state::task_spec& spec,
               state::object_selection& selection);

// Fills databases, tables, definers and unmatched.
[[nodiscard]] boost::asio::awaitable<void> look_at_objects(question_line& ask,
                                                           const state::task_spec& spec,
                                                           const state::object_selection& selection,
                                                           source_seen& seen);

// After it: fills table_fact::shape_misfit.
[[nodiscard]] boost::asio::awaitable<void>
look_at_shapes(question_line& ask, const state::object_selection& selection, source_seen& seen);
// After look_at_objects(): connections, clock and what the source is in the middle of.
[[nodiscard]] boost::asio::awaitable<void>
look_at_health(question_line& ask, const state::object_selection& selection, source_seen& seen);
// After look_at_objects(): what definitions have that not every target knows, and what views are
// made of.
[[nodiscard]] boost::asio::awaitable<void>
look_at_features(question_line& ask, const state::object_selection& selection, source_seen& seen);
// Fills table_fact::columns, and definition where that is wanted.
[[nodiscard]] boost::asio::awaitable<void>
look_at_columns(question_line& ask, const state::task_spec& spec, source_seen& seen);
// Fills accounts, and what is said of them.
[[nodiscard]] boost::asio::awaitable<void>
look_at_accounts(question_line& ask, const state::task_spec& spec,
                 const state::object_selection& selection, source_seen& seen);

} // namespace understudy::precheck
