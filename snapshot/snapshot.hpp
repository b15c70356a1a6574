#pragma once

#include "applier/checkpoint_store.hpp"
#include "protocol/binlog/binlog_position.hpp"
#include "protocol/net/replica_session.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "relay/server_turn.hpp"
#include "snapshot/stop_signal.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"
#include "state/status_board.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <map>
#include <memory>
#include <set>

namespace understudy::snapshot {

// Where the stream has to begin so that the copy that follows misses nothing.
struct start_point {
    state::source_position position;
    bool by_gtid = true;
    protocol::uuid source_uuid;
    std::uint32_t source_version = 0;
    // Every XA transaction that was prepared at the position has ended since: what it wrote can be
    // seen, and is in the copy. False where the account may not ask (XA_RECOVER_ADMIN, or PROCESS
    // while no transaction writes for long).
    bool prepared_have_ended = true;
};

// Reads the start point from the source. With GTIDs: gtid_executed, no lock. By file and position:
// the position is read while the selected tables are read-locked for a moment, because a position
// can be ahead of what a reader already sees: a transaction stands in the binary log before the
// engine has committed it (MYSQL_BIN_LOG::ordered_commit), a chunk read in between would miss it
// and so would the stream.
//
// The rows of an XA transaction that is prepared there stand in the log before the position, and
// cannot be seen yet: the copy must not begin before it has ended. applier::errc::transient when
// that takes longer than a moment.
[[nodiscard]] boost::asio::awaitable<protocol::result<start_point>>
read_start_point(boost::asio::any_io_executor executor, const state::task_spec& task,
                 const state::object_selection& selection, state::status_board& board);

// The start of a copy whose changes come from a relay log that is filled already: the log's end.
// Not what the source says of its own log: a position of it can be behind transactions that no
// reader sees yet and that GTIDs do not count; read from there, the relay log would not give them,
// and the copy would not have them either. So all that the relay log holds up to its end is waited
// for, until it can be seen. applier::errc::transient when that takes longer than a moment, or when
// the relay log follows another server. Ends when `stop` does.
[[nodiscard]] boost::asio::awaitable<protocol::result<start_point>>
read_start_in(relay::log& relay, boost::asio::any_io_executor executor,
              const state::task_spec& task, const state::object_selection& selection,
              state::status_board& board, stop_signal& stop);

// What is said then: applier::errc::transient, for the receiver turns to it, or the next run does.
[[nodiscard]] std::unexpected<protocol::error> other_server(const protocol::uuid& source,
                                                            const relay::server_turn& turn);

// The start point that the task names (task.adopted), for a target that was filled by other means.
// By GTID the file of the source's log where that set's end lies is looked for;
// protocol::errc::binlog_position_lost when it has been purged.
[[nodiscard]] boost::asio::awaitable<protocol::result<start_point>>
find_adopted_point(boost::asio::any_io_executor executor, const state::task_spec& task,
                   state::status_board& board);

struct copy_outcome {
    protocol::binlog_position copy_end; // the source's log ended here after the last chunk was read
    std::map<state::object_name, state::source_position>
        start_after; // tables copied in one snapshot at a known position
    std::set<state::object_name> copied;
    // Tables that were there before, with rows of their own (existing_tables::ignore).
    std::set<state::object_name> kept;
    // Views and programs were read between these two: as they were at both, if nothing changed one
    // of them in between. Empty files: there were none to read, or that is not known.
    state::source_position programs_begin;
    protocol::binlog_position programs_end;
    // Of object_selection::only_databases(): those that the source has.
    std::set<std::string> databases;
};

// The initial copy: definitions, then data, resumable. Progress is kept on the target
// (`understudy`.`copy_progress`), each chunk with its progress in one transaction, so a killed copy
// goes on where it was and no row is written twice. Reads on task.initial.connections source
// sessions (coroutines on the executor), writes on as many target sessions (on the pool).
class copier {
public:
    // epoch: ours in the task's checkpoint, which must be on the target. Once another process has
    // taken the task over nothing more is written (applier::errc::fenced). progress_name: under
    // which the progress is kept; empty: the task's.
    copier(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
           state::task_spec task, std::uint64_t epoch, const state::object_selection& selection,
           state::status_board& board, std::string_view progress_name = {});
    ~copier();

    // Databases and tables (no secondary objects that could fire), data, then views, routines,
    // triggers and events; foreign keys in order. Skips what an earlier run finished.
    [[nodiscard]] boost::asio::awaitable<protocol::result<copy_outcome>> run();
    // Before run(): tables that get their present definition, for views to be made of, and no rows,
    // because they are to be copied by themselves later.
    void leave_out(std::set<state::object_name> tables);
    // Behind run(): tables that were on the target before and differ, which have no rows of the
    // source (conflict.differing_tables = "set-aside").
    [[nodiscard]] const std::set<state::object_name>& set_aside() const;
    // Behind a run() that has ended: takes views and programs back, so that the next one reads them
    // anew.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> discard_programs();
    // What an earlier, finished copy left: read from the target for a task that is already
    // streaming.
    [[nodiscard]] boost::asio::awaitable<protocol::result<copy_outcome>> load_outcome();
    // Takes everything back that run() made on the target, and its progress, so that the copy can
    // begin anew; what was there before is left alone. A discard that was interrupted makes run()
    // fail with errc::taken_back. Not with conflict.existing_tables = "ignore".
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> discard();
    void stop(); // from the executor; run() ends with errc::cancelled

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace understudy::snapshot
