#pragma once

#include "applier/apply_rules.hpp"
#include "applier/checkpoint_store.hpp"
#include "applier/ddl_journal.hpp"
#include "applier/definition_recorder.hpp"
#include "applier/group.hpp"
#include "applier/quarantine.hpp"
#include "applier/statement_decision.hpp"
#include "applier/statement_session.hpp"
#include "applier/target_session.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/result.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace understudy::applier {

// Called between every two steps of a statement, with the step's name: where a test makes the
// process "die".
using step_hook = std::function<void(std::string_view step)>;

// Executes logged statements (DDL) exactly once, through the journal:
//
//   1 intent      the journal names the statement and what its objects looked like; committed
//   2 execute     under the session state it was logged with; commits by itself
//   3 definitions what the tables look like now goes into the relay log; again after a crash
//   4 checkpoint  position and journal in one transaction
//
// After a crash between any two of them the same statement comes again from the relay and finds its
// intent. Where the target has GTIDs the statement was given one of the task's own, so that
// gtid_executed says whether 2 happened, and executing it twice is impossible. Otherwise the
// target's dictionary is compared with what the intent holds; when that does not tell,
// errc::ddl_uncertain asks a person. Blocking; one thread.
class statement_executor {
public:
    statement_executor(target_session& target, const checkpoint_store& store,
                       const apply_rules& rules, definition_recorder& definitions,
                       std::uint64_t epoch, std::uint32_t source_version, step_hook hook);

    enum class outcome : std::uint8_t {
        committed,   // the position has advanced to `after`
        rows_follow, // the table is there; closing_sql() belongs into the transaction of its rows
    };
    // The position before the statement must be committed on the target.
    [[nodiscard]] protocol::result<outcome> execute(const source_statement& statement,
                                                    const protocol::format_description& format,
                                                    const state::source_position& after);
    [[nodiscard]] std::string closing_sql() const { return journal_.closing_sql(); }
    // Of a stream that shares its task with others: what alters a larger table fails with
    // errc::long_statement before it has begun. 0: nothing does.
    void set_alter_aside_bytes(std::uint64_t bytes) { alter_aside_bytes_ = bytes; }
    // The table of the last statement that failed so.
    [[nodiscard]] const std::optional<state::object_name>& long_table() const {
        return long_table_;
    }
    // Tables of the source that have to be copied anew, behind errc::reload_needed.
    [[nodiscard]] const std::set<state::object_name>& to_reload() const { return to_reload_; }
    // Under which other tasks know this one (merged_store): a stream that catches up has a name of
    // its own for its checkpoint.
    void set_task_name(std::string name) { task_name_ = std::move(name); }
    // For statements that were logged without it (statement_session).
    void set_source_explicit_timestamps(std::optional<bool> on) {
        session_.set_source_explicit_timestamps(on);
    }
    // Where the checkpoint stands.
    void set_committed(protocol::binlog_position position) { committed_ = std::move(position); }
    // They have to outlive the executor.
    void set_decisions(const statement_decisions& decisions) { decisions_ = &decisions; }
    void set_share(const stream_share& share, const state::object_selection& selection) {
        share_ = &share;
        selection_ = &selection;
    }

private:
    [[nodiscard]] protocol::result<bool> was_executed(const source_statement& statement,
                                                      const journal_entry& entry);
    [[nodiscard]] protocol::result<bool> still_running(const journal_entry& entry);
    [[nodiscard]] protocol::result<void> run(const source_statement& statement,
                                             const protocol::query_event& query,
                                             std::uint32_t timestamp, const journal_entry& entry);
    [[nodiscard]] protocol::result<void> enter_session(const statement_plan& plan,
                                                       const protocol::query_event& query,
                                                       std::uint32_t timestamp,
                                                       std::string_view text);
    [[nodiscard]] protocol::result<void> run_text(std::string_view text,
                                                  const journal_entry& entry);
    [[nodiscard]] protocol::result<void> run_text_once(std::string_view text,
                                                       const journal_entry& entry);
    [[nodiscard]] protocol::result<void> let_go_of_gtid(bool executed);
    [[nodiscard]] bool was_decided_about(const journal_entry& entry) const;
    [[nodiscard]] bool was_passed_over(const journal_entry& entry) const;
    [[nodiscard]] bool was_left_to_table(const journal_entry& entry,
                                         const source_statement& statement) const;
    [[nodiscard]] protocol::result<void> use_database(const statement_plan& plan);
    // The text to execute: as planned, or with its event switched off.
    [[nodiscard]] protocol::result<std::string> text_for(const statement_plan& plan,
                                                         std::uint64_t sql_mode) const;
    [[nodiscard]] protocol::result<query_rows> find_triggers(std::string_view name,
                                                             std::string_view databases);
    [[nodiscard]] protocol::result<std::string> drop_trigger_text(const statement_plan& plan);
    // Whether the trigger that is to be dropped is of a table that this stream applies.
    [[nodiscard]] protocol::result<void> leave_to_table(const source_statement& statement,
                                                        const logged_statement& logged);
    [[nodiscard]] protocol::result<outcome>
    execute_resolved(const source_statement& statement, const protocol::format_description& format,
                     const state::source_position& after);
    // cut_over.cpp
    [[nodiscard]] protocol::result<source_statement>
    resolve_cut_over(const source_statement& statement, const protocol::format_description& format);
    [[nodiscard]] std::unexpected<protocol::error> not_as_alter(const source_statement& statement,
                                                                const std::string& why);
    [[nodiscard]] protocol::result<bool> was_made_by_tool(const statement_plan& plan);
    [[nodiscard]] protocol::result<void> end_cut_over(const statement_plan& plan);
    [[nodiscard]] protocol::result<void> note_models(const statement_plan& plan);
    [[nodiscard]] protocol::result<void> drop_model(const statement_plan& plan);
    [[nodiscard]] state::object_name model_on_target(const statement_plan& plan) const;
    [[nodiscard]] std::unexpected<protocol::error> copy_instead(const statement_plan& plan,
                                                                const std::string& why);
    // merged_execution.cpp
    [[nodiscard]] protocol::result<void> try_on_copy(const source_statement& statement,
                                                     const protocol::query_event& query,
                                                     std::uint32_t timestamp);
    [[nodiscard]] protocol::result<void> leave_merged_to_table(const statement_plan& plan);
    [[nodiscard]] protocol::result<void> enroll_merged(const statement_plan& plan);
    [[nodiscard]] protocol::result<void> execute_merged(const source_statement& statement,
                                                        const protocol::query_event& query,
                                                        std::uint32_t timestamp,
                                                        journal_entry& entry, bool is_begun);
    [[nodiscard]] protocol::result<bool> is_our_trigger(const statement_plan& plan);
    [[nodiscard]] protocol::result<void> commit(const state::source_position& after,
                                                const statement_plan& plan);
    [[nodiscard]] protocol::result<void>
    refuse_during_copy(const source_statement& statement) const;
    void step(std::string_view name) const {
        if (hook_) hook_(name);
    }

    target_session& target_;
    const checkpoint_store& store_;
    const apply_rules& rules_;
    protocol::binlog_position committed_{};
    definition_recorder& definitions_;
    std::uint64_t epoch_;
    std::uint32_t source_version_;
    step_hook hook_;
    const statement_decisions* decisions_ = nullptr;
    const stream_share* share_ = nullptr;
    const state::object_selection* selection_ = nullptr;
    ddl_journal journal_;
    statement_session session_;
    std::string task_name_;
    std::set<state::object_name> to_reload_;
    std::uint64_t alter_aside_bytes_ = 0;
    std::optional<state::object_name> long_table_;
};

} // namespace understudy::applier
