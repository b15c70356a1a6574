#pragma once

#include "applier/apply_rules.hpp"
#include "applier/checkpoint_store.hpp"
#include "applier/definition_recorder.hpp"
#include "applier/group_applier.hpp"
#include "applier/group_builder.hpp"
#include "applier/group_recorder.hpp"
#include "applier/lane_work.hpp"
#include "applier/quarantine.hpp"
#include "applier/reloader.hpp"
#include "applier/statement_decision.hpp"
#include "applier/statement_executor.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "state/object_selection.hpp"
#include "state/task_spec.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>

namespace understudy::applier {

// What stays the same from one try to the next; outlives every stream.
struct stream_context {
    const state::task_spec& task;
    const state::object_selection& selection;
    const checkpoint_store& store;
    const apply_rules& rules;
    const conflict_policy& conflicts;
    relay::log& relay;
    const std::set<state::object_name>& copied; // tables that the initial copy filled
    std::uint64_t epoch = 0;
    std::uint32_t source_version = 0;
    protocol::binlog_position source_end;
    const std::atomic<bool>& stop;
    step_hook hook;
    reloader* reload = nullptr; // of the task's own stream; nullptr: nothing can be reloaded
    // Of a stream that catches up tables that were set aside: which, and how far it may go.
    const quarantine_entry* only = nullptr;
    const protocol::binlog_position* bound = nullptr;
    std::optional<bool> source_explicit_timestamps{}; // applier_options
    bool was_reloaded = false; // `copied` has definitions that the relay's memory may lack
};

// One try at applying: a target session and a reader of the relay, both from the checkpoint that is
// on the target. Every error ends it, and the next try begins at the checkpoint again: whether a
// COMMIT whose answer was lost has happened, how much of a cut transaction was written, what a
// crash left behind, all that is asked of the target in one place.
//
// read() and write() may run at the same time on two threads, each on one at a time: read() has the
// relay, write() the target.
class apply_stream {
public:
    // Blocking. Takes the session that is left of the try before, when it is still good.
    [[nodiscard]] static protocol::result<std::unique_ptr<apply_stream>>
    open(const stream_context& context, std::unique_ptr<target_session> session, caution how);

    // The next group; nullopt: nothing more at the moment.
    [[nodiscard]] protocol::result<std::optional<group>> read();
    // read(), and record() of what it gives where knows_tables(), take well below a millisecond.
    [[nodiscard]] bool has_little_to_read() const;
    [[nodiscard]] bool knows_tables(const group& work) const { return rows_->knows_tables(work); }
    [[nodiscard]] protocol::result<void> write(const group& work);

    // What was read: a group for a lane, or one to be executed alone with write(), or nothing.
    struct unit {
        std::optional<lane_work> for_lane;
        std::optional<group> alone;
    };
    // Makes work for a lane of what read() gave, where that can be; `committed` is the number of
    // the last such work that is. Uses the session of this stream when a table comes up for the
    // first time, so write() must not run meanwhile.
    [[nodiscard]] unit record(group work, std::uint64_t committed);
    // Nothing is on its way in lanes: the next group for one begins where write() stands.
    void begin_lanes() { recorder_->begin_at(rows_->reached()); }
    // Among how many groups at a time the limits of one are shared out; between calls of read().
    void share_limits(std::uint64_t shares) { shares_ = shares; }

    // Commits a position that moved without rows.
    [[nodiscard]] protocol::result<void> save_position() { return rows_->save_position(); }
    [[nodiscard]] bool has_unsaved_position() const { return rows_->has_unsaved_position(); }
    [[nodiscard]] bool unsaved_is_note() const { return rows_->unsaved_is_note(); }

    // Between calls of read() and write().
    void set_caution(caution how);
    void release_relay() { builder_->release_until(rows_->committed().binlog); }
    [[nodiscard]] const state::source_position& committed() const { return rows_->committed(); }
    [[nodiscard]] group_applier& rows() { return *rows_; }
    [[nodiscard]] const stream_share& share() const { return share_; }
    [[nodiscard]] const std::set<state::object_name>& inseparable() const {
        return builder_->inseparable();
    }
    // Of an errc::reload_needed, whoever has found it.
    [[nodiscard]] std::set<state::object_name> to_reload() const {
        auto tables = statements_executor_->to_reload();
        return tables.empty() ? inseparable() : tables;
    }
    [[nodiscard]] const std::set<state::object_name>& inseparable_views() const {
        return builder_->inseparable_views();
    }
    [[nodiscard]] const std::optional<state::object_name>& long_table() const {
        return statements_executor_->long_table();
    }
    [[nodiscard]] std::uint64_t take_statement_count() { return std::exchange(statements_, 0); }

    // Any thread.
    void interrupt() { session_->interrupt(); }
    [[nodiscard]] target_session& session() { return *session_; }
    // Ends the stream. nullptr when the session cannot be used any more.
    [[nodiscard]] std::unique_ptr<target_session> release_session();

private:
    explicit apply_stream(const stream_context& context)
        : context_(context), definitions_(context.relay.definitions(), context.selection) {}

    [[nodiscard]] protocol::result<void>
    write_statement(const source_statement& statement, const protocol::format_description& format);
    [[nodiscard]] group_limits limits_for(caution how) const;

    const stream_context& context_;
    definition_recorder definitions_;
    statement_decisions decisions_;
    stream_share share_;
    std::unique_ptr<target_session> session_;
    std::unique_ptr<group_builder> builder_;
    std::unique_ptr<group_applier> rows_;
    std::unique_ptr<group_recorder> recorder_;
    std::unique_ptr<statement_executor> statements_executor_;
    caution how_ = caution::none;
    std::uint64_t statements_ = 0;
    std::uint64_t shares_ = 1;
};

} // namespace understudy::applier
