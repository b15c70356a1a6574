#pragma once

#include "applier/change_writer.hpp"
#include "applier/table_plan.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier {

struct writer_limits {
    std::size_t statement_bytes = 1U
                                  << 20U; // of events in one statement; a larger event stands alone
    std::size_t event_bytes = 256U << 10U; // of joined rows
    std::size_t packet_bytes = 64U << 20U; // the target's max_allowed_packet
};

// From rows to BINLOG statements, in the order given. A statement is a sequence of runs:
//
//   statement := "BINLOG '" base64(run+) "'" ["; COMMIT"]
//   run       := table_map+ rows+            the last rows event carries STMT_END_F
//
// A run has all its maps first because the target opens and locks the tables of a run at its first
// rows event and reads the foreign-key and unique-check flags at that moment only
// (Rows_log_event::do_apply_event in sql/log_event.cc); so a change of the flags starts a new run.
// Rows without their map in the same statement would be dropped silently, and a statement that does
// not end with STMT_END_F can crash the server: neither can come out of here.
//
// Pure but for the sink, which gets each finished statement; the text is good during the call only.
class row_image_writer final : public change_writer {
public:
    enum class ending : std::uint8_t { open, commit };
    using sink =
        std::function<protocol::result<void>(std::string_view sql, rbr_mode mode, ending how)>;

    row_image_writer(writer_limits limits, sink out);

    // Makes sure that the run holds this table's map although no rows of it may come: foreign keys
    // between the tables of one statement of the source are checked against the tables it mapped.
    [[nodiscard]] protocol::result<void>
    append(const rows_to_write& rows, rbr_mode mode,
           std::span<const table_plan* const> statement_tables) override;
    // Ends the run and hands out what is there.
    [[nodiscard]] protocol::result<void> finish() override { return hand_out(ending::open); }
    // The same, and COMMIT behind it in the same packet: the server executes that only when the
    // rows were written. There must be something.
    [[nodiscard]] protocol::result<void> finish_and_commit() { return hand_out(ending::commit); }
    void reset() override;

private:
    [[nodiscard]] protocol::result<void> check_size(const rows_to_write& rows,
                                                    std::size_t size) const;
    [[nodiscard]] bool try_join(const rows_to_write& rows);
    void map_table(const table_plan& table, const rows_to_write& rows);
    void end_run();
    [[nodiscard]] protocol::result<void> hand_out(ending how);

    writer_limits limits_;
    sink out_;
    rbr_mode mode_ = rbr_mode::strict;
    std::vector<std::byte> statement_; // finished runs
    std::vector<std::byte> maps_;      // of the open run
    std::vector<std::byte> rows_;
    std::vector<const table_plan*> run_tables_;
    std::uint16_t run_flags_ = 0;
    std::size_t last_event_ = 0; // offset in rows_
    const table_plan* last_table_ = nullptr;
    protocol::rows_kind last_kind_ = protocol::rows_kind::write;
    bool last_has_partial_json_ = false;
    bool last_joinable_ = false;
    std::string last_present_; // both bitmaps
    std::string text_;
};

} // namespace understudy::applier
