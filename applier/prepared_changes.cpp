#include "applier/prepared_changes.hpp"

#include "applier/errc.hpp"
#include "protocol/assert.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/frame_buffer.hpp"

#include <algorithm>

namespace understudy::applier {

using protocol::event_type;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::size_t length_offset = 9; // of event_length in the event header

std::shared_ptr<const protocol::format_description> own_format() {
    auto format = protocol::decode_format_description(protocol::encode_format_description("9.7.4"));
    UNDERSTUDY_ASSERT(format);
    UNDERSTUDY_ASSERT(!format->has_checksum());
    return std::make_shared<const protocol::format_description>(std::move(*format));
}

// Bytes of the whole events at the front.
std::size_t whole_events(std::string_view bytes) {
    std::size_t end = 0;
    while (bytes.size() - end >= protocol::event_header_size) {
        protocol::byte_reader in(protocol::as_bytes(bytes.substr(end + length_offset)));
        const std::size_t size = in.u32();
        if (size < protocol::event_header_size || size > bytes.size() - end) break;
        end += size;
    }
    return end;
}

} // namespace

prepared_changes::prepared_changes(target_session& target, const prepared_store& store,
                                   const state::object_selection& selection, std::string xa_id)
    : target_(target), store_(store), xa_id_(std::move(xa_id)), tables_(selection),
      format_(own_format()), file_(std::make_shared<const std::string>("prepared_xa")) {}

result<std::optional<group>> prepared_changes::next() {
    for (;;) {
        auto part = store_.read(target_, xa_id_, part_);
        if (!part) return std::unexpected(std::move(part.error()));
        if (!*part) {
            if (rest_.empty()) return std::nullopt;
            return fail(errc::checkpoint_invalid, "the rows of the XA transaction " + xa_id_ +
                                                      " that were kept on the target are cut off");
        }
        ++part_;
        rest_ += **part;
        const std::size_t size = whole_events(rest_);
        if (size == 0) continue;

        auto pool = std::make_shared<relay::buffer_pool>(0, 0);
        auto owner = std::make_shared<relay::frame_buffer>(std::move(pool), size, file_);
        owner->append(protocol::as_bytes(std::string_view(rest_).substr(0, size)));
        rest_.erase(0, size);
        group out;
        out.format = format_;
        statement_tables_in_group_ = false;
        protocol::byte_reader in(owner->bytes());
        while (!in.at_end()) {
            const std::size_t length =
                protocol::byte_reader(in.peek().subspan(length_offset)).u32();
            if (auto taken = take(out, {owner, in.bytes(length), file_, 0}); !taken)
                return std::unexpected(std::move(taken.error()));
        }
        return out;
    }
}

result<void> prepared_changes::take(group& out, const relay::stored_event& stored) {
    auto event = protocol::decode_event(stored.bytes, false);
    if (!event) return std::unexpected(std::move(event.error()));
    if (event->header.type != event_type::table_map) return take_rows(out, stored, *event);
    if (std::exchange(rows_seen_, false)) statement_tables_.clear();
    auto table = tables_.find(*event, *format_);
    if (!table) return std::unexpected(std::move(table.error()));
    statement_tables_.push_back(
        {source_table_cache::table_id(*event, *format_), std::move(*table)});
    statement_tables_in_group_ = false;
    return {};
}

result<void> prepared_changes::take_rows(group& out, const relay::stored_event& stored,
                                         const protocol::event_view& event) {
    auto rows = protocol::decode_rows_event(event, *format_, protocol::partial_json::accepted);
    if (!rows) return std::unexpected(std::move(rows.error()));
    rows_seen_ = true;
    const auto mapped = std::ranges::find(statement_tables_, rows->table_id, &mapped_table::id);
    if (mapped == statement_tables_.end()) {
        return fail(errc::checkpoint_invalid, "the rows of the XA transaction " + xa_id_ +
                                                  " that were kept on the target lack a table map");
    }
    if (!statement_tables_in_group_) {
        out.statement_tables.insert(out.statement_tables.end(), statement_tables_.begin(),
                                    statement_tables_.end());
        statement_tables_in_group_ = true;
    }
    row_change change;
    change.event = stored;
    change.table = mapped->table;
    change.tables_count = static_cast<std::uint32_t>(statement_tables_.size());
    change.tables_first =
        static_cast<std::uint32_t>(out.statement_tables.size()) - change.tables_count;
    out.changes.push_back(std::move(change));
    return {};
}

} // namespace understudy::applier
