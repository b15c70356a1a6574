#pragma once

#include "protocol/gtid/uuid.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace understudy::precheck {

enum class severity : std::uint8_t {
    blocking, // a failed item of this kind keeps `run` from starting
    warning,  // replication works, but something deserves a look
    info,
};

enum class outcome : std::uint8_t {
    passed,
    failed,
    skipped, // could not be looked at, because something before it failed; `seen` says what
};

// One thing that was looked at, in an operator's words. A value.
struct item {
    std::string id; // "source.privileges": stable, for programs
    severity level = severity::blocking;
    outcome state = outcome::passed;
    std::string title;
    std::string seen;    // what was found
    std::string why;     // what would go wrong; empty for passed items
    std::string fix;     // the exact statement or setting that mends it; empty for passed items
    bool waived = false; // blocking but for the task file (precheck.waive)
};

struct report {
    std::vector<item> items; // in the order of looking: source, target, both
    // How far we got on a side. Lost: it could not be reached (for another reason than a refused
    // sign-in) or went away while it was looked at, so another look may end otherwise.
    struct side {
        bool reached = false;
        bool lost = false;
    };
    side source{};
    side target{};
    // For applier::upstream_store; nothing: the source could not be asked.
    std::optional<std::set<std::string>> upstream{};

    // No blocking item failed or was skipped.
    [[nodiscard]] bool passed() const;
};

// What the caller knows about the task besides its file.
struct context {
    // No checkpoint exists on the target yet. Only then same-named tables there are refused.
    bool first_start = true;
    // Where the stream must begin (end of the relay log, or the checkpoint), if the task has run
    // before.
    std::optional<state::source_position> start;
    // By GTID: what the relay log holds beyond that, which the source may have purged.
    protocol::gtid_set received{};
    // Ours, as the source will see them; 0 and zero: not chosen yet, nothing to compare.
    std::uint32_t server_id = 0;
    protocol::uuid server_uuid;
    // Other tasks of this process may have that identity's connection already (relay.share).
    bool shares_identity = false;
    // Of the file system that will hold the relay log; nothing: it is not known where that is.
    std::optional<std::uint64_t> free_bytes{};
    // The source whose log `start` is a place of; zero: not known.
    protocol::uuid source_uuid{};
};

// For a person: a line per item, and below those that failed what, why and how to mend it.
[[nodiscard]] std::string to_text(const report& value, bool colour);
// {"passed": bool, "items": [{"id", "severity", "outcome", "title", "seen", "why", "fix",
//   "waivable", "waived"}]}
[[nodiscard]] std::string to_json(const report& value);

} // namespace understudy::precheck
