#include "applier/change_merger.hpp"

#include "protocol/assert.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace understudy::applier {

using protocol::result;
using protocol::row_image;
using protocol::rows_kind;

namespace {

bool same(std::span<const std::byte> one, std::span<const std::byte> other) {
    if (one.size() != other.size()) return false;
    return one.empty() || std::memcmp(one.data(), other.data(), one.size()) == 0;
}

std::uint64_t hash_of(std::span<const std::byte> key) {
    return XXH3_64bits(key.data(), key.size());
}

// Whether a value of a column that is in another unique key differs.
bool differs(const row_image& before, const row_image& after,
             std::span<const std::uint32_t> columns) {
    return std::ranges::any_of(columns, [&](std::uint32_t column) {
        const auto& old_value = before.columns[column];
        const auto& new_value = after.columns[column];
        return old_value.is_null != new_value.is_null || !same(old_value.value, new_value.value);
    });
}

// Negative values do not move the counter.
std::uint64_t counter_value(const target_column& column, const row_image::column& value) {
    if (value.is_null || value.value.size() > sizeof(std::uint64_t)) return 0;
    const std::uint64_t number =
        protocol::byte_reader(value.value).little_endian(value.value.size());
    const bool is_negative =
        !column.is_unsigned && (number >> (value.value.size() * 8 - 1) & 1U) != 0;
    return is_negative ? 0 : number;
}

} // namespace

std::size_t change_merger::table_nets::slot_of(bytes key, std::uint64_t hash) const {
    const std::size_t mask = slots.size() - 1;
    std::size_t at = hash & mask;
    for (; slots[at] != 0; at = (at + 1) & mask) {
        const net& row = rows[slots[at] - 1];
        if (row.hash == hash && same(row.key, key)) break;
    }
    return at;
}

change_merger::net* change_merger::table_nets::find(bytes key, std::uint64_t hash) {
    if (slots.empty()) return nullptr;
    const std::uint32_t number = slots[slot_of(key, hash)];
    return number == 0 ? nullptr : &rows[number - 1];
}

void change_merger::table_nets::grow() {
    constexpr std::size_t smallest = 64;
    slots.assign(std::max(smallest, slots.size() * 2), 0);
    for (std::size_t i = 0; i < rows.size(); ++i)
        slots[slot_of(rows[i].key, rows[i].hash)] = static_cast<std::uint32_t>(i + 1);
}

change_merger::net& change_merger::table_nets::insert(bytes key, std::uint64_t hash) {
    if ((rows.size() + 1) * 2 > slots.size()) grow();
    rows.push_back({{}, {}, key, hash, false});
    slots[slot_of(key, hash)] = static_cast<std::uint32_t>(rows.size());
    return rows.back();
}

void change_merger::table_nets::forget_rows() {
    // A group of very many rows must not make all that follow clear its table.
    constexpr std::size_t sparse = 16;
    if (slots.size() > sparse * (rows.size() + 64)) slots.resize(slots.size() / 2);
    std::ranges::fill(slots, 0U);
    rows.clear();
    made_keys.clear();
    counter = 0;
    counter_row = {};
}

bool change_merger::accepts(const table_plan& table, const protocol::rows_event& event) {
    if (!table.merging.possible || event.has_partial_json || !event.present.all()) return false;
    if (event.kind == rows_kind::update && !event.present_after.all()) return false;
    // Values may be there twice for a while: the source has not looked, and the target will not.
    const bool unchecked = (event.flags & protocol::rows_flag::relaxed_unique_checks) != 0;
    return !unchecked || table.merging.unique_columns.empty();
}

change_merger::table_nets& change_merger::nets_of(const table_plan& table) {
    auto& known = tables_[table.identity];
    if (!known) known = std::make_unique<table_nets>();
    return *known;
}

change_merger::bytes change_merger::key_of(table_nets& nets, const row_image& image) {
    const auto& columns = nets.plan->target.key;
    const bytes first = image.columns[columns.front()].value;
    const std::byte* end = first.data() + first.size();
    bool side_by_side = true;
    for (const std::uint32_t column : std::span(columns).subspan(1)) {
        const bytes value = image.columns[column].value;
        side_by_side &= value.data() == end;
        end = value.data() + value.size();
    }
    if (side_by_side) return {first.data(), end};
    // Values tell their lengths, so columns cannot run into each other.
    std::vector<std::byte> made;
    for (const std::uint32_t column : columns) {
        const bytes value = image.columns[column].value;
        made.insert(made.end(), value.begin(), value.end());
    }
    return nets.made_keys.emplace_back(std::move(made));
}

result<void> change_merger::add(const rows_to_write& rows, const protocol::rows_event& event,
                                change_writer& writer) {
    table_nets& nets = nets_of(*rows.table);
    if (nets.plan != rows.table) {
        if (auto done = flush(nets, writer); !done) return done;
        nets.plan = rows.table;
    }
    // Flags say what the target checks.
    const auto flags = static_cast<std::uint16_t>(rows.flags & ~protocol::rows_flag::statement_end);
    if (nets.like.flags != flags) {
        if (auto done = flush(nets, writer); !done) return done;
    }
    if (nets.rows.empty()) {
        nets.present.assign(rows.present.begin(), rows.present.end());
        nets.like = rows;
        nets.like.flags = flags;
        nets.like.rows = nets.like.after = {};
        nets.like.joinable = nets.like.is_net = true;
    }
    protocol::row_reader reader(rows.table->source->map, event);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) return {};
        result<void> done;
        switch (event.kind) {
        case rows_kind::write: done = insert(nets, reader.after(), writer); break;
        case rows_kind::delete_: done = remove(nets, reader.before(), writer); break;
        case rows_kind::update: done = update(nets, reader.before(), reader.after(), writer); break;
        }
        if (!done) return done;
    }
}

change_merger::net& change_merger::hold(table_nets& nets, bytes key, std::uint64_t hash) {
    if (nets.rows.empty()) used_.push_back(&nets);
    return nets.insert(key, hash);
}

result<void> change_merger::insert(table_nets& nets, const row_image& image,
                                   change_writer& writer) {
    bytes key = key_of(nets, image);
    const std::uint64_t hash = hash_of(key);
    net* known = nets.find(key, hash);
    if (known != nullptr && known->is_there()) {
        if (auto done = flush(nets, writer); !done) return done;
        key = key_of(nets, image);
        known = nullptr;
    }
    if (const auto column = nets.plan->merging.auto_increment) {
        const auto value =
            counter_value(nets.plan->target.columns[*column], image.columns[*column]);
        if (value >= nets.counter) {
            nets.counter = value;
            nets.counter_row = {};
        }
    }
    if (known == nullptr) known = &hold(nets, key, hash);
    known->is_another = known->was_there();
    known->after = image.bytes;
    return {};
}

result<void> change_merger::remove(table_nets& nets, const row_image& image,
                                   change_writer& writer) {
    bytes key = key_of(nets, image);
    const std::uint64_t hash = hash_of(key);
    net* known = nets.find(key, hash);
    bool goes_on = known == nullptr || known->is_there();
    const bool vanishes = known != nullptr && known->is_there() && !known->was_there();
    if (const auto column = nets.plan->merging.auto_increment; column && vanishes) {
        const auto value =
            counter_value(nets.plan->target.columns[*column], image.columns[*column]);
        const bool is_counter = value == nets.counter && value > 0;
        // Written once more at the end, it could meet a row by another unique key.
        goes_on = !is_counter || nets.plan->merging.unique_columns.empty();
        if (is_counter && goes_on) {
            nets.counter_row = known->after;
            nets.counter_hash = hash;
        }
    }
    if (!goes_on) {
        if (auto done = flush(nets, writer); !done) return done;
        key = key_of(nets, image);
        known = nullptr;
    }
    if (known == nullptr) {
        hold(nets, key, hash).before = image.bytes;
    } else {
        known->after = {};
    }
    return {};
}

result<void> change_merger::update(table_nets& nets, const row_image& before,
                                   const row_image& after, change_writer& writer) {
    const merge_shape& shape = nets.plan->merging;
    // As DELETE and INSERT it could do more than was done: a foreign key from a table that the
    // account does not see may cascade.
    if (shape.unique_is_generated || differs(before, after, nets.plan->target.key) ||
        differs(before, after, shape.unique_columns)) {
        if (auto done = flush(nets, writer); !done) return done;
        const key_hashes keys{hash_of(key_of(nets, before)), hash_of(key_of(nets, after))};
        nets.made_keys.clear();
        return write(nets, rows_kind::update, before.bytes, after.bytes, keys, writer);
    }
    bytes key = key_of(nets, before);
    const std::uint64_t hash = hash_of(key);
    net* known = nets.find(key, hash);
    if (known != nullptr && !known->is_there()) {
        if (auto done = flush(nets, writer); !done) return done;
        key = key_of(nets, before);
        known = nullptr;
    }
    if (known == nullptr) {
        known = &hold(nets, key, hash);
        known->before = before.bytes;
    }
    known->after = after.bytes;
    return {};
}

result<void> change_merger::write(table_nets& nets, rows_kind kind, bytes rows, bytes after,
                                  key_hashes keys, change_writer& writer) {
    rows_to_write out = nets.like;
    out.kind = kind;
    out.present = nets.present;
    out.present_after = kind == rows_kind::update ? bytes(nets.present) : bytes();
    out.rows = rows;
    out.after = after;
    out.keys = keys;
    ++written_;
    return writer.append(out, rbr_mode::strict, {});
}

// Has to be deleted and inserted.
bool change_merger::table_nets::moves(const net& row) const {
    return row.is_another && !plan->merging.unique_columns.empty();
}

// Deleted rows first, then changed ones, then new ones: merge_shape says why.
result<void> change_merger::write_rows(table_nets& nets, change_writer& writer) {
    result<void> done;
    for (const net& row : nets.rows) {
        if (!row.was_there() || (row.is_there() && !nets.moves(row))) continue;
        done = write(nets, rows_kind::delete_, row.before, {}, {row.hash}, writer);
        if (!done) return done;
    }
    for (const net& row : nets.rows) {
        if (!row.was_there() || !row.is_there() || nets.moves(row)) continue;
        done = write(nets, rows_kind::update, row.before, row.after, {row.hash}, writer);
        if (!done) return done;
    }
    for (const net& row : nets.rows) {
        if (!row.is_there() || (row.was_there() && !nets.moves(row))) continue;
        done = write(nets, rows_kind::write, row.after, {}, {row.hash}, writer);
        if (!done) return done;
    }
    return {};
}

// Keys that were made go with the rows.
result<void> change_merger::flush(table_nets& nets, change_writer& writer) {
    if (nets.rows.empty()) return {};
    auto done = write_rows(nets, writer);
    if (done) done = write_counter(nets, writer);
    if (!done) return done;
    nets.forget_rows();
    std::erase(used_, &nets);
    return {};
}

result<void> change_merger::write_counter(table_nets& nets, change_writer& writer) {
    if (nets.counter_row.data() == nullptr) return {};
    const key_hashes keys{nets.counter_hash};
    auto done = write(nets, rows_kind::write, nets.counter_row, {}, keys, writer);
    if (done) done = write(nets, rows_kind::delete_, nets.counter_row, {}, keys, writer);
    return done;
}

result<void> change_merger::flush(const table_plan& table, change_writer& writer) {
    const auto known = tables_.find(table.identity);
    return known == tables_.end() ? result<void>{} : flush(*known->second, writer);
}

result<void> change_merger::flush_all(change_writer& writer) {
    while (!used_.empty()) {
        if (auto done = flush(*used_.front(), writer); !done) return done;
    }
    return {};
}

void change_merger::clear() {
    used_.clear();
    tables_.clear();
}

} // namespace understudy::applier
