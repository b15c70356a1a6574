#include "applier/logged_rows.hpp"

#include "applier/overwriting.hpp"

#include <algorithm>

namespace understudy::applier {

using protocol::result;
using protocol::rows_kind;

namespace {

bool has_columns(const protocol::column_bitmap& present, std::span<const std::uint32_t> columns) {
    return std::ranges::all_of(columns, [&](std::uint32_t column) { return present.test(column); });
}

// Whether each row of the event is found by the table's key, and so changed in the event's order.
bool is_found_by_key(const table_plan& table, const protocol::rows_event& event) {
    return table.has_key() &&
           (event.kind == rows_kind::write || has_columns(event.present, table.target.key));
}

result<void> append_in_parts(const rows_to_write& rows, const protocol::rows_event& event,
                             const std::vector<std::size_t>& cuts,
                             std::span<const table_plan* const> statement_tables,
                             change_writer& writer) {
    rows_to_write part = rows;
    const std::byte* begin = event.rows.data();
    const std::byte* end = begin;
    auto cut = cuts.begin();
    protocol::row_reader reader(rows.table->source->map, event);
    for (std::size_t row = 0;; ++row) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more || (cut != cuts.end() && *cut == row)) {
            part.rows = {begin, end};
            auto done = writer.append(part, rbr_mode::strict, statement_tables);
            if (!done || !*more) return done;
            begin = end;
            ++cut;
        }
        end += row_bytes(reader, rows.kind).size();
    }
}

} // namespace

rows_to_write rows_of(const table_plan& table, const protocol::event_header& header,
                      const protocol::rows_event& event, std::uint16_t flags) {
    rows_to_write rows;
    rows.table = &table;
    rows.kind = event.kind;
    rows.flags = flags;
    rows.timestamp = header.timestamp;
    rows.server_id = header.server_id;
    rows.present = event.present.bytes;
    rows.present_after = event.present_after.bytes;
    rows.rows = event.rows;
    rows.has_partial_json = event.has_partial_json;
    return rows;
}

std::span<const std::byte> row_bytes(const protocol::row_reader& reader, rows_kind kind) {
    switch (kind) {
    case rows_kind::write: return reader.after().bytes;
    case rows_kind::delete_: return reader.before().bytes;
    case rows_kind::update: break;
    }
    // Between them there can be bits that say which JSON columns are partial.
    const auto after = reader.after().bytes;
    return {reader.before().bytes.data(), after.data() + after.size()};
}

result<void> append_as_logged(rows_to_write rows, const protocol::rows_event& event,
                              std::span<const table_plan* const> statement_tables,
                              change_writer& writer) {
    const bool by_key = is_found_by_key(*rows.table, event);
    rows.joinable = by_key || rows.kind != rows_kind::update;
    if (!rows.joinable) {
        auto cuts = cuts_for_hash_scan(rows.table->source->map, event);
        if (!cuts) return std::unexpected(std::move(cuts.error()));
        if (!cuts->empty()) return append_in_parts(rows, event, *cuts, statement_tables, writer);
    }
    return writer.append(rows, rbr_mode::strict, statement_tables);
}

} // namespace understudy::applier
