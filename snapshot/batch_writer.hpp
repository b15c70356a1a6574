#pragma once

#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/copy_progress.hpp"
#include "snapshot/row_encoder.hpp"
#include "snapshot/source_table.hpp"
#include "snapshot/target_worker.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace understudy::snapshot {

// Session settings for writing copied rows: what would refuse or change them is off. Triggers do
// not exist yet, foreign keys are checked by the source.
// binlog: the rows go to the target's binary log. checks_unique: other rows may be in the tables.
// Without, InnoDB puts a value into an index that is not in memory before it has seen whether a row
// has it already, so INSERT IGNORE and REPLACE would leave both.
[[nodiscard]] std::vector<std::string> row_session_setup(bool binlog, bool checks_unique);

// Writes batches of one part of one table, each with its progress in one transaction. The task's
// epoch is held and the progress row changed first: no other process can have taken the task over
// when the batch commits, and the lock keeps out a late transaction of one that was killed.
class batch_writer {
public:
    batch_writer(target_worker& worker, const copy_context& context, const source_table& table,
                 const row_encoder& encoder, progress_key key);

    // After success `row` is what is stored. On a lost connection or a deadlock the batch is tried
    // again; whether a lost COMMIT was done is told by the progress row.
    // errc::value_not_exact if the server stored a value with a warning.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> write(const batch& rows,
                                                                       progress_row& row);

private:
    [[nodiscard]] protocol::result<void> write_once(applier::target_session& target,
                                                    const batch& rows, const progress_row& row);
    [[nodiscard]] protocol::result<bool> is_written(applier::target_session& target,
                                                    const progress_row& row) const;
    [[nodiscard]] protocol::result<void> write_rows(applier::target_session& target,
                                                    const batch& rows) const;
    [[nodiscard]] protocol::result<void> refuse_duplicate(const std::string& message) const;
    [[nodiscard]] protocol::result<void> check_warnings(applier::target_session& target,
                                                        const batch& rows,
                                                        const encoded_rows& statement) const;

    target_worker* worker_;
    const copy_context* context_;
    const source_table* table_;
    const row_encoder* encoder_;
    progress_key key_;
    bool retrying_ = false;
};

} // namespace understudy::snapshot
