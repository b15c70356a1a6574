#pragma once

#include "applier/apply_stream.hpp"
#include "applier/quarantine.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <string_view>

namespace understudy::applier {

// Whether setting the table aside lets the rest go on: the error is about its rows, its definition
// or a right on it, and not about the target or the task as a whole.
[[nodiscard]] bool concerns_one_table(const protocol::error& error);

// Sets aside `table` with all that is linked with it, from the task's checkpoint on; nothing is
// being written by the task's stream. Blocking, with a session of its own.
[[nodiscard]] protocol::result<void>
set_aside(const stream_context& context, const state::object_name& table, std::string_view why);

// Of a stream that is being opened; fulfils what operators have asked for before.
[[nodiscard]] protocol::result<stream_share> share_of(const stream_context& context,
                                                      target_session& target);

} // namespace understudy::applier
