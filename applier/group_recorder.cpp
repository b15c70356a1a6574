#include "applier/group_recorder.hpp"

#include "applier/logged_rows.hpp"
#include "protocol/binlog/rows_event.hpp"

#include <xxhash.h>

#include <algorithm>
#include <tuple>

namespace understudy::applier {

using protocol::result;
using protocol::rows_kind;

namespace {

// Of what a hash is: keys of one table, or the table.
constexpr std::uint64_t any_row = 0;   // written by each change
constexpr std::uint64_t all_rows = 1;  // written by a change whose rows are not told apart
constexpr std::uint64_t row_key = 2;   // and from here on the other unique keys
constexpr std::uint64_t related = ~0U; // in place of a table's identity: those with foreign keys

std::uint64_t mixed(std::uint64_t table, std::uint64_t what, std::uint64_t hash) {
    std::uint64_t value = hash ^ (table << 32U | what) * 0x9e3779b97f4a7c15U;
    value = (value ^ value >> 32U) * 0xd6e8feb86659fd93U;
    return value ^ value >> 32U;
}

// Rows of the table are told apart by its keys, all of which are in the images.
bool has_keys(const rows_to_write& rows) {
    return rows.is_net && rows.table->merging.possible && !rows.table->merging.unique_is_generated;
}

} // namespace

result<std::optional<lane_work>> group_recorder::record(group& work, std::uint64_t committed) {
    auto possible = plan(work);
    if (!possible) return std::unexpected(std::move(possible.error()));
    if (!*possible) return std::nullopt;

    ++number_;
    open_ = {};
    open_.number = number_;
    open_.changes.reserve(work.rows);
    bitmaps_of_ = nullptr;
    statement_first_ = UINT32_MAX;
    result<bool> done = true;
    for (const source_transaction& transaction : work.transactions) {
        done = record_changes(work, transaction);
        if (!done || !*done) break;
    }
    if (done && *done) {
        auto all = merger_.flush_all(*this);
        if (all) all = find_waiting(std::max(committed, done_));
        if (!all) done = std::unexpected(std::move(all.error()));
    }
    if (!done || !*done) {
        // Its keys are forgotten when it has been executed alone (begin_at).
        merger_.clear();
        std::ignore = merger_.take_written();
        if (!done) return std::unexpected(std::move(done.error()));
        return std::nullopt;
    }
    open_.counts.written += merger_.take_written();
    for (const source_transaction& transaction : work.transactions) {
        reached_.binlog = {*transaction.file, transaction.end_offset};
        if (!transaction.id.empty()) reached_.executed.add(transaction.id);
    }
    if (work.outside && reached_.binlog < *work.outside) reached_.binlog = *work.outside;
    open_.after = reached_;
    open_.source_time = work.transactions.back().committed;
    open_.counts.transactions = work.transactions.size();
    open_.counts.groups = 1;
    open_.source = std::move(work);
    return std::move(open_);
}

// Everything that can be told of the group before its rows are looked at; definitions of tables
// that come up for the first time are read.
result<bool> group_recorder::plan(const group& work) {
    const bool only_rows = !work.statement && work.texts.empty() && work.prepared_ends.empty() &&
                           !work.changes.empty();
    if (!only_rows) return false;
    if (auto done = rows_.expect_tables(work); !done)
        return std::unexpected(std::move(done.error()));
    for (const source_transaction& transaction : work.transactions) {
        if (!transaction.complete || !transaction.prepares.empty()) return false;
        const auto first =
            work.changes.begin() + static_cast<std::ptrdiff_t>(transaction.changes_first);
        const auto last = first + static_cast<std::ptrdiff_t>(transaction.changes_count);
        for (auto change = first; change != last; ++change) {
            auto table = rows_.plan_for(transaction, change->table);
            if (!table) return std::unexpected(std::move(table.error()));
            if (!(*table)->target.is_transactional() || !rows_.stops_at_conflicts(**table))
                return false;
            for (std::uint32_t i = 0; i < change->tables_count; ++i) {
                auto other = rows_.plan_for(transaction,
                                            work.statement_tables[change->tables_first + i].table);
                if (!other) return std::unexpected(std::move(other.error()));
            }
        }
    }
    return true;
}

result<bool> group_recorder::record_changes(const group& work,
                                            const source_transaction& transaction) {
    const auto first =
        work.changes.begin() + static_cast<std::ptrdiff_t>(transaction.changes_first);
    const auto last = first + static_cast<std::ptrdiff_t>(transaction.changes_count);
    for (auto change = first; change != last; ++change) {
        auto done = record_change(work, transaction, *change);
        if (!done || !*done) return done;
        open_.counts.add(*change);
    }
    return true;
}

std::span<const table_plan* const> group_recorder::tables_of(const group& work,
                                                             const row_change& change) {
    if (statement_first_ != change.tables_first) {
        statement_plans_.clear();
        for (std::uint32_t i = 0; i < change.tables_count; ++i) {
            statement_plans_.push_back(
                rows_.known_plan(*work.statement_tables[change.tables_first + i].table));
        }
        statement_first_ = change.tables_first;
    }
    return statement_plans_;
}

result<bool> group_recorder::record_change(const group& work, const source_transaction& transaction,
                                           const row_change& change) {
    auto event = protocol::decode_event(change.event.bytes, work.format->has_checksum());
    if (!event) return std::unexpected(std::move(event.error()));
    auto decoded =
        protocol::decode_rows_event(*event, *work.format, protocol::partial_json::accepted);
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    const auto decision = rows_.decide(change, transaction, *decoded);
    if (decoded->has_partial_json || decision.what != apply_rules::treatment::as_logged)
        return false;
    const table_plan& table = *rows_.known_plan(*change.table);
    const rows_to_write rows = rows_of(table, event->header, *decoded, decision.flags);
    result<void> done;
    if (change_merger::accepts(table, *decoded)) {
        done = merger_.add(rows, *decoded, *this);
    } else {
        done = merger_.flush(table, *this);
        if (done) done = append_as_logged(rows, *decoded, tables_of(work, change), *this);
        open_.counts.written += change.rows;
    }
    if (!done) return std::unexpected(std::move(done.error()));
    return true;
}

result<void> group_recorder::append(const rows_to_write& rows, rbr_mode /*mode*/,
                                    std::span<const table_plan* const> statement_tables) {
    lane_work::change change;
    change.rows = rows;
    keep_bitmaps(change.rows);
    if (!statement_tables.empty()) {
        const auto count = static_cast<std::uint32_t>(statement_tables.size());
        const auto known = static_cast<std::uint32_t>(open_.statement_tables.size());
        const bool as_before =
            known >= count &&
            std::ranges::equal(statement_tables,
                               std::span(open_.statement_tables).last(statement_tables.size()));
        if (!as_before) {
            open_.statement_tables.insert(open_.statement_tables.end(), statement_tables.begin(),
                                          statement_tables.end());
        }
        change.tables_count = count;
        change.tables_first = static_cast<std::uint32_t>(open_.statement_tables.size()) - count;
    }
    open_.changes.push_back(change);
    return {};
}

// Which changes have to wait for groups that are on their way.
result<void> group_recorder::find_waiting(std::uint64_t committed) {
    constexpr std::size_t ahead = 16;
    const auto& changes = open_.changes;
    in_flight_.begin(number_, committed, changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (i + ahead < changes.size()) {
            const rows_to_write& later = changes[i + ahead].rows;
            in_flight_.prefetch(mixed(later.table->identity, row_key, later.keys.before));
        }
        looked_at_.clear();
        written_.clear();
        if (auto found = find_keys(changes[i].rows); !found) return found;
        open_.changes[i].waits = in_flight_.must_wait(looked_at_, written_);
        if (changes[i].waits) ++open_.waiting;
    }
    return {};
}

// The merger's bitmap is written over when it takes the table's next rows.
void group_recorder::keep_bitmaps(rows_to_write& rows) {
    if (!rows.is_net) return; // it lies in the event
    if (bitmaps_of_ != rows.table) {
        complete_ = open_.bitmaps.emplace_back(rows.present.begin(), rows.present.end());
        bitmaps_of_ = rows.table;
    }
    rows.present = complete_;
    if (rows.kind == rows_kind::update) rows.present_after = complete_;
}

result<void> group_recorder::find_keys(const rows_to_write& rows) {
    const table_plan& table = *rows.table;
    if (table.target.has_foreign_keys) {
        looked_at_.push_back(mixed(related, all_rows, 0));
        written_.push_back(looked_at_.back());
        return {};
    }
    const std::uint64_t any = mixed(table.identity, any_row, 0);
    const std::uint64_t all = mixed(table.identity, all_rows, 0);
    if (!has_keys(rows)) {
        looked_at_ = {any, all};
        written_ = {any, all};
        return {};
    }
    written_.push_back(mixed(table.identity, row_key, rows.keys.before));
    if (rows.keys.after != 0) written_.push_back(mixed(table.identity, row_key, rows.keys.after));
    if (!table.merging.unique_columns.empty()) {
        if (auto added = add_unique_values(rows); !added) return added;
    }
    looked_at_ = written_;
    looked_at_.push_back(all);
    written_.push_back(any);
    return {};
}

// NULL is equal to nothing. Of a prefix only that there is one counts.
result<void> group_recorder::add_unique_values(const rows_to_write& rows) {
    protocol::rows_event images;
    images.kind = rows_kind::write;
    images.column_count = static_cast<std::uint32_t>(rows.table->source->map.columns.size());
    images.present = {rows.present, images.column_count};
    for (const auto bytes : {rows.rows, rows.after}) {
        images.rows = bytes;
        protocol::row_reader reader(rows.table->source->map, images);
        for (;;) {
            auto more = reader.next();
            if (!more) return std::unexpected(std::move(more.error()));
            if (!*more) break;
            add_unique_values(*rows.table, reader.after());
        }
    }
    return {};
}

void group_recorder::add_unique_values(const table_plan& table, const protocol::row_image& image) {
    std::uint64_t number = row_key;
    for (const relay::table_key& key : table.target.unique_keys) {
        ++number;
        std::uint64_t hash = 0;
        bool has_null = false;
        for (const relay::table_key::part& part : key.parts) {
            const auto& column = image.columns[part.column];
            has_null |= column.is_null;
            if (part.prefix == 0)
                hash = XXH3_64bits_withSeed(column.value.data(), column.value.size(), hash);
        }
        if (!has_null) written_.push_back(mixed(table.identity, number, hash));
    }
}

} // namespace understudy::applier
