#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/group.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <string>

namespace understudy::applier {

// The task's row of `ddl_journal` on the target: which statement is being executed between two
// checkpoints. A DDL commits by itself, so it cannot share a transaction with the checkpoint; the
// row says what to ask after a crash.
//
//   idle ──write_intent──▶ intent ──(the statement)──▶ idle, with the checkpoint, in one
//   transaction
//                                 └─ rows follow ──▶ executed ──▶ idle, in the transaction of the
//                                 rows
struct journal_entry {
    enum class state : std::uint8_t { idle, intent, executed };
    enum class decision : std::uint8_t { none, done, undone };

    state now = state::idle;
    std::string task_uuid;
    std::uint64_t number = 0;
    std::string file;
    std::uint64_t offset = 0;
    std::string gtid;
    std::string fingerprint;
    std::uint64_t connection_id = 0;
    decision decided = decision::none;

    [[nodiscard]] bool is_about(const source_transaction& transaction) const;
    // The GTID under which the statement is executed where the target has GTIDs.
    [[nodiscard]] std::string target_gtid() const {
        return task_uuid + ":" + std::to_string(number);
    }
};

class ddl_journal {
public:
    explicit ddl_journal(const checkpoint_store& store);

    // Makes the row, with a UUID of its own, when there is none.
    [[nodiscard]] protocol::result<journal_entry> load(target_session& target) const;
    // Commits at once. Fills in number, position and connection of the entry. errc::fenced when
    // another process has taken the task over.
    [[nodiscard]] protocol::result<void> write_intent(target_session& target, journal_entry& entry,
                                                      const source_transaction& transaction,
                                                      std::string_view statement,
                                                      std::uint64_t epoch) const;
    [[nodiscard]] protocol::result<void> mark_executed(target_session& target) const;
    // To be executed in the transaction that advances the checkpoint.
    [[nodiscard]] std::string closing_sql() const;
    // What an operator executes to say that the statement was (or was not) executed.
    [[nodiscard]] std::string decision_sql(journal_entry::decision decision) const;

private:
    std::string checkpoint_table_;
    std::string table_;
    std::string where_;
    std::string task_;
};

} // namespace understudy::applier
