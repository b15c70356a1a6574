#pragma once

#include "applier/change_writer.hpp"
#include "applier/sql_row.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace understudy::applier {

// Statements for the target in one packet, separated by semicolons.
struct sql_packet {
    struct statement {
        const table_plan* table = nullptr;
        protocol::rows_kind kind = protocol::rows_kind::write;
        std::uint64_t rows = 0;
        bool strict = true;    // as many rows as were said must be found
        bool may_warn = false; // then it is the last one
    };
    std::string_view text; // good during the call only
    std::span<const statement> statements;
    // What the session has to be set to.
    bool foreign_key_checks = true;
    bool unique_checks = true;
    bool check_constraints = true;
};

struct sql_writer_limits {
    std::size_t statement_bytes = 256U << 10U; // a larger row stands alone
    std::size_t packet_text_bytes = 1U << 20U; // of statements sent at once
    std::size_t packet_bytes = 64U << 20U;     // the target's max_allowed_packet
    std::uint32_t deleted_at_once = 200;       // above, the optimizer guesses instead of looking
};

// From rows to SQL statements, in the order given, for targets that take no row images.
//
//   WRITE   INSERT INTO t (columns) VALUES (…),(…)       overwriting: REPLACE, or with some of the
//                                                       columns only ON DUPLICATE KEY UPDATE, as
//                                                       where the target has columns of its own
//   UPDATE  UPDATE t SET what changed WHERE key          one for each row
//   DELETE  DELETE FROM t WHERE key IN (…)
//
// Columns are named; generated ones are left out. Rows of tables without a key are found by all of
// their columns, one row for one (LIMIT 1). Neighbouring rows of one table and kind share a
// statement, statements share a packet; whoever executes it compares the counts of rows found with
// those said here, so a missing row is noticed as with row images.
//
// Pure but for the sink. One thread at a time.
class sql_change_writer final : public change_writer {
public:
    using sink = std::function<protocol::result<void>(const sql_packet&)>;

    sql_change_writer(sql_writer_limits limits, bool target_is_mariadb, sink out);

    // `statement_tables` does not matter here.
    [[nodiscard]] protocol::result<void>
    append(const rows_to_write& rows, rbr_mode mode,
           std::span<const table_plan* const> statement_tables) override;
    [[nodiscard]] protocol::result<void> finish() override;
    void reset() override;

private:
    struct state {
        bool foreign_key_checks = true;
        bool unique_checks = true;
        bool check_constraints = true;
        bool operator==(const state&) const = default;
    };
    // What rows of one statement have in common.
    struct shape {
        const table_plan* table = nullptr;
        protocol::rows_kind kind = protocol::rows_kind::write;
        rbr_mode mode = rbr_mode::strict;
        std::string present; // bitmap
        bool operator==(const shape&) const = default;
    };

    [[nodiscard]] state state_of(const rows_to_write& rows, rbr_mode mode) const;
    [[nodiscard]] protocol::result<void> append_row(const rows_to_write& rows, rbr_mode mode,
                                                    const protocol::row_image* before,
                                                    const protocol::row_image* after);
    [[nodiscard]] protocol::result<void> append_write(const rows_to_write& rows, rbr_mode mode,
                                                      const protocol::row_image& image);
    [[nodiscard]] protocol::result<void> append_delete(const rows_to_write& rows, rbr_mode mode,
                                                       const protocol::row_image& image);
    [[nodiscard]] protocol::result<void> append_update(const rows_to_write& rows, rbr_mode mode,
                                                       const protocol::row_image& before,
                                                       const protocol::row_image& after);
    // Of tables that have columns of their own (table_plan::keeps_columns), images of which are
    // whole.
    [[nodiscard]] protocol::result<void>
    append_overwriting_update(const rows_to_write& rows, const protocol::row_image& before,
                              const protocol::row_image& after);
    [[nodiscard]] protocol::result<void> clear_the_way(const table_plan& table,
                                                       const protocol::row_image* before,
                                                       const protocol::row_image& image);
    // Puts `piece_` behind the open statement, or begins one with `opening_`.
    [[nodiscard]] protocol::result<void> join(shape what, std::string_view opening,
                                              std::string_view closing, std::uint32_t rows_max,
                                              bool may_warn);
    [[nodiscard]] protocol::result<void> add_statement(sql_packet::statement what,
                                                       std::string_view text);
    [[nodiscard]] protocol::result<void> close_statement();
    [[nodiscard]] protocol::result<void> send();

    sql_writer_limits limits_;
    bool mariadb_;
    sink out_;
    sql_row row_;

    std::string packet_;
    std::vector<sql_packet::statement> statements_;
    state state_;

    shape open_;            // of the statement at hand; table == nullptr: there is none
    std::string open_text_; // without its end
    std::string closing_;   // its end
    sql_packet::statement open_statement_;
    bool open_joinable_ = false;
    bool joinable_ = true; // of the row at hand
    std::string piece_;
    std::string opening_;
};

} // namespace understudy::applier
