#include "applier/prepared_writer.hpp"

#include "applier/source_table.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <algorithm>

namespace understudy::applier {

using protocol::result;

namespace {

constexpr std::size_t part_bytes = 512U << 10U;
constexpr std::size_t length_offset = 9; // of event_length in the event header

} // namespace

result<void> prepared_writer::append(const group& work, const row_change& change,
                                     const std::string& xa_id) {
    auto event = protocol::decode_event(change.event.bytes, work.format->has_checksum());
    if (!event) return std::unexpected(std::move(event.error()));
    if (statement_first_ != change.tables_first) {
        statement_first_ = change.tables_first;
        for (std::uint32_t i = 0; i < change.tables_count; ++i) {
            const mapped_table& mapped = work.statement_tables[change.tables_first + i];
            const protocol::table_map& map = mapped.table->map;
            protocol::encode_table_map(held_, event->header.timestamp, event->header.server_id,
                                       mapped.id, map.flags, map.database, map.table,
                                       map.after_names);
        }
    }
    const std::size_t start = held_.size();
    const auto without_checksum =
        event->bytes.first(protocol::event_header_size + event->body.size());
    held_.insert(held_.end(), without_checksum.begin(), without_checksum.end());
    protocol::byte_writer(held_).patch_u32(start + length_offset,
                                           static_cast<std::uint32_t>(without_checksum.size()));
    return held_.size() >= part_bytes ? flush(xa_id) : result<void>{};
}

// An event may be larger than a part, and a part than the target takes: cut wherever it falls.
result<void> prepared_writer::flush(const std::string& xa_id) {
    std::span<const std::byte> rest = held_;
    do {
        const auto part = rest.first(std::min(rest.size(), part_bytes));
        if (auto done = store_.write(target_, xa_id, part_, part); !done) return done;
        ++part_;
        rest = rest.subspan(part.size());
    } while (!rest.empty());
    held_.clear();
    return {};
}

result<void> prepared_writer::finish(const std::string& xa_id) {
    result<void> done;
    if (!held_.empty() || part_ == 0) done = flush(xa_id);
    part_ = 0;
    begin_group();
    return done;
}

} // namespace understudy::applier
