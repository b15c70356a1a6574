#pragma once

#include "applier/checkpoint_image.hpp"
#include "applier/checkpoint_store.hpp"
#include "applier/lane_work.hpp"
#include "applier/statement_pipe.hpp"
#include "applier/table_writer.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/task_spec.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace understudy::applier {

// As many at most where apply.workers is 0.
inline constexpr std::size_t lane_count_max = 8;
// How many groups to execute side by side on this target: apply.workers, or what its processors
// suggest (ours, where it does not tell them).
[[nodiscard]] std::size_t lane_count(const state::task_spec& task, target_session& target);

// One target session that executes groups beside others, each in one transaction with the
// checkpoint of the task. Blocking; one thread at a time. After an error the transaction is open:
// roll_back(), or let the session go.
class lane {
public:
    // epoch: of this process in the checkpoint. `stop` is looked at between statements and outlives
    // the lane, as do the other two.
    [[nodiscard]] static protocol::result<std::unique_ptr<lane>>
    open(const state::task_spec& task, const checkpoint_store& store, std::uint64_t epoch,
         const std::atomic<bool>& stop);

    // All groups before this one are committed: executes it, checkpoint and COMMIT included. A
    // small one takes one round trip.
    [[nodiscard]] protocol::result<void> execute(const lane_work& work);
    // The same in two steps, of which the first does not wait for the target, for a small group on
    // a session that has executed one.
    [[nodiscard]] bool can_send(const lane_work& work) const;
    [[nodiscard]] protocol::result<void> send(const lane_work& work);
    [[nodiscard]] protocol::result<void> receive() { return pipe_.drain(); }
    // Or, before they are: executes the changes that wait for nobody.
    [[nodiscard]] protocol::result<void> begin(const lane_work& work);
    // And when they are: executes the rest and commits.
    [[nodiscard]] protocol::result<void> finish(const lane_work& work);
    // Ends what was begun. false: the session cannot be used any more.
    [[nodiscard]] bool roll_back();
    // What has not been answered ends with COMMIT.
    [[nodiscard]] bool sent_its_end() const { return end_is_sent_; }

    // From another thread: ends a running call soon.
    void interrupt() { target_->interrupt(); }

private:
    lane(std::unique_ptr<target_session> target, const checkpoint_store& store, std::uint64_t epoch,
         const std::atomic<bool>& stop, bool row_images);

    void begin_transaction();
    enum class part : std::uint8_t { all, waiting, not_waiting };
    [[nodiscard]] protocol::result<void> write(const lane_work& work, part which);
    // Writes the checkpoint behind the rows that were written, and commits.
    [[nodiscard]] protocol::result<void> close(const lane_work& work);
    // As row images: sends the last of them, the checkpoint and COMMIT.
    [[nodiscard]] protocol::result<void> send_end(const lane_work& work);

    std::unique_ptr<target_session> target_;
    const checkpoint_store& store_;
    std::uint64_t epoch_;
    const std::atomic<bool>& stop_;
    statement_pipe pipe_;
    table_writer writer_;
    std::optional<checkpoint_image> image_; // where row images may be written
    bool end_is_sent_ = false;
};

} // namespace understudy::applier
