#include "protocol/binlog/table_map.hpp"

#include "protocol/assert.hpp"
#include "protocol/binlog/table_map_columns.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

namespace understudy::protocol {

namespace {

constexpr std::size_t columns_max = 4096; // MAX_FIELDS of the server

std::string_view read_name(byte_reader& in) {
    const auto name = in.text(in.u8());
    in.skip(1); // NUL
    return name;
}

result<void> read_definition(table_map& map, byte_reader& in) {
    const auto count = in.lenenc();
    if (in.ok() && count > columns_max) {
        return fail(errc::malformed,
                    std::to_string(count) + " columns, more than a table can have");
    }
    const auto types = in.bytes(count);
    const auto metadata = in.lenenc_bytes();
    const auto nullable = in.bytes((count + 7) / 8);
    if (!in.ok()) {
        return fail(errc::truncated, "ends before its last field");
    }
    map.columns.resize(types.size());
    if (auto read = read_column_types(map, types, metadata); !read) {
        return read;
    }
    for (std::size_t i = 0; i < map.columns.size(); ++i) {
        map.columns[i].nullable = (std::to_integer<unsigned>(nullable[i / 8]) >> (i % 8) & 1U) != 0;
        map.columns[i].is_unsigned.reset();
    }
    map.optional_metadata = in.peek();
    return read_optional_metadata(map, in);
}

} // namespace

result<void> decode_table_map_into(table_map& into, const event_view& event,
                                   const format_description& format) {
    if (event.header.type != event_type::table_map) {
        return fail(errc::malformed,
                    "a Table_map event was expected, this is " + to_string(event.header.type));
    }
    byte_reader in(event.body);
    // Servers before 5.1.4 wrote table ids of 4 bytes.
    into.table_id = format.post_header_length(event_type::table_map) == 6 ? in.u32() : in.u48();
    into.flags = in.u16();
    into.database = read_name(in);
    into.table = read_name(in);
    into.after_names = in.peek();
    into.columns.clear();
    into.primary_key.clear();
    into.primary_key_has_prefix = false;
    into.column_names.clear();
    if (auto read = in.status("Table_map event"); !read) {
        return read;
    }
    if (auto read = read_definition(into, in); !read) {
        return wrap(std::move(read.error()), "Table_map event of " + std::string(into.database) +
                                                 "." + std::string(into.table));
    }
    return {};
}

result<table_map> decode_table_map(const event_view& event, const format_description& format) {
    table_map decoded;
    if (auto read = decode_table_map_into(decoded, event, format); !read) {
        return std::unexpected(std::move(read.error()));
    }
    return decoded;
}

void encode_table_map(std::vector<std::byte>& out, std::uint32_t timestamp, std::uint32_t server_id,
                      std::uint64_t table_id, std::uint16_t flags, std::string_view database,
                      std::string_view table, std::span<const std::byte> after_names) {
    constexpr std::size_t name_size_max = 255;
    UNDERSTUDY_ASSERT(database.size() <= name_size_max && table.size() <= name_size_max);
    byte_writer writer(out);
    const auto length =
        event_header_size + 8 + 2 + database.size() + 2 + table.size() + after_names.size();
    writer.u32(timestamp);
    writer.u8(static_cast<std::uint8_t>(event_type::table_map));
    writer.u32(server_id);
    writer.u32(static_cast<std::uint32_t>(length));
    writer.u32(0);
    writer.u16(0);
    writer.u48(table_id);
    writer.u16(flags);
    for (const auto name : {database, table}) {
        writer.u8(static_cast<std::uint8_t>(name.size()));
        writer.nul_text(name);
    }
    writer.bytes(after_names);
}

} // namespace understudy::protocol
