#pragma once

#include "applier/change_writer.hpp"
#include "applier/row_image_writer.hpp"
#include "applier/sql_change_writer.hpp"
#include "applier/statement_pipe.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <span>

namespace understudy::applier {

// The writer of one session: rows of each table go the way that its plan names, through the same
// pipe and in the order given. A row that is too large for an image in a packet of the target is
// tried as SQL, where the plan allows that. One thread at a time.
class table_writer final : public change_writer {
public:
    // statement_bytes: of row events in one statement. The pipe outlives the writer.
    table_writer(const target_facts& target, std::size_t statement_bytes, statement_pipe& pipe);

    [[nodiscard]] protocol::result<void>
    append(const rows_to_write& rows, rbr_mode mode,
           std::span<const table_plan* const> statement_tables) override;
    // Rows whose plans allow SQL go that way, whatever the plans prefer.
    void prefer_sql(bool value) { prefer_sql_ = value; }
    [[nodiscard]] protocol::result<void> finish() override;
    // The same with COMMIT in the packet of the last statement, which must be of row images.
    [[nodiscard]] protocol::result<void> finish_and_commit();
    void reset() override;

private:
    [[nodiscard]] protocol::result<void> turn_to(change_writer& writer);

    row_image_writer images_;
    sql_change_writer sql_;
    bool prefer_sql_ = false;
    change_writer* last_ = nullptr; // holds what has not been handed out
};

} // namespace understudy::applier
