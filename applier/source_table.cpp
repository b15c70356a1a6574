#include "applier/source_table.hpp"

#include "protocol/wire/byte_reader.hpp"

namespace understudy::applier {

using protocol::result;

namespace {

// Distinct layouts seen since start; a source that creates and drops tables all day must not fill
// the memory.
constexpr std::size_t tables_max = 10'000;

std::size_t id_size(const protocol::event_view& event, const protocol::format_description& format) {
    return format.post_header_length(event.header.type) == 6 ? 4 : 6;
}

} // namespace

std::uint64_t source_table_cache::table_id(const protocol::event_view& event,
                                           const protocol::format_description& format) {
    protocol::byte_reader in(event.body);
    return in.little_endian(id_size(event, format));
}

result<std::shared_ptr<const source_table>>
source_table_cache::find(const protocol::event_view& event,
                         const protocol::format_description& format) {
    const std::size_t skipped = std::min(id_size(event, format), event.body.size());
    const std::string_view key = protocol::as_text(event.body.subspan(skipped));
    if (const auto known = tables_.find(key); known != tables_.end()) return known->second;

    auto table = std::make_shared<source_table>();
    table->event.assign(event.bytes.begin(), event.bytes.end());
    auto owned = protocol::decode_event(
        table->event, event.bytes.size() != event.body.size() + protocol::event_header_size);
    if (!owned) return std::unexpected(std::move(owned.error()));
    auto map = protocol::decode_table_map(*owned, format);
    if (!map) return std::unexpected(std::move(map.error()));
    table->map = std::move(*map);
    table->name = {std::string(table->map.database), std::string(table->map.table)};
    table->selected = selection_->takes_rows(table->name.database, table->name.object);
    if (tables_.size() >= tables_max) tables_.clear();
    tables_.emplace(std::string(key), table);
    return table;
}

} // namespace understudy::applier
