#include "protocol/binlog/rows_event.hpp"

#include "protocol/assert.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <bit>

namespace understudy::protocol {

namespace {

constexpr std::size_t columns_max = 4096; // MAX_FIELDS of the server

struct kind_and_version {
    rows_kind kind;
    std::uint8_t version;
};

result<kind_and_version> classify(event_type type, partial_json partial) {
    switch (type) {
    case event_type::write_rows_v1: return kind_and_version{rows_kind::write, 1};
    case event_type::update_rows_v1: return kind_and_version{rows_kind::update, 1};
    case event_type::delete_rows_v1: return kind_and_version{rows_kind::delete_, 1};
    case event_type::write_rows: return kind_and_version{rows_kind::write, 2};
    case event_type::update_rows: return kind_and_version{rows_kind::update, 2};
    case event_type::delete_rows: return kind_and_version{rows_kind::delete_, 2};
    case event_type::partial_update_rows:
        if (partial == partial_json::accepted) {
            return kind_and_version{rows_kind::update, 2};
        }
        return fail(errc::unsupported,
                    "partial JSON updates cannot be read: set binlog_row_value_options='' on the "
                    "source (sessions can override it) and start again after this transaction");
    case event_type::mariadb_write_rows_compressed_v1:
    case event_type::mariadb_update_rows_compressed_v1:
    case event_type::mariadb_delete_rows_compressed_v1:
    case event_type::mariadb_write_rows_compressed:
    case event_type::mariadb_update_rows_compressed:
    case event_type::mariadb_delete_rows_compressed:
        return fail(errc::unsupported,
                    to_string(type) +
                        " events cannot be read: set log_bin_compress=OFF on the source");
    default: return fail(errc::malformed, "a rows event was expected, this is " + to_string(type));
    }
}

// The length field counts itself.
std::span<const std::byte> read_extra(byte_reader& in) {
    constexpr std::uint16_t own_size = 2;
    const auto length = in.u16();
    if (length < own_size) {
        in.set_failed();
        return {};
    }
    return in.bytes(length - own_size);
}

event_type type_of(rows_kind kind) {
    switch (kind) {
    case rows_kind::write: return event_type::write_rows;
    case rows_kind::update: return event_type::update_rows;
    case rows_kind::delete_: return event_type::delete_rows;
    }
    return event_type::unknown;
}

} // namespace

std::uint32_t column_bitmap::set_count() const {
    std::uint32_t total = 0;
    const auto whole = count / 8;
    for (std::uint32_t i = 0; i < whole; ++i) {
        total += static_cast<std::uint32_t>(std::popcount(std::to_integer<unsigned>(bytes[i])));
    }
    // The bits after the last column mean nothing, and servers do set them.
    if (count % 8 != 0) {
        const auto mask = (1U << (count % 8)) - 1;
        total += static_cast<std::uint32_t>(
            std::popcount(std::to_integer<unsigned>(bytes[whole]) & mask));
    }
    return total;
}

result<rows_event> decode_rows_event(const event_view& event, const format_description& format,
                                     partial_json partial) {
    auto what = classify(event.header.type, partial);
    if (!what) {
        return std::unexpected(std::move(what.error()));
    }
    byte_reader in(event.body);
    rows_event decoded;
    decoded.kind = what->kind;
    decoded.version = what->version;
    decoded.has_partial_json = event.header.type == event_type::partial_update_rows;
    // Servers before 5.1.4 wrote table ids of 4 bytes. 8.4 and newer give V1 events a length of 0.
    decoded.table_id = format.post_header_length(event.header.type) == 6 ? in.u32() : in.u48();
    decoded.flags = in.u16();
    if (decoded.version == 2) {
        decoded.extra = read_extra(in);
    }
    const auto count = in.lenenc();
    if (in.ok() && count > columns_max) {
        return fail(errc::malformed, to_string(event.header.type) +
                                         " event: " + std::to_string(count) +
                                         " columns, more than a table can have");
    }
    decoded.column_count = static_cast<std::uint32_t>(count);
    decoded.present = {in.bytes((count + 7) / 8), decoded.column_count};
    if (decoded.kind == rows_kind::update) {
        decoded.present_after = {in.bytes((count + 7) / 8), decoded.column_count};
    }
    decoded.rows = in.rest();
    if (auto read = in.status(to_string(event.header.type) + " event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    return decoded;
}

result<std::size_t> value_length(const table_map_column& column, std::span<const std::byte> bytes) {
    if (column.type == column_type::typed_array) {
        return fail(errc::unsupported, "values of type ARRAY cannot be read");
    }
    const auto length = value_size(column, bytes);
    if (length > bytes.size()) {
        return fail(errc::truncated,
                    "a value of type " + to_string(column.type) + " ends after its row");
    }
    return length;
}

void encode_rows_event(std::vector<std::byte>& out, const rows_event_header& header,
                       std::span<const std::byte> rows, std::span<const std::byte> more) {
    constexpr std::uint16_t no_extra = 2;
    constexpr std::size_t event_size_max = 0x4000'0000; // max_log_event_size of the server
    UNDERSTUDY_ASSERT(header.present.size() == (header.column_count + 7) / 8);
    UNDERSTUDY_ASSERT(header.kind != rows_kind::update ||
                      header.present_after.size() == header.present.size());
    const auto start = out.size();
    byte_writer writer(out);
    writer.u32(header.timestamp);
    writer.u8(static_cast<std::uint8_t>(header.has_partial_json ? event_type::partial_update_rows
                                                                : type_of(header.kind)));
    writer.u32(header.server_id);
    writer.u32(0); // length, known below
    writer.u32(0);
    writer.u16(0);
    writer.u48(header.table_id);
    writer.u16(header.flags);
    writer.u16(no_extra);
    writer.lenenc(header.column_count);
    writer.bytes(header.present);
    if (header.kind == rows_kind::update) {
        writer.bytes(header.present_after);
    }
    writer.bytes(rows);
    writer.bytes(more);
    UNDERSTUDY_ASSERT(out.size() - start <= event_size_max);
    constexpr std::size_t length_offset = 9;
    writer.patch_u32(start + length_offset, static_cast<std::uint32_t>(out.size() - start));
}

} // namespace understudy::protocol
