#include "applier/sql_change_writer.hpp"

#include "applier/errc.hpp"
#include "protocol/assert.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using protocol::row_image;
using protocol::rows_kind;
namespace rows_flag = protocol::rows_flag;

namespace {

// What a packet holds besides the text.
constexpr std::size_t packet_overhead = 16;

protocol::column_bitmap bitmap(std::span<const std::byte> bytes, const table_plan& table) {
    if (bytes.empty()) return {}; // not an UPDATE's
    return {bytes, static_cast<std::uint32_t>(table.source->map.columns.size())};
}

bool has_key(const table_plan& table, const row_image& image) {
    return table.has_key() && std::ranges::all_of(table.target.key, [&](std::uint32_t column) {
               return image.columns[column].present && !image.columns[column].is_null;
           });
}

protocol::rows_event as_event(const rows_to_write& rows) {
    protocol::rows_event event;
    event.kind = rows.kind;
    event.column_count = static_cast<std::uint32_t>(rows.table->source->map.columns.size());
    event.present = bitmap(rows.present, *rows.table);
    event.present_after = bitmap(rows.present_after, *rows.table);
    event.has_partial_json = rows.has_partial_json;
    event.rows = rows.rows;
    return event;
}

} // namespace

sql_change_writer::sql_change_writer(sql_writer_limits limits, bool target_is_mariadb, sink out)
    : limits_(limits), mariadb_(target_is_mariadb), out_(std::move(out)) {}

// Overwriting may replace a row that others refer to: it stays, for them, the same row.
sql_change_writer::state sql_change_writer::state_of(const rows_to_write& rows,
                                                     rbr_mode mode) const {
    state out;
    out.foreign_key_checks =
        mode == rbr_mode::strict && (rows.flags & rows_flag::no_foreign_key_checks) == 0;
    out.unique_checks =
        mode == rbr_mode::idempotent || (rows.flags & rows_flag::relaxed_unique_checks) == 0;
    out.check_constraints = !mariadb_ || (rows.flags & rows_flag::mariadb_no_check_constraint) == 0;
    return out;
}

result<void> sql_change_writer::append(const rows_to_write& rows, rbr_mode mode,
                                       std::span<const table_plan* const> /*statement_tables*/) {
    const state wanted = state_of(rows, mode);
    if (wanted != state_) {
        if (auto done = finish(); !done) return done;
        state_ = wanted;
    }
    joinable_ = rows.joinable;
    const protocol::table_map& map = rows.table->source->map;
    protocol::rows_event event = as_event(rows);
    if (!rows.after.empty()) {
        // The images of one UPDATE that lie in two places.
        event.kind = rows_kind::delete_;
        protocol::row_reader before(map, event);
        event.kind = rows_kind::write;
        event.present = event.present_after;
        event.rows = rows.after;
        protocol::row_reader after(map, event);
        auto read = before.next();
        if (read && *read) read = after.next();
        if (!read) return std::unexpected(std::move(read.error()));
        UNDERSTUDY_ASSERT(*read);
        return append_row(rows, mode, &before.before(), &after.after());
    }
    protocol::row_reader reader(map, event);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) return {};
        if (auto done = append_row(rows, mode, &reader.before(), &reader.after()); !done)
            return done;
    }
}

result<void> sql_change_writer::append_row(const rows_to_write& rows, rbr_mode mode,
                                           const row_image* before, const row_image* after) {
    switch (rows.kind) {
    case rows_kind::write: return append_write(rows, mode, *after);
    case rows_kind::delete_: return append_delete(rows, mode, *before);
    case rows_kind::update: return append_update(rows, mode, *before, *after);
    }
    return {};
}

result<void> sql_change_writer::append_write(const rows_to_write& rows, rbr_mode mode,
                                             const row_image& image) {
    const table_plan& table = *rows.table;
    const auto present = bitmap(rows.present, table);
    bool may_warn = false;
    piece_.clear();
    if (auto done = row_.append_values(piece_, table, image, may_warn); !done) return done;
    const auto columns = sql_row::writable_columns(table, present);
    const std::string names = sql_row::names_of(table, columns);
    // REPLACE removes whatever row is in the way of any unique key, but would lose what the image
    // does not have, and what the target's table has alone.
    const bool whole = present.all() && !table.keeps_columns;
    const bool overwrite = mode == rbr_mode::idempotent;
    if (overwrite && table.keeps_columns && present.all()) {
        if (auto cleared = clear_the_way(table, nullptr, image); !cleared) return cleared;
    }
    opening_ = fmt::format("{} INTO {} ({}) VALUES ", overwrite && whole ? "REPLACE" : "INSERT",
                           table.target.name.to_string(), names);
    std::string closing;
    if (overwrite && !whole) {
        may_warn = true; // VALUES() is deprecated in MySQL, and the only way in MariaDB
        closing = " ON DUPLICATE KEY UPDATE ";
        for (const std::uint32_t column : columns) {
            const std::string name = sql_row::names_of(table, std::span(&column, std::size_t{1}));
            closing +=
                fmt::format("{}{}=VALUES({})", column == columns.front() ? "" : ",", name, name);
        }
    }
    return join({&table, rows.kind, mode, std::string(protocol::as_text(rows.present))}, opening_,
                closing, UINT32_MAX, may_warn);
}

result<void> sql_change_writer::append_delete(const rows_to_write& rows, rbr_mode mode,
                                              const row_image& image) {
    const table_plan& table = *rows.table;
    const std::string name = table.target.name.to_string();
    piece_.clear();
    if (!has_key(table, image)) {
        piece_ = "DELETE FROM " + name + " WHERE ";
        if (auto done = row_.append_row_condition(piece_, table, image); !done) return done;
        piece_ += " LIMIT 1";
        if (auto closed = close_statement(); !closed) return closed;
        return add_statement({&table, rows.kind, 1, mode == rbr_mode::strict, false}, piece_);
    }
    if (auto done = row_.append_key(piece_, table, image); !done) return done;
    const std::string key = sql_row::names_of(table, table.target.key);
    opening_ = table.target.key.size() > 1
                   ? fmt::format("DELETE FROM {} WHERE ({}) IN (", name, key)
                   : fmt::format("DELETE FROM {} WHERE {} IN (", name, key);
    // The server removes them in the order of its index. Where rows of the table refer to each
    // other the order of the source is the only one that is known to be good.
    const bool alone = table.target.refers_to_itself && state_.foreign_key_checks;
    return join({&table, rows.kind, mode, {}}, opening_, ")", alone ? 1 : limits_.deleted_at_once,
                false);
}

result<void> sql_change_writer::append_update(const rows_to_write& rows, rbr_mode mode,
                                              const row_image& before, const row_image& after) {
    const table_plan& table = *rows.table;
    const bool whole = bitmap(rows.present, table).all() && bitmap(rows.present_after, table).all();
    if (mode == rbr_mode::idempotent && table.keeps_columns && whole)
        return append_overwriting_update(rows, before, after);
    const bool by_key = has_key(table, before);
    bool may_warn = false;
    piece_ = "UPDATE " + table.target.name.to_string() + " SET ";
    const auto which = rows.overwrites_values ? sql_row::assigned::all : sql_row::assigned::changed;
    if (auto done = row_.append_assignments(piece_, table, before, after, which, may_warn); !done)
        return done;
    piece_ += " WHERE ";
    auto done = by_key ? row_.append_key_condition(piece_, table, before)
                       : row_.append_row_condition(piece_, table, before);
    if (!done) return done;
    if (!by_key) piece_ += " LIMIT 1";
    if (auto closed = close_statement(); !closed) return closed;
    return add_statement({&table, rows.kind, 1, mode == rbr_mode::strict, may_warn}, piece_);
}

// As REPLACE does it for unique keys other than the one that rows are found by: whoever has such a
// value of this row goes, unless it is the row itself, as it is or as it was before.
result<void> sql_change_writer::clear_the_way(const table_plan& table, const row_image* before,
                                              const row_image& image) {
    std::string self;
    for (const row_image* one : {before, &image}) {
        if (one == nullptr) continue;
        self += " AND NOT (";
        if (auto done = row_.append_key_condition(self, table, *one); !done) return done;
        self += ')';
    }
    for (const relay::table_key& key : table.target.unique_keys) {
        std::vector<std::uint32_t> columns;
        for (const auto& part : key.parts)
            columns.push_back(part.column);
        const bool is_null = std::ranges::any_of(
            columns, [&](std::uint32_t column) { return image.columns[column].is_null; });
        if (is_null || columns == table.target.key) continue;
        std::string text = "DELETE FROM " + table.target.name.to_string() + " WHERE ";
        if (auto done = row_.append_condition(text, table, columns, image); !done) return done;
        text += self;
        if (auto closed = close_statement(); !closed) return closed;
        if (auto done = add_statement({&table, rows_kind::delete_, 1, false, false}, text); !done)
            return done;
    }
    return {};
}

// The row that it changes, wherever it is by now, has the source's values behind it; what the
// target's table has alone goes with it where its key changes and the new one is free.
result<void> sql_change_writer::append_overwriting_update(const rows_to_write& rows,
                                                          const row_image& before,
                                                          const row_image& after) {
    const table_plan& table = *rows.table;
    const auto is_same = [&](std::uint32_t column) {
        return std::ranges::equal(before.columns[column].value, after.columns[column].value);
    };
    if (std::ranges::all_of(table.target.key, is_same))
        return append_write(rows, rbr_mode::idempotent, after);
    if (auto cleared = clear_the_way(table, &before, after); !cleared) return cleared;
    const std::string name = table.target.name.to_string();
    std::string was;
    std::string is;
    auto done = row_.append_key_condition(was, table, before);
    if (done) done = row_.append_key_condition(is, table, after);
    if (!done) return done;
    bool may_warn = false;
    // The derived table with LIMIT is read before the row is moved.
    std::string text = "UPDATE " + name + " SET ";
    done = row_.append_assignments(text, table, before, after, sql_row::assigned::all, may_warn);
    if (!done) return done;
    text += fmt::format(" WHERE {} AND NOT EXISTS (SELECT 1 FROM (SELECT 1 FROM {} WHERE {} AND "
                        "NOT ({}) LIMIT 1) AS taken)",
                        was, name, is, was);
    if (auto closed = close_statement(); !closed) return closed;
    if (done = add_statement({&table, rows_kind::update, 1, false, may_warn}, text); !done)
        return done;
    text = fmt::format("DELETE FROM {} WHERE {} AND NOT ({})", name, was, is);
    if (done = add_statement({&table, rows_kind::delete_, 1, false, false}, text); !done)
        return done;
    return append_write(rows, rbr_mode::idempotent, after);
}

result<void> sql_change_writer::join(shape what, std::string_view opening, std::string_view closing,
                                     std::uint32_t rows_max, bool may_warn) {
    const bool fits = open_.table != nullptr && open_joinable_ && joinable_ && open_ == what &&
                      open_statement_.rows < rows_max &&
                      open_text_.size() + piece_.size() + closing.size() <= limits_.statement_bytes;
    if (!fits) {
        if (auto closed = close_statement(); !closed) return closed;
        open_text_ = opening;
        closing_ = closing;
        open_statement_ = {what.table, what.kind, 0, what.mode == rbr_mode::strict, false};
        open_ = std::move(what);
    } else {
        open_text_ += ',';
    }
    open_joinable_ = joinable_;
    open_text_ += piece_;
    ++open_statement_.rows;
    open_statement_.may_warn |= may_warn;
    return {};
}

result<void> sql_change_writer::close_statement() {
    if (open_.table == nullptr) return {};
    open_.table = nullptr;
    open_text_ += closing_;
    return add_statement(open_statement_, open_text_);
}

result<void> sql_change_writer::add_statement(sql_packet::statement what, std::string_view text) {
    const std::size_t largest = limits_.packet_bytes - packet_overhead;
    if (text.size() > largest) {
        return fail(errc::packet_too_large,
                    fmt::format("a row of table {} needs a statement of {} bytes and the target's "
                                "max_allowed_packet is {}: raise it on the target (SET GLOBAL "
                                "max_allowed_packet = …, at most 1073741824), then start the task "
                                "again",
                                what.table->target.name.to_string(), text.size(),
                                limits_.packet_bytes));
    }
    const std::size_t full = std::min(limits_.packet_text_bytes, largest);
    if (!packet_.empty() && packet_.size() + 1 + text.size() > full) {
        if (auto sent = send(); !sent) return sent;
    }
    if (!packet_.empty()) packet_ += ';';
    packet_ += text;
    statements_.push_back(what);
    return what.may_warn ? send() : result<void>{};
}

result<void> sql_change_writer::send() {
    if (statements_.empty()) return {};
    sql_packet packet;
    packet.text = packet_;
    packet.statements = statements_;
    packet.foreign_key_checks = state_.foreign_key_checks;
    packet.unique_checks = state_.unique_checks;
    packet.check_constraints = state_.check_constraints;
    auto sent = out_(packet);
    packet_.clear();
    statements_.clear();
    return sent;
}

result<void> sql_change_writer::finish() {
    auto closed = close_statement();
    return closed ? send() : closed;
}

void sql_change_writer::reset() {
    packet_.clear();
    statements_.clear();
    open_.table = nullptr;
    open_text_.clear();
}

} // namespace understudy::applier
