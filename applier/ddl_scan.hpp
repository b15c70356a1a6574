#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace understudy::applier {

// A statement of the source that changed a definition which the task follows.
struct definition_change {
    enum class kind : std::uint8_t {
        tables,  // of the tables (and views) that it names
        program, // of a view, a routine, a trigger or an event
        account, // of accounts, or of what they may do
        other,   // of more than these, or one that the applier would refuse
    };
    kind of = kind::other;
    std::set<state::object_name> tables; // of kind tables: selected ones, never empty
    protocol::binlog_position end;
    protocol::gtid id; // empty(): the source has none
    std::string shown; // "'…' at binlog.000003:4711", for an operator to read
};

// Whoever looked behind that position of the source, with what had committed there, has seen what
// the statement did: one can be in the log before it, and not be committed.
[[nodiscard]] bool was_there_at(const state::source_position& position,
                                const definition_change& change);

struct definition_changes {
    std::vector<definition_change> found;
    // Among the other changes are some that could not be parted from those of a table: an XA
    // transaction, or rows that were logged as text.
    bool has_inseparable = false;
};

// What changed definitions between two positions of the relay log. The log must reach to `until`.
// Reads each event's header and the text of each statement, from disk for the most part: blocking,
// for the pool.
[[nodiscard]] protocol::result<definition_changes>
find_changes(relay::log& relay, const state::source_position& from,
             const protocol::binlog_position& until, const state::object_selection& selection,
             std::uint32_t source_version);

// The first of them.
[[nodiscard]] protocol::result<std::optional<definition_change>>
find_ddl(relay::log& relay, const state::source_position& from,
         const protocol::binlog_position& until, const state::object_selection& selection,
         std::uint32_t source_version);

} // namespace understudy::applier
