#include "applier/shaping_reader.hpp"

#include "applier/partial_updates.hpp"
#include "applier/source_table.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <utility>

namespace understudy::applier {

using protocol::event_type;
using protocol::result;

namespace {

constexpr std::size_t layouts_max = 10'000;
constexpr std::uint64_t dummy_id = 0x00ffffff;

bool is_rows(event_type type) {
    switch (type) {
    case event_type::write_rows_v1:
    case event_type::update_rows_v1:
    case event_type::delete_rows_v1:
    case event_type::write_rows:
    case event_type::update_rows:
    case event_type::delete_rows:
    case event_type::partial_update_rows: return true;
    default: return false;
    }
}

// A rows event of no table, which ends the source's statement.
std::vector<std::byte> end_of_statement(const protocol::event_view& event) {
    protocol::rows_event_header header;
    header.timestamp = event.header.timestamp;
    header.server_id = event.header.server_id;
    header.table_id = dummy_id;
    header.flags = protocol::rows_flag::statement_end;
    std::vector<std::byte> out;
    protocol::encode_rows_event(out, header, {});
    return out;
}

} // namespace

result<std::shared_ptr<row_shaper>> shaping_reader::shaper_for(const protocol::event_view& event) {
    constexpr std::size_t id_size = 6;
    const auto body = protocol::as_text(event.body);
    const std::string_view key = body.substr(std::min(id_size, body.size()));
    if (const auto known = layouts_.find(key); known != layouts_.end()) return known->second;
    auto map = protocol::decode_table_map(event, format_);
    if (!map) return std::unexpected(std::move(map.error()));
    std::shared_ptr<row_shaper> made;
    if (const auto* const shape = selection_->shape(map->database, map->table)) {
        auto shaper = row_shaper::make(event, format_, *shape);
        if (!shaper) return std::unexpected(std::move(shaper.error()));
        made = std::move(*shaper);
    }
    if (layouts_.size() >= layouts_max) layouts_.clear();
    layouts_.emplace(std::string(key), made);
    return made;
}

result<void> shaping_reader::take_map(const stored& origin, const protocol::event_view& event) {
    if (open_.size() >= layouts_max) open_.clear();
    auto shaper = shaper_for(event);
    if (!shaper) return std::unexpected(std::move(shaper.error()));
    const auto id = source_table_cache::table_id(event, format_);
    if (!*shaper) {
        open_.erase(id);
        ready_.push_back(origin);
        return {};
    }
    const auto map = (*shaper)->map_for(event, id);
    ready_.push_back(map.empty() ? origin : shelf_.keep(map, origin, format_.has_checksum()));
    open_[id] = std::move(*shaper);
    return {};
}

result<void> shaping_reader::take_rows(const stored& origin, const protocol::event_view& event) {
    const auto found = open_.find(source_table_cache::table_id(event, format_));
    if (found == open_.end()) {
        ready_.push_back(origin);
        return {};
    }
    row_shaper& shaper = *found->second;
    auto rows = protocol::decode_rows_event(event, format_, protocol::partial_json::accepted);
    if (rows && rows->has_partial_json)
        rows = with_whole_documents(shaper.map(), *rows, documents_);
    if (!rows) return std::unexpected(std::move(rows.error()));
    auto shaped = shaper.shape(event, *rows);
    if (!shaped) return std::unexpected(std::move(shaped.error()));
    if ((*shaped)->as_it_was) {
        ready_.push_back(origin);
        return {};
    }
    for (const auto& made : (*shaped)->events)
        ready_.push_back(shelf_.keep(made, origin, format_.has_checksum()));
    const bool ends = (rows->flags & protocol::rows_flag::statement_end) != 0;
    if ((*shaped)->events.empty() && ends)
        ready_.push_back(shelf_.keep(end_of_statement(event), origin, format_.has_checksum()));
    return {};
}

result<std::optional<relay::stored_event>> shaping_reader::next() {
    for (;;) {
        if (!ready_.empty()) {
            auto first = std::move(ready_.front());
            ready_.pop_front();
            return first;
        }
        auto read = plain_->next();
        if (!read || !*read) return read;
        auto header = protocol::decode_event_header((*read)->bytes);
        if (!header) return std::unexpected(std::move(header.error()));
        if (header->type == event_type::format_description) {
            auto format = protocol::decode_format_description((*read)->bytes);
            if (!format) return std::unexpected(std::move(format.error()));
            format_ = std::move(*format);
        }
        const bool is_map = header->type == event_type::table_map;
        if (!is_map && (open_.empty() || !is_rows(header->type))) return read;
        auto event = protocol::decode_event((*read)->bytes, format_.has_checksum());
        if (!event) return std::unexpected(std::move(event.error()));
        auto done = is_map ? take_map(**read, *event) : take_rows(**read, *event);
        if (!done) {
            return wrap(std::move(done.error()), "the event that ends at " + *(*read)->file + ":" +
                                                     std::to_string((*read)->end_offset));
        }
    }
}

} // namespace understudy::applier
