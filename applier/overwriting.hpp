#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace understudy::applier {

struct rewritten_rows {
    protocol::rows_kind kind = protocol::rows_kind::write; // write or delete_
    std::vector<std::byte> rows;                           // complete images
};

// An UPDATE of a table that the initial copy filled, as DELETE and WRITE events for
// rbr_exec_mode=IDEMPOTENT. There the server drops an UPDATE whose row is missing and skips one
// that meets an existing key, and both would lose the row: a copied table may be ahead of the
// stream. DELETE and WRITE say what has to be there afterwards, whatever is there now.
//
// Only rows whose key changes are deleted. A row that is deleted under a key which the same event
// wrote before ends the pair of events, so that it is deleted after that write.
// errc::unsupported_event when the images are not complete. Pure.
[[nodiscard]] protocol::result<std::vector<rewritten_rows>>
overwrite_update(const protocol::table_map& map, const protocol::rows_event& update,
                 std::span<const std::uint32_t> key);

// Whether a change that holds only some columns of its rows (binlog_row_image other than FULL) may
// be applied as it is, with rbr_exec_mode=IDEMPOTENT, to a table that the initial copy filled. Each
// column that changed since the copy began gets its values again, up to the last; the others are as
// they were copied. That needs the key, unchanged, and no other unique key: where a row is moved,
// or an UPDATE is skipped because it meets another row, columns that are not in the event are lost.
// errc::unsupported_event with the reason and what to do. Pure.
[[nodiscard]] protocol::result<void> allow_some_columns(const protocol::table_map& map,
                                                        const protocol::rows_event& event,
                                                        std::span<const std::uint32_t> key,
                                                        bool has_other_unique_keys);

// Where an UPDATE event has to be cut so that no part of it changes a row that the same part has
// made: the row numbers that begin a new part. The server looks rows of a table without a key up by
// hashing the whole event, and would not find such a row. Pure.
[[nodiscard]] protocol::result<std::vector<std::size_t>>
cuts_for_hash_scan(const protocol::table_map& map, const protocol::rows_event& update);

} // namespace understudy::applier
