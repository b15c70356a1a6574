#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/commit.hpp"
#include "applier/merged_store.hpp"
#include "snapshot/copy_pace.hpp"
#include "snapshot/copy_progress.hpp"
#include "snapshot/source_catalog.hpp"
#include "snapshot/source_session.hpp"
#include "snapshot/stop_signal.hpp"
#include "snapshot/target_worker.hpp"
#include "state/object_selection.hpp"
#include "state/status_board.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

namespace understudy::snapshot {

// What the parts of one copy share; owned by the copier, used on its executor. What runs on the
// pool gets only `progress` (stateless) and its own target session.
struct copy_context {
    boost::asio::any_io_executor executor;
    boost::asio::thread_pool* pool;
    const state::task_spec* task;
    state::object_selection* selection; // the copier's; changed before the first row is copied
    state::status_board* board;
    stop_signal* stop;
    copy_progress progress;
    // Each chunk and each statement makes sure that the task is still ours.
    applier::checkpoint_store checkpoints;
    std::uint64_t epoch;
    source_link source;
    source_catalog catalog{};
    bool target_is_mariadb = false;              // known once the progress was loaded
    std::map<progress_key, progress_row> done{}; // as stored on the target
    copy_pace* pace = nullptr;                   // while rows are copied
    std::set<state::object_name> left_out{};     // get a definition and no rows
    std::set<state::object_name> set_aside{};    // of these, by this copy (kept_copy)

    [[nodiscard]] state::object_name on_target(const state::object_name& source_name) const {
        return selection->map(source_name.database, source_name.object);
    }
    // What the task makes of the table's rows; nullptr: nothing.
    [[nodiscard]] const state::table_shape* shape(const state::object_name& source_name) const {
        return selection->shape(source_name.database, source_name.object);
    }
    // Before anything is written, in the transaction that writes it.
    [[nodiscard]] protocol::result<void> hold(applier::target_session& target) const {
        return checkpoints.hold(target, epoch);
    }
    // All that `write` (a result<void>()) does, or nothing of it, while the task is ours. Rows of
    // the progress are locked behind the task's checkpoint, here and in each batch.
    template<class Write>
    [[nodiscard]] protocol::result<void> in_transaction(applier::target_session& target,
                                                        const Write& write) const {
        auto written = target.run("START TRANSACTION");
        if (written) written = hold(target);
        if (written) written = write();
        return applier::commit_or_roll_back(target, std::move(written));
    }
    // What alters the table of the target that this one is merged into waits for it from here on.
    [[nodiscard]] protocol::result<void> enroll(applier::target_session& target,
                                                const state::object_name& source_name) const {
        return applier::merged_store(task->apply.meta_database)
            .enroll(target, {on_target(source_name), task->name, source_name});
    }
    [[nodiscard]] bool keeps_existing() const {
        return task->conflict.policy == state::task_spec::existing_tables::ignore;
    }
    [[nodiscard]] bool is_made_here(const state::object_name& source_name) const {
        const auto made = done.find({"table", source_name});
        return made != done.end() && made->second.now == progress_row::stage::created;
    }
    // Some of its rows may be on the target.
    [[nodiscard]] bool is_begun(const state::object_name& source_name) const {
        const auto at = done.lower_bound({"data", source_name});
        return at != done.end() && at->first.kind == "data" && at->first.source == source_name;
    }
    // Rows that the copy did not write may be in tables that it fills.
    [[nodiscard]] bool may_meet_rows() const {
        const auto is_ours = [this](const source_table& one) { return is_made_here(one.name); };
        return selection->merges_anything() || !std::ranges::all_of(catalog.tables, is_ours);
    }
    [[nodiscard]] target_worker::options worker(std::vector<std::string> setup) const {
        return {executor, pool, task->target, {}, stop, std::move(setup)};
    }
};

} // namespace understudy::snapshot
