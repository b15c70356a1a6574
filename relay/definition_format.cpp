#include "relay/definition_format.hpp"

#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/errc.hpp"
#include "relay/format.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::byte_reader;
using protocol::byte_writer;
using protocol::fail;
using protocol::result;

constexpr std::string_view file_magic = "UNDRDEFS";
constexpr std::uint16_t file_version = 1;
constexpr std::uint16_t flag_encrypted = 1;
constexpr std::size_t checksum_size = 8;

constexpr std::uint8_t column_unsigned = 1;
constexpr std::uint8_t column_nullable = 2;
constexpr std::uint8_t column_generated = 4;
constexpr std::uint8_t column_invisible = 8;
constexpr std::uint8_t column_flags_known = 15;

void write_text(byte_writer& out, std::string_view text) {
    out.u32(static_cast<std::uint32_t>(text.size()));
    out.text(text);
}

std::string read_text(byte_reader& in) {
    return std::string(in.text(in.u32()));
}

void write_column(byte_writer& out, const table_column& column) {
    write_text(out, column.name);
    write_text(out, column.type_text);
    out.u8(static_cast<std::uint8_t>(column.type));
    out.u16(column.metadata);
    out.u8(static_cast<std::uint8_t>(
        (column.is_unsigned ? column_unsigned : 0U) | (column.nullable ? column_nullable : 0U) |
        (column.generated ? column_generated : 0U) | (column.invisible ? column_invisible : 0U)));
    write_text(out, column.character_set);
    write_text(out, column.collation);
    out.u32(static_cast<std::uint32_t>(column.labels.size()));
    for (const auto& label : column.labels)
        write_text(out, label);
}

table_column read_column(byte_reader& in) {
    table_column column;
    column.name = read_text(in);
    column.type_text = read_text(in);
    column.type = static_cast<protocol::column_type>(in.u8());
    column.metadata = in.u16();
    const auto flags = in.u8();
    if ((flags & ~column_flags_known) != 0) in.set_failed();
    column.is_unsigned = (flags & column_unsigned) != 0;
    column.nullable = (flags & column_nullable) != 0;
    column.generated = (flags & column_generated) != 0;
    column.invisible = (flags & column_invisible) != 0;
    column.character_set = read_text(in);
    column.collation = read_text(in);
    const auto count = in.u32();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i)
        column.labels.push_back(read_text(in));
    return column;
}

void write_key(byte_writer& out, const table_key& key) {
    write_text(out, key.name);
    out.u32(static_cast<std::uint32_t>(key.parts.size()));
    for (const auto& part : key.parts) {
        out.u32(part.column);
        out.u32(part.prefix);
    }
}

table_key read_key(byte_reader& in, std::size_t columns) {
    table_key key;
    key.name = read_text(in);
    const auto count = in.u32();
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        table_key::part part;
        part.column = in.u32();
        part.prefix = in.u32();
        if (part.column >= columns) in.set_failed();
        key.parts.push_back(part);
    }
    return key;
}

void write_content(byte_writer& out, const definition_record& record) {
    out.u8(record.dropped ? 1 : 0);
    write_text(out, record.what.database);
    write_text(out, record.what.table);
    out.u32(static_cast<std::uint32_t>(record.what.columns.size()));
    for (const auto& column : record.what.columns)
        write_column(out, column);
    out.u32(static_cast<std::uint32_t>(record.what.unique_keys.size()));
    for (const auto& key : record.what.unique_keys)
        write_key(out, key);
}

void read_content(byte_reader& in, definition_record& record) {
    const auto dropped = in.u8();
    if (dropped > 1) in.set_failed();
    record.dropped = dropped == 1;
    record.what.database = read_text(in);
    record.what.table = read_text(in);
    const auto columns = in.u32();
    for (std::uint32_t i = 0; i < columns && in.ok(); ++i)
        record.what.columns.push_back(read_column(in));
    const auto keys = in.u32();
    for (std::uint32_t i = 0; i < keys && in.ok(); ++i)
        record.what.unique_keys.push_back(read_key(in, columns));
}

} // namespace

std::vector<std::byte> encode_definitions_header(const definitions_header& header) {
    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.text(file_magic);
    out.u16(file_version);
    out.u16(header.encryption ? flag_encrypted : 0);
    out.u32(0); // size
    out.bytes(std::as_bytes(std::span(header.source.bytes)));
    if (header.encryption) header.encryption->write(out);
    out.patch_u32(12, static_cast<std::uint32_t>(bytes.size() + checksum_size));
    out.u64(checksum(bytes));
    return bytes;
}

result<std::uint32_t> decode_definitions_prefix(std::span<const std::byte> bytes) {
    byte_reader in(bytes);
    const auto magic = in.text(file_magic.size());
    const auto version = in.u16();
    const auto flags = in.u16();
    const auto size = in.u32();
    if (!in.ok()) return fail(errc::torn, "the header is cut off");
    if (magic != file_magic) return fail(errc::corrupt, "these are no definitions");
    if (version != file_version || (flags & ~flag_encrypted) != 0) {
        return fail(errc::unsupported_version, "the definitions have format version " +
                                                   std::to_string(version) + ", flags " +
                                                   std::to_string(flags));
    }
    if (size < definitions_prefix_size + checksum_size || size > definitions_header_size_max) {
        return fail(errc::corrupt, "the header has an impossible size");
    }
    return size;
}

result<definitions_header> decode_definitions_header(std::span<const std::byte> bytes) {
    const auto size = decode_definitions_prefix(bytes);
    if (!size) return std::unexpected(size.error());
    if (bytes.size() < *size) return fail(errc::torn, "the header is cut off");
    const auto covered = bytes.first(*size - checksum_size);
    if (checksum(covered) != byte_reader(bytes.subspan(covered.size())).u64()) {
        return fail(errc::corrupt, "the header's checksum does not match");
    }
    byte_reader in(covered.subspan(10));
    const bool encrypted = in.u16() != 0;
    in.skip(4);
    definitions_header header;
    const auto source = in.bytes(header.source.bytes.size());
    if (in.ok()) std::memcpy(header.source.bytes.data(), source.data(), source.size());
    if (encrypted) header.encryption = file_cipher::description::read(in);
    if (!in.finish("definitions header")) {
        return fail(errc::corrupt, "the header's fields do not fit together");
    }
    return header;
}

std::vector<std::byte> encode_record(const definition_record& record, std::uint64_t number,
                                     file_cipher* cipher) {
    std::vector<std::byte> body;
    byte_writer fields(body);
    fields.u64(record.from.offset);
    write_text(fields, record.from.file);
    write_text(fields, record.gtid);
    write_content(fields, record);

    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.u32(record_magic);
    const auto stored = body.size() + (cipher != nullptr ? file_cipher::overhead : 0);
    out.u32(static_cast<std::uint32_t>(record_prefix_size + stored + checksum_size));
    out.u64(number);
    if (cipher != nullptr) body = cipher->seal(bytes, body);
    out.bytes(body);
    out.u64(checksum(bytes));
    return bytes;
}

result<std::uint32_t> decode_record_prefix(std::span<const std::byte> bytes) {
    byte_reader in(bytes);
    const auto magic = in.u32();
    const auto size = in.u32();
    in.skip(8);
    if (!in.ok()) return fail(errc::torn, "the record is cut off");
    if (magic != record_magic || size < record_prefix_size + checksum_size ||
        size > record_size_max) {
        return fail(errc::corrupt, "there is no record here");
    }
    return size;
}

bool record_checksum_matches(std::span<const std::byte> bytes) {
    const auto size = decode_record_prefix(bytes);
    if (!size || bytes.size() < *size) return false;
    const auto covered = bytes.first(*size - checksum_size);
    return checksum(covered) == byte_reader(bytes.subspan(covered.size())).u64();
}

result<numbered_record> decode_record(std::span<const std::byte> bytes, file_cipher* cipher) {
    const auto size = decode_record_prefix(bytes);
    if (!size) return std::unexpected(size.error());
    if (bytes.size() < *size) return fail(errc::torn, "the record is cut off");
    if (!record_checksum_matches(bytes)) {
        return fail(errc::corrupt, "the record's checksum does not match");
    }
    const auto prefix = bytes.first(record_prefix_size);
    auto body = bytes.subspan(prefix.size(), *size - prefix.size() - checksum_size);
    std::vector<std::byte> plain;
    if (cipher != nullptr) {
        auto opened = cipher->open(prefix, body);
        if (!opened) return std::unexpected(std::move(opened.error()));
        plain = std::move(*opened);
        body = plain;
    }
    numbered_record found;
    found.number = byte_reader(prefix.subspan(8)).u64();
    byte_reader in(body);
    found.record.from.offset = in.u64();
    found.record.from.file = read_text(in);
    found.record.gtid = read_text(in);
    read_content(in, found.record);
    if (!in.finish("definition")) {
        return fail(errc::corrupt, "the record's fields do not fit together");
    }
    return found;
}

std::uint64_t content_hash(const definition_record& record) {
    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    write_content(out, record);
    return checksum(bytes);
}

} // namespace understudy::relay
