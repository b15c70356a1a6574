#include "relay/inspection/change_selector.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::result;
using protocol::rows_kind;

constexpr std::size_t layouts_max = 4'096;

} // namespace

change_selector::change_selector(change_filter filter, parts with)
    : filter_(std::move(filter)), with_(std::move(with)) {
    UNDERSTUDY_ASSERT(!sizes_asked() || with_.gate != nullptr);
}

bool change_selector::wants_kind(rows_kind kind) const {
    switch (kind) {
    case rows_kind::write: return filter_.inserts;
    case rows_kind::update: return filter_.updates;
    case rows_kind::delete_: return filter_.deletes;
    }
    return false;
}

result<bool> change_selector::begin(const transaction& one) {
    begun_ = false;
    rows_ = 0;
    rows_shown_ = 0;
    annotation_.clear();
    described_in_.clear();
    if (!filter_.transactions.accepts(one)) return false;
    // Where the source says how long a transaction is, nothing needs to be read of a short one.
    if (one.logged_bytes != 0 && one.logged_bytes < filter_.transaction_bytes_min) return false;
    held_ = sizes_asked();
    if (held_) with_.gate->hold();
    return true;
}

change_selector::done change_selector::event(const stream_event&, const transaction* inside) {
    return inside != nullptr && held_ ? check_size(*inside) : done{};
}

change_selector::done change_selector::check_size(const transaction& in) {
    if (!held_ || in.bytes() < filter_.transaction_bytes_min ||
        rows_ < filter_.transaction_rows_min)
        return {};
    held_ = false;
    return with_.gate->release();
}

bool change_selector::wants(const mapped_table& table) {
    if (!filter_.inserts && !filter_.updates && !filter_.deletes) return false;
    // Rows of other tables still count for the size of the transaction.
    if (filter_.tables.empty() || filter_.transaction_rows_min > 0) return true;
    if (wanted_.size() > layouts_max) wanted_.clear();
    const auto [place, is_new] = wanted_.try_emplace(table.layout, false);
    if (is_new) {
        place->second = std::ranges::any_of(filter_.tables, [&](const auto& pattern) {
            return pattern.matches(table.map.database, table.map.table, filter_.tables_ignore_case);
        });
    }
    return place->second;
}

result<const described_table*> change_selector::describe(const transaction& in,
                                                         const mapped_table& table) {
    if (tables_.size() > layouts_max) tables_.clear();
    const auto [place, is_new] = tables_.try_emplace(table.layout);
    described_table& made = place->second;
    if (!is_new && (made.names_known || !described_in_.insert(table.layout).second)) return &made;
    // What is remembered of a table may begin after its first rows.
    described_in_.insert(table.layout);
    auto columns = with_.definitions.columns(table.map, in.file, table.start_offset);
    if (!columns) {
        tables_.erase(place);
        return std::unexpected(std::move(columns.error()));
    }
    made = {};
    made.database = table.map.database;
    made.name = table.map.table;
    made.layout = next_layout_++;
    made.columns = std::move(*columns);
    made.names_known = true;
    std::map<std::uint32_t, std::uint32_t> key;
    for (std::uint32_t i = 0; i < made.columns.size(); ++i) {
        const auto& column = made.columns[i];
        made.names_known = made.names_known && !column.name.empty();
        made.column_names.push_back(column.name.empty() ? "@" + std::to_string(i + 1)
                                                        : column.name);
        if (column.primary_key_part != 0) key[column.primary_key_part] = i;
    }
    for (const auto& [part, column] : key)
        made.key.push_back(column);
    return &made;
}

change_selector::done change_selector::before_change(const transaction& in) {
    if (!begun_) {
        begun_ = true;
        ++transactions_;
        if (auto done = with_.writer.begin(in); !done) return done;
    }
    if (annotation_.empty()) return {};
    return with_.writer.annotation(in, std::exchange(annotation_, {}));
}

change_selector::done change_selector::statement(const transaction& in,
                                                 const protocol::query_event& query,
                                                 const protocol::event_header& header) {
    const auto kind = with_.statement(query);
    if (!kind) return {};
    if (*kind == statement_kind::dml ? !filter_.statements : !filter_.ddl) return {};
    if (auto done = before_change(in); !done) return done;
    return with_.writer.statement(in, query, *kind, header);
}

change_selector::done change_selector::annotation(const transaction&, std::string_view text) {
    if (filter_.show_annotations) annotation_ = text;
    return {};
}

change_selector::done change_selector::count_rows(const transaction& in, const table_rows& change) {
    protocol::row_reader reader(change.table.map, change.rows);
    for (;;) {
        const auto more = reader.next();
        if (!more) return std::unexpected(more.error());
        if (!*more) return check_size(in);
        ++rows_;
    }
}

change_selector::done change_selector::rows(const transaction& in, const table_rows& change) {
    const bool other_table =
        !filter_.tables.empty() && std::ranges::none_of(filter_.tables, [&](const auto& pattern) {
            return pattern.matches(change.table.map.database, change.table.map.table,
                                   filter_.tables_ignore_case);
        });
    if (other_table || !wants_kind(change.rows.kind)) return count_rows(in, change);
    const auto table = describe(in, change.table);
    if (!table) return std::unexpected(table.error());
    protocol::row_reader reader(change.table.map, change.rows);
    row_change one;
    one.kind = change.rows.kind;
    one.flags = change.rows.flags;
    one.timestamp = change.timestamp;
    for (;;) {
        const auto more = reader.next();
        if (!more) return std::unexpected(more.error());
        if (!*more) break;
        ++rows_;
        one.before = one.kind == rows_kind::write ? nullptr : &reader.before();
        one.after = one.kind == rows_kind::delete_ ? nullptr : &reader.after();
        if (with_.row) {
            const auto wanted = with_.row(**table, one);
            if (!wanted) return std::unexpected(wanted.error());
            if (!*wanted) continue;
        }
        if (auto done = before_change(in); !done) return done;
        if (auto done = with_.writer.row(in, **table, one); !done) return done;
        ++rows_shown_;
    }
    return held_ ? check_size(in) : done{};
}

change_selector::done change_selector::other(const transaction& in, const stream_event& event) {
    // Without tables and conditions everything is wanted.
    if (!filter_.tables.empty() || with_.row) return {};
    if (auto done = before_change(in); !done) return done;
    return with_.writer.other(in, event);
}

change_selector::done change_selector::end(const transaction& one, transaction_end how) {
    if (auto done = check_size(one); !done) return done;
    if (begun_) {
        if (auto done = with_.writer.end(one, how, rows_ - rows_shown_); !done) return done;
    }
    return std::exchange(held_, false) ? with_.gate->discard() : done{};
}

} // namespace understudy::relay::inspection
