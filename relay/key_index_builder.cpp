#include "relay/key_index_builder.hpp"

#include "protocol/binlog/query_event.hpp"
#include "protocol/binlog/row_key.hpp"
#include "protocol/binlog/transaction_payload.hpp"
#include "protocol/binlog/transaction_words.hpp"
#include "protocol/value/column_definition.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/definition_columns.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::binlog_position;
using protocol::event_type;
using protocol::event_view;

constexpr double bits_per_key = 10; // one wrong yes in a hundred
constexpr std::size_t hashes_max = 4U << 20U;
constexpr std::size_t layouts_max = 10'000;

bool is_about_transactions(std::string_view text) {
    return protocol::is_begin(text) || protocol::is_commit(text) || protocol::is_rollback(text) ||
           protocol::is_savepoint(text) || protocol::is_xa_start(text) ||
           protocol::is_xa_commit_or_rollback(text) || text.starts_with("XA END");
}

} // namespace

void key_index_builder::begin_frame(std::uint64_t number) {
    ++index_.source_frames;
    if (run_) {
        ++run_->frame_count;
        return;
    }
    run_.emplace();
    run_->first_frame = number;
}

void key_index_builder::take(std::span<const std::byte> event, const binlog_position& end) {
    if (!run_ || run_->is_opaque) {
        // The format holds for later runs, too.
        const auto header = protocol::decode_event_header(event);
        if (!header || header->type != event_type::format_description) return;
    }
    const binlog_position start{end.file, end.offset - std::min(end.offset, event.size())};
    const bool has_checksum = format_ && format_->has_checksum();
    if (!look_at(event, start, has_checksum) && run_) run_->is_opaque = true;
}

bool key_index_builder::look_at(std::span<const std::byte> bytes, const binlog_position& start,
                                bool has_checksum) {
    const auto header = protocol::decode_event_header(bytes);
    if (!header) return false;
    if (header->type == event_type::format_description) {
        auto format = protocol::decode_format_description(bytes);
        if (!format) return false;
        format_ = std::move(*format);
        return true;
    }
    const auto event = protocol::decode_event(bytes, has_checksum);
    return event && format_ && look_at(*event, start);
}

bool key_index_builder::look_at(const event_view& event, const binlog_position& start) {
    switch (event.header.type) {
    case event_type::stop:
    case event_type::rotate:
    case event_type::xid:
    case event_type::heartbeat:
    case event_type::heartbeat_v2:
    case event_type::ignorable:
    case event_type::rows_query:
    case event_type::gtid:
    case event_type::anonymous_gtid:
    case event_type::gtid_tagged:
    case event_type::previous_gtids:
    case event_type::transaction_context:
    case event_type::view_change:
    case event_type::xa_prepare:
    case event_type::mariadb_annotate_rows:
    case event_type::mariadb_binlog_checkpoint:
    case event_type::mariadb_gtid:
    case event_type::mariadb_gtid_list: return true;
    case event_type::query: return take_query(event);
    case event_type::intvar:
    case event_type::rand:
    case event_type::user_var:
    case event_type::append_block:
    case event_type::delete_file:
    case event_type::begin_load_query:
    case event_type::execute_load_query:
    case event_type::mariadb_query_compressed:
        run_->has_statements = true;
        layouts_.clear();
        return true;
    case event_type::table_map: return take_map(event, start);
    case event_type::write_rows_v1:
    case event_type::update_rows_v1:
    case event_type::delete_rows_v1:
    case event_type::write_rows:
    case event_type::update_rows:
    case event_type::delete_rows: return take_rows(event);
    case event_type::transaction_payload: return take_payload(event, start);
    default: return false;
    }
}

bool key_index_builder::take_query(const event_view& event) {
    const auto text = protocol::decode_query_text(event, *format_);
    if (!text) return false;
    if (is_about_transactions(*text)) return true;
    run_->has_statements = true;
    // The same layout may have another key from here on.
    layouts_.clear();
    return true;
}

bool key_index_builder::take_payload(const event_view& event, const binlog_position& start) {
    const auto payload = protocol::decode_transaction_payload(event);
    if (!payload) return false;
    protocol::payload_events events(*payload);
    for (;;) {
        const auto next = events.next();
        if (!next) return false;
        if (!*next) return true;
        const auto header = protocol::decode_event_header(**next);
        if (!header || header->type == event_type::transaction_payload) return false;
        if (!look_at(**next, start, false)) return false;
    }
}

std::uint32_t key_index_builder::number_of(indexed_table wanted) {
    const auto found = std::ranges::find(index_.tables, wanted);
    const auto number = static_cast<std::uint32_t>(found - index_.tables.begin());
    if (found == index_.tables.end()) index_.tables.push_back(std::move(wanted));
    return number;
}

key_index_builder::table_pointer key_index_builder::describe(const event_view& event,
                                                             const binlog_position& start) {
    auto made = std::make_shared<table>();
    made->event.assign(event.bytes.begin(), event.bytes.end());
    const bool has_checksum = event.bytes.size() != event.body.size() + protocol::event_header_size;
    const auto owned = protocol::decode_event(made->event, has_checksum);
    if (!owned) return nullptr;
    auto map = protocol::decode_table_map(*owned, *format_);
    if (!map) return nullptr;
    made->map = std::move(*map);
    auto columns = protocol::define_columns(made->map);
    if (!columns) return nullptr;
    indexed_table entry{std::string(made->map.database),
                        std::string(made->map.table),
                        static_cast<std::uint32_t>(columns->size()),
                        {}};
    made->key = made->map.primary_key;
    // With the names the source logs the key: none then means that there is none.
    if (made->map.column_names.empty() && definitions_) {
        const auto known = definitions_(entry.database, entry.table, start);
        if (known && *known && !(*known)->dropped &&
            !find_contradiction((*known)->what, made->map)) {
            made->key = (*known)->what.primary_key();
            complete_columns(*columns, (*known)->what);
        }
    }
    for (const auto number : made->key) {
        if (number >= columns->size()) return nullptr;
        auto& column = (*columns)[number];
        entry.key.push_back(
            {number, std::move(column.name), column.type, column.metadata, column.collation});
    }
    made->number = number_of(std::move(entry));
    return made;
}

bool key_index_builder::take_map(const event_view& event, const binlog_position& start) {
    const std::size_t id_size = format_->post_header_length(event.header.type) == 6 ? 4 : 6;
    if (event.body.size() < id_size) return false;
    std::string layout(protocol::as_text(event.body.subspan(id_size)));
    auto found = layouts_.find(layout);
    if (found == layouts_.end()) {
        auto made = describe(event, start);
        if (!made) return false;
        if (layouts_.size() >= layouts_max) layouts_.clear();
        found = layouts_.emplace(std::move(layout), std::move(made)).first;
    }
    const auto id = protocol::byte_reader(event.body).little_endian(id_size);
    tables_[id] = found->second;
    auto& touched = run_->tables;
    const auto number = found->second->number;
    if (std::ranges::find(touched, number) == touched.end()) touched.push_back(number);
    return true;
}

bool key_index_builder::take_row(const table& of, const protocol::row_image& image) {
    key_.clear();
    if (!protocol::append_row_key(key_, of.map, image, of.key)) return false;
    hashes_.push_back(row_hash(of.map.database, of.map.table, key_));
    return true;
}

// UPDATE with binlog_row_image=MINIMAL: the key is in the after image only if it changed.
bool key_index_builder::take_rows(const event_view& event) {
    const auto rows = protocol::decode_rows_event(event, *format_);
    if (!rows) return false;
    if (rows->table_id == 0x00ffffff) return true; // ends a statement, holds no rows
    const auto found = tables_.find(rows->table_id);
    if (found == tables_.end()) return false;
    const table& of = *found->second;
    if (of.key.empty() || too_many_) return true;
    if (of.map.columns.size() != rows->column_count) return false;
    protocol::row_reader reader(of.map, *rows);
    for (;;) {
        const auto more = reader.next();
        if (!more) return false;
        if (!*more) break;
        const bool has_before = rows->kind != protocol::rows_kind::write;
        if (has_before && !take_row(of, reader.before())) return false;
        if (rows->kind == protocol::rows_kind::delete_) continue;
        const bool taken = take_row(of, reader.after());
        if (!taken && !has_before) return false;
        if (!taken) {
            const bool key_changes = std::ranges::any_of(of.key, [&](std::uint32_t column) {
                return reader.after().columns[column].present;
            });
            if (key_changes) return false;
        }
    }
    drop_hashes_if_too_many();
    return true;
}

void key_index_builder::drop_hashes_if_too_many() {
    if (hashes_.size() < hashes_max) return;
    std::ranges::sort(hashes_);
    const auto same = std::ranges::unique(hashes_);
    hashes_.erase(same.begin(), same.end());
    if (hashes_.size() < hashes_max / 2) return;
    too_many_ = true;
    hashes_.clear();
}

void key_index_builder::end_run() {
    if (!run_) return;
    std::ranges::sort(hashes_);
    const auto same = std::ranges::unique(hashes_);
    hashes_.erase(same.begin(), same.end());
    if (!run_->is_opaque && !too_many_) {
        const auto bytes =
            static_cast<std::uint64_t>(static_cast<double>(hashes_.size()) * bits_per_key / 8) + 1;
        if (bytes <= filter_bytes_left_) {
            fill_filter(*run_, hashes_, bits_per_key);
            filter_bytes_left_ -= run_->filter.size();
        }
    }
    std::ranges::sort(run_->tables);
    index_.runs.push_back(std::move(*run_));
    run_.reset();
    hashes_.clear();
    tables_.clear();
    too_many_ = false;
}

key_index key_index_builder::finish(std::uint64_t segment, std::uint64_t segment_size) {
    end_run();
    index_.segment = segment;
    index_.segment_size = segment_size;
    return std::move(index_);
}

} // namespace understudy::relay
