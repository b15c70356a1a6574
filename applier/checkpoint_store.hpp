#pragma once

#include "applier/target_session.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier {

// What of a task is durable on the target: one row of `understudy`.`checkpoint`, written in the
// transaction of each group.
struct checkpoint {
    enum class stage : std::uint8_t {
        copying,   // initial copy under way; `applied` is where the stream will begin
        streaming, // the stream is being applied (overwriting until copy_end is passed)
    };
    stage now = stage::copying;
    protocol::uuid source_uuid;
    bool by_gtid = true;
    state::source_position applied;
    // End of the source's log when the initial copy was complete: up to here changes overwrite,
    // behind it they are exact. Empty file: no copy.
    protocol::binlog_position copy_end;
    std::uint64_t epoch =
        0; // raised by each process that takes the task over; every group checks it (fencing)
};

// SQL of the checkpoint row. Stateless but for names; used from the applier's and the snapshot's
// target sessions.
class checkpoint_store {
public:
    checkpoint_store(std::string meta_database, std::string task);

    // Creates the meta database and its tables where missing (checkpoint, ddl_journal; the snapshot
    // adds its own).
    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    [[nodiscard]] protocol::result<std::optional<checkpoint>> load(target_session& target) const;
    // The same, but a transaction of ours that is about to move it has ended first: one whose
    // COMMIT was sent before its session was lost may still be on its way.
    [[nodiscard]] protocol::result<std::optional<checkpoint>>
    load_settled(target_session& target) const;
    [[nodiscard]] protocol::result<void> create(target_session& target,
                                                const checkpoint& value) const;
    // Raises the epoch and returns it: from now on an older process's groups fail with
    // errc::fenced. So does this, when the epoch has gone beyond `ours`, which the caller had
    // before: the process that came last goes on.
    [[nodiscard]] protocol::result<std::uint64_t>
    take_over(target_session& target, std::optional<std::uint64_t> ours = std::nullopt) const;
    // errc::fenced unless the task's epoch is still this one. Inside a transaction it stays so
    // until the end of it: who takes the task over waits for that.
    [[nodiscard]] protocol::result<void> hold(target_session& target, std::uint64_t epoch) const;
    // errc::fenced, too.
    [[nodiscard]] protocol::result<void> finish_copy(target_session& target,
                                                     const protocol::binlog_position& copy_end,
                                                     std::uint64_t epoch) const;
    // Inside the caller's transaction; affected rows must be 1, else errc::fenced.
    [[nodiscard]] protocol::result<void> advance(target_session& target,
                                                 const state::source_position& applied,
                                                 std::uint64_t epoch) const;
    [[nodiscard]] protocol::result<void> remove(target_session& target) const;

    [[nodiscard]] const std::string& meta_database() const { return meta_database_; }
    [[nodiscard]] const std::string& task() const { return task_; }

private:
    [[nodiscard]] protocol::result<std::optional<checkpoint>> load(target_session& target,
                                                                   std::string_view locking) const;

    std::string meta_database_;
    std::string task_;
};

} // namespace understudy::applier
