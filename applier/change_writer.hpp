#pragma once

#include "applier/table_plan.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace understudy::applier {

enum class rbr_mode : std::uint8_t {
    strict,     // a missing row or an existing key is an error
    idempotent, // rows are overwritten, missing ones are no error
};

// Of the bytes of a row's key. An UPDATE that changes the key has two; else `after` is 0.
struct key_hashes {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
};

// Rows of one table of the target on their way to a writer: those of one event of the source, in
// its order, or the net effect of a group on one row (change_merger). Everything is a reference
// into the group's events or the merger's buffers and stays good until the group is done.
struct rows_to_write {
    const table_plan* table = nullptr;
    protocol::rows_kind kind = protocol::rows_kind::write;
    std::uint16_t flags = 0; // as logged or as apply_rules want them; statement_end does not count
    std::uint32_t timestamp = 0;
    std::uint32_t server_id = 0;
    std::span<const std::byte> present;       // bitmap of the image, of an UPDATE's before image
    std::span<const std::byte> present_after; // UPDATE only
    // Images one behind the other; of an UPDATE before and after in turns.
    std::span<const std::byte> rows;
    // Not empty: `rows` is the before image of exactly one UPDATE, and this its after image, which
    // lies elsewhere.
    std::span<const std::byte> after;
    bool has_partial_json = false; // as in protocol::rows_event
    // Rows may be on the target with other values than the source's: an UPDATE writes all that it
    // has, not only what it changes.
    bool overwrites_values = false;
    // The rows may share an event or a statement with the ones before them (same table, kind,
    // columns and flags).
    bool joinable = true;
    // Made by change_merger: the net effect of a group on one row, or an UPDATE of a unique value,
    // which stays as it is. The images are complete.
    bool is_net = false;
    key_hashes keys{}; // of a net effect

    [[nodiscard]] std::size_t size() const { return rows.size() + after.size(); }
};

// From rows to statements for the target, in the order given. One of them belongs to each session
// that writes rows; one thread at a time. Implementations hand finished statements to a sink that
// they were made with (statement_pipe), and hold at most about one statement.
class change_writer {
public:
    change_writer() = default;
    change_writer(const change_writer&) = delete;
    change_writer& operator=(const change_writer&) = delete;
    virtual ~change_writer() = default;

    // The bytes of `rows` may go when this returns. `statement_tables`: the tables of the source's
    // statement that these rows belong to, for writers that have to name them together: foreign
    // keys between them are checked against the tables that were mapped.
    [[nodiscard]] virtual protocol::result<void>
    append(const rows_to_write& rows, rbr_mode mode,
           std::span<const table_plan* const> statement_tables) = 0;
    // Hands out what is there.
    [[nodiscard]] virtual protocol::result<void> finish() = 0;
    // After an error: forgets what was collected.
    virtual void reset() = 0;
};

} // namespace understudy::applier
