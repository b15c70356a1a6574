#pragma once

#include "applier/change_writer.hpp"
#include "applier/table_plan.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace understudy::applier {

// What a writer is told of the rows of one event.
[[nodiscard]] rows_to_write rows_of(const table_plan& table, const protocol::event_header& header,
                                    const protocol::rows_event& event, std::uint16_t flags);

// Bytes of the row that a reader stands on: one image, or before and after of an UPDATE, which lie
// side by side.
[[nodiscard]] std::span<const std::byte> row_bytes(const protocol::row_reader& reader,
                                                   protocol::rows_kind kind);

// Hands the rows of one event to a writer, in its order, for the strict mode. Without a key the
// server hashes a whole event before it looks for rows: an UPDATE must not find a row that the same
// event made, so it is handed out in parts there.
[[nodiscard]] protocol::result<void>
append_as_logged(rows_to_write rows, const protocol::rows_event& event,
                 std::span<const table_plan* const> statement_tables, change_writer& writer);

} // namespace understudy::applier
