#pragma once

#include "applier/apply_stream.hpp"
#include "applier/quarantine.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <set>
#include <string_view>

namespace understudy::applier {

// Whether setting the table aside lets the rest go on: the error is about its rows, its definition
// or a right on it, and not about the target or the task as a whole.
[[nodiscard]] bool concerns_one_table(const protocol::error& error);

// Sets aside `table` with all that is linked with it, from the task's checkpoint on; nothing is
// being written by the task's stream. `as`: aside, or altering. Blocking, with a session of its
// own.
[[nodiscard]] protocol::result<void> set_aside(const stream_context& context,
                                               const state::object_name& table,
                                               std::string_view why, quarantine_entry::stage as);

// These have to be copied anew before the stream goes on: noted, and done when it is opened next.
[[nodiscard]] protocol::result<void> reload(const stream_context& context,
                                            const std::set<state::object_name>& tables,
                                            std::string_view why);
// A statement about an entry that comes back and about `tables` can neither be executed, because a
// copy is ahead of it, nor wait: the entry takes them in, with other entries that have some of
// them, and is copied anew. false: nothing could be taken in.
[[nodiscard]] protocol::result<bool> take_in(const stream_context& context,
                                             const quarantine_entry& entry,
                                             const std::set<state::object_name>& tables);
// What waits for the entry, which comes back, is not needed: it is copied anew.
[[nodiscard]] protocol::result<void> copy_anew(const stream_context& context,
                                               const quarantine_entry& entry);
// A statement about these views and a table of the entry, whose copy is not ahead, waits with that:
// they belong to it from here on.
[[nodiscard]] protocol::result<void> wait_with(const stream_context& context,
                                               const quarantine_entry& entry,
                                               const std::set<state::object_name>& views);

// Of a stream that is being opened; fulfils what operators have asked for before.
[[nodiscard]] protocol::result<stream_share> share_of(const stream_context& context,
                                                      target_session& target);

} // namespace understudy::applier
