#include "applier/compressed_columns.hpp"

#include "protocol/binlog/mariadb_compression.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <algorithm>
#include <utility>

namespace understudy::applier {

using protocol::column_type;
using protocol::event_type;
using protocol::event_view;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::size_t length_at = 9; // in an event's header

bool is_compressed(column_type type) {
    return type == column_type::mariadb_blob_compressed ||
           type == column_type::mariadb_varchar_compressed;
}

bool is_rows(event_type type) {
    switch (type) {
    case event_type::write_rows_v1:
    case event_type::update_rows_v1:
    case event_type::delete_rows_v1:
    case event_type::write_rows:
    case event_type::update_rows:
    case event_type::delete_rows: return true;
    default: return false;
    }
}

// Bytes that a type has in a TABLE_MAP's metadata.
std::size_t metadata_size(column_type type) {
    switch (type) {
    case column_type::float_:
    case column_type::double_:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::geometry:
    case column_type::json:
    case column_type::timestamp2:
    case column_type::datetime2:
    case column_type::time2:
    case column_type::mariadb_blob_compressed: return 1;
    case column_type::bit:
    case column_type::varchar:
    case column_type::var_string:
    case column_type::newdecimal:
    case column_type::enum_:
    case column_type::set:
    case column_type::string:
    case column_type::mariadb_varchar_compressed: return 2;
    default: return 0;
    }
}

// The byte for the compression counts as one of a VARCHAR's.
std::size_t plain_size_max(const protocol::table_map_column& column) {
    if (column.type == column_type::mariadb_varchar_compressed) return column.metadata - 1U;
    return (std::size_t{1} << (8U * column.metadata)) - 1;
}

std::size_t plain_prefix_size(const protocol::table_map_column& column) {
    if (column.type == column_type::mariadb_varchar_compressed) {
        return protocol::string_prefix_size(column.metadata - 1U);
    }
    return column.metadata;
}

// In place: all sizes stay what they were. The event was decoded before, so everything is there.
void replace_types(std::vector<std::byte>& event, std::size_t definition_at, std::size_t body_end) {
    protocol::byte_reader in(
        std::span<const std::byte>(event).subspan(definition_at, body_end - definition_at));
    const auto start = in.remaining();
    const auto count = in.lenenc();
    const auto types_at = definition_at + (start - in.remaining());
    in.skip(count);
    static_cast<void>(in.lenenc()); // size of the metadata
    auto metadata_at = definition_at + (start - in.remaining());
    for (std::size_t i = 0; i < count; ++i) {
        const auto type = static_cast<column_type>(event[types_at + i]);
        if (type == column_type::mariadb_blob_compressed) {
            event[types_at + i] = static_cast<std::byte>(column_type::blob);
        } else if (type == column_type::mariadb_varchar_compressed) {
            event[types_at + i] = static_cast<std::byte>(column_type::varchar);
            const auto low = std::to_integer<unsigned>(event[metadata_at]);
            const auto high = std::to_integer<unsigned>(event[metadata_at + 1]);
            const auto size = (high << 8U | low) - 1;
            event[metadata_at] = static_cast<std::byte>(size & 0xffU);
            event[metadata_at + 1] = static_cast<std::byte>(size >> 8U);
        }
        metadata_at += metadata_size(type);
    }
}

} // namespace

bool compressed_columns::concerns(event_type type) const {
    return type == event_type::table_map || (is_rows(type) && !tables_.empty());
}

compressed_columns::done
compressed_columns::uncompress(const event_view& event,
                               const protocol::format_description& format) {
    if (event.header.type == event_type::table_map) return take_map(event, format);
    if (is_rows(event.header.type) && !tables_.empty()) return take_rows(event, format);
    return std::nullopt;
}

compressed_columns::done compressed_columns::take_map(const event_view& event,
                                                      const protocol::format_description& format) {
    constexpr std::size_t tables_max = 10'000;
    if (auto read = protocol::decode_table_map_into(probe_, event, format); !read) {
        return std::unexpected(std::move(read.error()));
    }
    const auto of_type = [](const auto& column) { return is_compressed(column.type); };
    if (std::ranges::none_of(probe_.columns, of_type)) {
        tables_.erase(probe_.table_id);
        return std::nullopt;
    }
    for (const auto& column : probe_.columns) {
        if (is_compressed(column.type) && column.metadata == 0) {
            return fail(protocol::errc::malformed,
                        "a Table_map event has a compressed column without a size");
        }
    }
    if (tables_.size() >= tables_max) tables_.clear();
    table& kept = tables_[probe_.table_id];
    const auto body_end = protocol::event_header_size + event.body.size();
    kept.event.assign(event.bytes.begin(),
                      event.bytes.begin() + static_cast<std::ptrdiff_t>(body_end));
    protocol::byte_writer(kept.event).patch_u32(length_at, static_cast<std::uint32_t>(body_end));
    auto owned = protocol::decode_event(kept.event, false);
    if (!owned) return std::unexpected(std::move(owned.error()));
    auto map = protocol::decode_table_map(*owned, format);
    if (!map) return std::unexpected(std::move(map.error()));
    kept.map = std::move(*map);

    out_ = kept.event;
    const auto definition_at =
        static_cast<std::size_t>(kept.map.after_names.data() - kept.event.data());
    replace_types(out_, definition_at, body_end);
    return out_;
}

compressed_columns::done compressed_columns::take_rows(const event_view& event,
                                                       const protocol::format_description& format) {
    auto rows = protocol::decode_rows_event(event, format);
    if (!rows) return std::unexpected(std::move(rows.error()));
    const auto found = tables_.find(rows->table_id);
    if (found == tables_.end()) return std::nullopt;
    const auto& map = found->second.map;
    const auto head_size = static_cast<std::size_t>(rows->rows.data() - event.bytes.data());
    out_.assign(event.bytes.begin(), event.bytes.begin() + static_cast<std::ptrdiff_t>(head_size));
    protocol::row_reader reader(map, *rows);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) break;
        result<void> appended;
        if (rows->kind != protocol::rows_kind::write) {
            appended = append_image(map, rows->present, reader.before());
        }
        if (appended && rows->kind != protocol::rows_kind::delete_) {
            const auto& present =
                rows->kind == protocol::rows_kind::update ? rows->present_after : rows->present;
            appended = append_image(map, present, reader.after());
        }
        if (!appended) {
            return wrap(std::move(appended.error()),
                        "table " + std::string(map.database) + "." + std::string(map.table));
        }
    }
    protocol::byte_writer(out_).patch_u32(length_at, static_cast<std::uint32_t>(out_.size()));
    return out_;
}

result<void> compressed_columns::append_image(const protocol::table_map& map,
                                              const protocol::column_bitmap& present,
                                              const protocol::row_image& image) {
    constexpr std::size_t event_size_max = 0x4000'0000; // max_log_event_size of the server
    const auto bitmap = image.bytes.first((present.set_count() + 7) / 8);
    out_.insert(out_.end(), bitmap.begin(), bitmap.end());
    for (std::size_t i = 0; i < image.columns.size(); ++i) {
        const auto& one = image.columns[i];
        const auto& column = map.columns[i];
        if (!one.present || one.is_null) continue;
        if (!is_compressed(column.type)) {
            out_.insert(out_.end(), one.value.begin(), one.value.end());
            continue;
        }
        const std::size_t packed_prefix = column.type == column_type::mariadb_varchar_compressed
                                              ? protocol::string_prefix_size(column.metadata)
                                              : column.metadata;
        const auto packed = one.value.subspan(packed_prefix);
        const auto size_max = plain_size_max(column);
        value_.clear();
        if (!packed.empty() && packed.front() == std::byte{0}) {
            value_.assign(packed.begin() + 1, packed.end());
        } else if (!packed.empty()) {
            if (auto done = protocol::append_uncompressed_block(value_, packed, size_max); !done) {
                return wrap(std::move(done.error()), "column " + std::to_string(i + 1));
            }
        }
        if (value_.size() > size_max || out_.size() + value_.size() > event_size_max) {
            return fail(protocol::errc::limit_exceeded,
                        "column " + std::to_string(i + 1) + " holds more than its type can");
        }
        const auto prefix_size = plain_prefix_size(column);
        for (std::size_t byte = 0; byte < prefix_size; ++byte) {
            out_.push_back(static_cast<std::byte>(value_.size() >> (8 * byte) & 0xffU));
        }
        out_.insert(out_.end(), value_.begin(), value_.end());
    }
    return {};
}

} // namespace understudy::applier
