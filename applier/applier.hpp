#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/reloader.hpp"
#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"
#include "relay/log.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"
#include "state/status_board.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

namespace understudy::applier {

struct applier_options {
    state::task_spec task;
    checkpoint from;                  // loaded (and taken over: from.epoch is ours)
    std::uint32_t source_version = 0; // 90704, 50624
    // @@GLOBAL.explicit_defaults_for_timestamp of the source, for statements that were logged
    // without it. Empty: unknown, the target's own holds.
    std::optional<bool> source_explicit_timestamps{};
    // Where the source's log ended when the task was started: what a process before us may have
    // applied lies before it. Empty: unknown.
    protocol::binlog_position source_end;
    // Tables whose copy was one snapshot at a known position: their changes up to it are left out,
    // behind it they are exact from the start.
    std::map<state::object_name, state::source_position> start_after;
    // Tables that the initial copy filled. A DDL on one of them before from.copy_end stops the task
    // (errc::unsupported_statement).
    std::set<state::object_name> copied;
    // Tables that were on the target before, with rows that are not the source's: its changes
    // overwrite them, unless the task says otherwise.
    std::set<state::object_name> kept;
    // Changes of views and programs up to here are in what it copied. Empty: none are.
    protocol::binlog_position programs_end;
    // And of routines and events of these databases, which were selected as a whole later.
    std::map<std::string, protocol::binlog_position> later_programs;
    // Copies tables anew that are set aside; nullptr: that cannot be done here.
    reloader* reload = nullptr;
    // Somebody waits for the position, also where it moves by what other tasks have noted on the
    // source (their checkpoints): it is then saved as soon as by anything else, and not within ten
    // seconds.
    bool saves_notes_soon = false;
    // For tests: called on the pool's threads between the steps of a statement; what it throws
    // comes out of run() with everything left as a crash would leave it.
    std::function<void(std::string_view step)> on_step;
};

// From the relay to the target: reads complete groups, joins what has arrived into one target
// transaction (up to the task's row, byte and time limits), writes row images with the checkpoint,
// executes statements through the journal. The coordinator runs on its executor's thread; blocking
// calls to the target run on the pool.
class applier {
public:
    applier(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
            relay::log& relay, applier_options options, const state::object_selection& selection,
            state::status_board& board);
    ~applier();

    // Ends with success after stop() (the open group is finished or rolled back first), else with
    // what stopped the task: transaction (GTID or position), table, key, and what to do. Joined by
    // its owner.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> run();
    void stop(); // from the executor

    // Position of the last commit on the target; any thread.
    [[nodiscard]] state::source_position applied() const;
    // What the relay has to keep: from there on something is not applied yet, to the task or to a
    // table that is set aside. nullopt: not known before the target was asked. Any thread.
    [[nodiscard]] std::optional<protocol::binlog_position> needed() const;
    // Tables wait for being mended, or are being caught up. Any thread.
    [[nodiscard]] bool is_catching_up() const;
    // Called on the executor when the stream is open, and after each commit; one callback.
    void on_commit(std::function<void(const state::source_position&)> callback);

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace understudy::applier
