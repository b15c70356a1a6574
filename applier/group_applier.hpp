#pragma once

#include "applier/apply_rules.hpp"
#include "applier/change_merger.hpp"
#include "applier/checkpoint_store.hpp"
#include "applier/conflict_policy.hpp"
#include "applier/conflict_store.hpp"
#include "applier/definition_recorder.hpp"
#include "applier/group.hpp"
#include "applier/prepared_store.hpp"
#include "applier/prepared_writer.hpp"
#include "applier/quarantine.hpp"
#include "applier/statement_pipe.hpp"
#include "applier/table_plan.hpp"
#include "applier/table_writer.hpp"
#include "applier/target_session.hpp"
#include "applier/text_change_writer.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"
#include "state/status_board.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace understudy::applier {

// How carefully rows are written. The answer to a refused statement of many rows does not say which
// row it was, so the same transactions are tried again in smaller steps until the refused one is
// known.
enum class caution : std::uint8_t { none, each_transaction, each_row };

struct apply_settings {
    std::uint64_t epoch = 0;
    std::chrono::milliseconds group_time_max{1'000};
    std::size_t statement_bytes = 1U << 20U;
    caution how = caution::none;
    write_ways ways{};
    const conflict_policy* conflicts = nullptr; // outlives the applier; nullptr: every one stops
    const stream_share* share = nullptr;        // the same; nullptr: everything
    const std::atomic<bool>* stop = nullptr;    // looked at between statements
    std::optional<bool> source_explicit_timestamps{}; // applier_options
    // Changes before this may have been written by a try before, and stayed although it was rolled
    // back, where the table's engine has no transactions: there they overwrite.
    protocol::binlog_position replayed_until{};
};

struct apply_counts {
    std::uint64_t rows = 0;
    std::uint64_t inserted = 0; // of those; the rest of them was logged as text
    std::uint64_t updated = 0;
    std::uint64_t deleted = 0;
    std::uint64_t written = 0; // of those, what was executed on the target
    std::uint64_t transactions = 0;
    std::uint64_t groups = 0;
    std::uint64_t overwritten = 0; // conflicts
    std::uint64_t ignored = 0;

    apply_counts& operator+=(const apply_counts& more);
    void add(const row_change& change);
    // Of rows; transactions and groups are those of the task's own stream.
    void add_rows_to(state::status& status) const;
};

// How rows of a table are written, once it is known.
struct table_choice {
    state::object_name table; // of the source
    std::string why_sql;      // empty: as row images
};

// The row that was refused, for the explanation. The table and what it looks into live as long as
// the applier's plans.
struct refused_row {
    const table_plan* table = nullptr;
    protocol::rows_kind kind = protocol::rows_kind::write;
    std::string transaction;
    std::string row;       // its key, or all of it, for a person to read
    std::string condition; // WHERE …, when the key can be written as SQL
};

// Executes groups of rows on one target session, each in one transaction with its checkpoint.
// Blocking; one thread at a time. After an error the transaction is still open: roll back or drop
// the session, then begin anew from the checkpoint on the target.
class group_applier {
public:
    group_applier(target_session& target, const checkpoint_store& store,
                  const state::object_selection& selection, const apply_rules& rules,
                  definition_recorder& definitions, apply_settings settings,
                  state::source_position position);

    // A group without a statement. errc::cancelled when stop was set in the middle.
    [[nodiscard]] protocol::result<void> apply(const group& work);
    // Commits the position when it moved without rows of ours.
    [[nodiscard]] protocol::result<void> save_position();
    // The statement executor has committed this.
    void set_position(state::source_position position);
    // A DDL was executed: definitions are read anew.
    void forget_definitions();
    // The next commit also closes the journal entry of the CREATE TABLE whose rows it holds.
    void set_commit_companion(std::string sql) { companion_ = std::move(sql); }

    [[nodiscard]] const state::source_position& committed() const { return committed_; }
    [[nodiscard]] bool has_unsaved_position() const { return unsaved_; }
    // It moved by notes of tasks alone (group::only_notes).
    [[nodiscard]] bool unsaved_is_note() const { return unsaved_is_note_; }
    void set_caution(caution how) { settings_.how = how; }
    // Bytes of events that the target executes in this time, by the last groups; UINT64_MAX: not
    // known yet. Any thread.
    [[nodiscard]] std::uint64_t bytes_in(std::chrono::duration<double> time) const;
    void note_rate(std::uint64_t bytes, std::chrono::steady_clock::duration time);
    [[nodiscard]] apply_counts take_counts() { return std::exchange(counts_, {}); }
    // Since the last call. Any thread.
    [[nodiscard]] std::vector<table_choice> take_choices();
    // When the last committed transaction was committed on the source.
    [[nodiscard]] std::chrono::system_clock::time_point source_time() const { return source_time_; }

    // For groups that are executed elsewhere (group_recorder); nothing may be executed here
    // meanwhile. Makes the calls of plan_for() that follow for this group quicker.
    [[nodiscard]] protocol::result<void> expect_tables(const group& work);
    // Nothing is to be asked of the target for its plans.
    [[nodiscard]] bool knows_tables(const group& work) const;
    // The plan of a table, read from the target if it is not known.
    [[nodiscard]] protocol::result<const table_plan*>
    plan_for(const source_transaction& transaction,
             const std::shared_ptr<const source_table>& table);
    [[nodiscard]] const table_plan* known_plan(const source_table& table) const {
        return plans_.find(table);
    }
    [[nodiscard]] apply_rules::decision decide(const row_change& change,
                                               const source_transaction& transaction,
                                               const protocol::rows_event& event) const {
        const auto flags = static_cast<std::uint16_t>(
            event.flags | (change.by_replace ? protocol::rows_flag::no_foreign_key_checks : 0));
        return rules_.decide(change.table->name, transaction, event.kind, flags);
    }
    [[nodiscard]] bool stops_at_conflicts(const table_plan& table) const;
    // A part of a transaction was applied, or the statement in front of its rows, and the rest is
    // still to come.
    [[nodiscard]] bool in_the_middle() const { return in_transaction_ || !companion_.empty(); }
    // Behind all transactions that were read, also those that left no rows.
    [[nodiscard]] const state::source_position& reached() const { return reached_; }
    // They were executed and committed.
    void take_over(const state::source_position& committed, const apply_counts& counts,
                   std::chrono::system_clock::time_point source_time);

    // Why apply() failed: a statement with rows was refused by the target.
    [[nodiscard]] bool rows_were_refused() const { return pipe_.rows_were_refused(); }
    [[nodiscard]] const refused_row& refused() const { return refused_; } // with caution::each_row
    // The table of the source that apply() failed for; nullopt: not that of one table, or not known
    // until it is tried with caution.
    [[nodiscard]] const std::optional<state::object_name>& troubled() const { return troubled_; }

private:
    [[nodiscard]] protocol::result<void> apply_transaction(const group& work,
                                                           const source_transaction& transaction);
    [[nodiscard]] protocol::result<void> apply_change(const group& work,
                                                      const source_transaction& transaction,
                                                      const row_change& change);
    [[nodiscard]] protocol::result<void> keep_prepared(const group& work,
                                                       const source_transaction& transaction,
                                                       const row_change& change);
    [[nodiscard]] protocol::result<void> end_prepared(const source_transaction& transaction,
                                                      const prepared_end& end);
    [[nodiscard]] protocol::result<void> commit_prepared(const source_transaction& transaction,
                                                         const std::string& xa_id);
    // Whether the order of the table's changes may be given up: change_merger.
    [[nodiscard]] bool may_merge(const table_plan& table, const protocol::rows_event& event) const;
    // Everything that was appended has been executed.
    [[nodiscard]] protocol::result<void> settle();
    [[nodiscard]] protocol::result<void> flush_merged();
    [[nodiscard]] protocol::result<void>
    apply_text(const group& work, const source_transaction& transaction, const text_change& change);
    [[nodiscard]] protocol::result<void>
    plan_statement_tables(const group& work, const source_transaction& transaction,
                          const row_change& change);
    [[nodiscard]] protocol::result<void> write_as_logged(const source_transaction& transaction,
                                                         const rows_to_write& rows,
                                                         const protocol::rows_event& event);
    [[nodiscard]] protocol::result<void> write_overwriting(const source_transaction& transaction,
                                                           rows_to_write rows,
                                                           const protocol::rows_event& event);
    [[nodiscard]] protocol::result<void> write_each_row(const source_transaction& transaction,
                                                        const rows_to_write& rows,
                                                        const protocol::rows_event& event,
                                                        rbr_mode mode);
    // One row, which the reader stands on.
    [[nodiscard]] protocol::result<void> write_one(const rows_to_write& rows,
                                                   const protocol::rows_event& event,
                                                   const protocol::row_reader& reader,
                                                   rbr_mode mode);
    [[nodiscard]] conflict_policy::action policy_of(const table_plan& table, rbr_mode mode) const;
    // After write_one() has failed: what the task wants, or the error when it was no conflict.
    [[nodiscard]] protocol::result<void> resolve(const rows_to_write& rows,
                                                 const protocol::rows_event& event,
                                                 const protocol::row_reader& reader,
                                                 protocol::error said);
    [[nodiscard]] protocol::result<void> begin();
    [[nodiscard]] protocol::result<void> commit();
    [[nodiscard]] bool may_be_there(const table_plan& table,
                                    const source_transaction& transaction) const;
    void reach(const source_transaction& transaction);
    [[nodiscard]] bool stopping() const {
        return settings_.stop != nullptr && settings_.stop->load();
    }

    target_session& target_;
    const checkpoint_store& store_;
    const apply_rules& rules_;
    definition_recorder& definitions_;
    const state::object_selection& selection_;
    apply_settings settings_;
    table_plans plans_;
    statement_pipe pipe_;
    table_writer writer_;
    change_merger merger_; // in front of the writer
    text_change_writer texts_;
    conflict_store conflict_store_;
    prepared_store prepared_store_;
    prepared_writer prepared_;
    std::vector<std::byte> documents_; // rows of an UPDATE whose JSON changes were made whole
    bool in_transaction_ = false;
    std::chrono::steady_clock::time_point began_;
    std::vector<const table_plan*> statement_plans_; // of the source's statement at hand
    std::uint32_t statement_first_ = UINT32_MAX;
    std::string companion_;

    state::source_position committed_;
    state::source_position reached_; // of complete transactions that were read
    bool unsaved_ = false;
    bool unsaved_is_note_ = false;
    apply_counts open_counts_; // since the last commit
    apply_counts counts_;
    std::mutex choices_mutex_;
    std::vector<table_choice> choices_;
    std::chrono::system_clock::time_point reached_time_;
    std::chrono::system_clock::time_point source_time_;
    refused_row refused_;
    std::optional<state::object_name> troubled_;
    std::atomic<double> bytes_per_second_{0}; // 0: not known
};

} // namespace understudy::applier
