#include "applier/row_image_writer.hpp"

#include "applier/base64.hpp"
#include "applier/errc.hpp"
#include "protocol/assert.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

constexpr std::size_t length_offset = 9;
constexpr std::size_t flags_offset = protocol::event_header_size + 6; // behind the table id
constexpr std::string_view opening = "BINLOG '";
constexpr std::string_view commit = "; COMMIT";
// What a packet holds besides the events: the command, the words of the statement.
constexpr std::size_t packet_overhead = 64;
// Bytes of a rows event besides bitmaps and rows: header, table id, flags, extra length, column
// count.
constexpr std::size_t event_overhead = protocol::event_header_size + 6 + 2 + 2 + 9;

std::size_t map_size(const table_plan& table) {
    return protocol::event_header_size + 8 + 4 + table.target.name.database.size() +
           table.target.name.object.size() + table.source->map.after_names.size();
}

} // namespace

row_image_writer::row_image_writer(writer_limits limits, sink out)
    : limits_(limits), out_(std::move(out)) {}

result<void> row_image_writer::check_size(const rows_to_write& rows, std::size_t size) const {
    const std::size_t packet = base64_size(size) + packet_overhead;
    if (packet <= limits_.packet_bytes) return {};
    return fail(errc::packet_too_large,
                fmt::format("a row of table {} needs a statement of {} bytes and the target's "
                            "max_allowed_packet is {}: "
                            "raise it on the target (SET GLOBAL max_allowed_packet = …, at most "
                            "1073741824), then start "
                            "the task again",
                            rows.table->target.name.to_string(), packet, limits_.packet_bytes));
}

bool row_image_writer::try_join(const rows_to_write& rows) {
    if (!rows.joinable || !last_joinable_ || last_table_ != rows.table || last_kind_ != rows.kind ||
        last_has_partial_json_ != rows.has_partial_json)
        return false;
    if (rows_.size() - last_event_ + rows.size() > limits_.event_bytes) return false;
    const std::string_view bitmaps = last_present_;
    const std::string_view present = protocol::as_text(rows.present);
    if (!bitmaps.starts_with(present) ||
        bitmaps.substr(present.size()) != protocol::as_text(rows.present_after)) {
        return false;
    }
    rows_.insert(rows_.end(), rows.rows.begin(), rows.rows.end());
    rows_.insert(rows_.end(), rows.after.begin(), rows.after.end());
    protocol::byte_writer(rows_).patch_u32(last_event_ + length_offset,
                                           static_cast<std::uint32_t>(rows_.size() - last_event_));
    return true;
}

void row_image_writer::map_table(const table_plan& table, const rows_to_write& rows) {
    if (std::ranges::find(run_tables_, &table) != run_tables_.end()) return;
    run_tables_.push_back(&table);
    protocol::encode_table_map(maps_, rows.timestamp, rows.server_id, table.table_id,
                               table.source->map.flags, table.target.name.database,
                               table.target.name.object, table.source->map.after_names);
}

result<void> row_image_writer::append(const rows_to_write& rows, rbr_mode mode,
                                      std::span<const table_plan* const> statement_tables) {
    const auto flags = static_cast<std::uint16_t>(rows.flags & ~protocol::rows_flag::statement_end);
    std::size_t size = event_overhead + rows.present.size() + rows.present_after.size() +
                       rows.size() + map_size(*rows.table);
    for (const table_plan* const table : statement_tables)
        size += map_size(*table);
    const std::size_t held = statement_.size() + maps_.size() + rows_.size();
    if (held > 0 && (mode != mode_ || held + size > limits_.statement_bytes)) {
        if (auto done = finish(); !done) return done;
    }
    if (auto fits = check_size(rows, size); !fits) return fits;
    mode_ = mode;
    if (!rows_.empty() && flags != run_flags_) end_run();
    run_flags_ = flags;
    for (const table_plan* const table : statement_tables)
        map_table(*table, rows);
    map_table(*rows.table, rows);
    if (!rows_.empty() && try_join(rows)) return {};

    last_event_ = rows_.size();
    last_table_ = rows.table;
    last_kind_ = rows.kind;
    last_has_partial_json_ = rows.has_partial_json;
    last_joinable_ = rows.joinable;
    last_present_.assign(protocol::as_text(rows.present));
    last_present_ += protocol::as_text(rows.present_after);
    protocol::rows_event_header header;
    header.timestamp = rows.timestamp;
    header.server_id = rows.server_id;
    header.kind = rows.kind;
    header.has_partial_json = rows.has_partial_json;
    header.table_id = rows.table->table_id;
    header.flags = flags;
    header.column_count = static_cast<std::uint32_t>(rows.table->source->map.columns.size());
    header.present = rows.present;
    header.present_after = rows.present_after;
    protocol::encode_rows_event(rows_, header, rows.rows, rows.after);
    return {};
}

void row_image_writer::end_run() {
    UNDERSTUDY_ASSERT(!rows_.empty() && !maps_.empty());
    rows_[last_event_ + flags_offset] |= std::byte{protocol::rows_flag::statement_end};
    statement_.insert(statement_.end(), maps_.begin(), maps_.end());
    statement_.insert(statement_.end(), rows_.begin(), rows_.end());
    maps_.clear();
    rows_.clear();
    run_tables_.clear();
    last_table_ = nullptr;
}

result<void> row_image_writer::hand_out(ending how) {
    if (!rows_.empty()) end_run();
    UNDERSTUDY_ASSERT(how == ending::open || !statement_.empty());
    if (statement_.empty()) return {};
    text_.clear();
    text_.reserve(opening.size() + base64_size(statement_.size()) + 1 + commit.size());
    text_ += opening;
    append_base64(text_, statement_);
    text_ += '\'';
    if (how == ending::commit) text_ += commit;
    statement_.clear();
    return out_(text_, mode_, how);
}

void row_image_writer::reset() {
    statement_.clear();
    maps_.clear();
    rows_.clear();
    run_tables_.clear();
    last_table_ = nullptr;
}

} // namespace understudy::applier
