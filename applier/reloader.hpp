#pragma once

#include "applier/quarantine.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace understudy::applier {

// Tables whose data a reload has brought, and how: for apply_rules.
struct reloaded_tables {
    std::set<state::object_name> copied;
    std::map<state::object_name, state::source_position> start_after;
};

// Copies tables that are set aside anew, while the task's stream goes on. The applier knows when,
// the room that knows how to copy implements it. From the applier's executor, one call at a time;
// outlives the applier.
class reloader {
public:
    reloader() = default;
    reloader(const reloader&) = delete;
    reloader& operator=(const reloader&) = delete;
    virtual ~reloader() = default;

    // The entry (stage reloading) has the source's tables as they were at one position, and its
    // checkpoint stands there: it may catch up (stage resuming). Goes on with what a process before
    // us had begun. `note`: how far it is, for people. errc::transient: what failed may pass;
    // errc::cancelled after stop().
    [[nodiscard]] virtual boost::asio::awaitable<protocol::result<void>>
    reload(quarantine_entry entry, std::uint64_t epoch, std::function<void(std::string)> note) = 0;
    // What reload() has left; nothing of an entry that was not reloaded.
    [[nodiscard]] virtual boost::asio::awaitable<protocol::result<reloaded_tables>>
    load(quarantine_entry entry) = 0;
    virtual void stop() = 0;
};

} // namespace understudy::applier
