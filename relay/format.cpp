#include "relay/format.hpp"

#include "protocol/assert.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/errc.hpp"

#include <algorithm>
#include <cstring>
#include <xxhash.h>

namespace understudy::relay {

namespace {

using protocol::byte_reader;
using protocol::byte_writer;
using protocol::fail;
using protocol::result;

constexpr std::string_view segment_magic = "UNDRSEGM";
constexpr std::size_t checksum_size = 8;
constexpr std::uint16_t flag_encrypted = 1;

void write_gtids(byte_writer& out, const protocol::gtid_set& set) {
    if (set.empty()) {
        out.u32(0);
        return;
    }
    const auto bytes = set.encode();
    out.u32(static_cast<std::uint32_t>(bytes.size()));
    out.bytes(bytes);
}

result<protocol::gtid_set> read_gtids(byte_reader& in) {
    const auto bytes = in.bytes(in.u32());
    if (bytes.empty()) return protocol::gtid_set{};
    return protocol::gtid_set::decode(bytes);
}

void write_file_name(byte_writer& out, const std::string& name) {
    UNDERSTUDY_ASSERT(name.size() <= 0xffff);
    out.u16(static_cast<std::uint16_t>(name.size()));
    out.text(name);
}

std::uint64_t read_checksum(std::span<const std::byte> bytes) {
    return byte_reader(bytes.last(checksum_size)).u64();
}

} // namespace

// The header's hash is the seed of the stored bytes' hash: one number for both, whichever buffers
// they stand in.
std::uint64_t frame_checksum(std::span<const std::byte> header, std::span<const std::byte> stored) {
    return XXH3_64bits_withSeed(stored.data(), stored.size(), checksum(header));
}

std::uint64_t checksum(std::span<const std::byte> bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::vector<std::byte> encode_segment_header(const segment_header& header, file_cipher* cipher) {
    std::vector<std::byte> body;
    byte_writer fields(body);
    fields.u64(header.number);
    fields.u64(header.first_frame);
    fields.bytes(std::as_bytes(std::span(header.source.bytes)));
    fields.u64(header.created_us);
    fields.u64(header.base.binlog.offset);
    write_file_name(fields, header.base.binlog.file);
    write_gtids(fields, header.base.executed);
    fields.u32(static_cast<std::uint32_t>(header.format_description.size()));
    fields.bytes(header.format_description);

    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.text(segment_magic);
    out.u16(format_version);
    out.u16(cipher != nullptr ? flag_encrypted : 0);
    out.u32(0); // header size
    auto size = body.size() + checksum_size;
    if (cipher != nullptr) {
        cipher->what().write(out);
        size += file_cipher::overhead;
    }
    out.patch_u32(12, static_cast<std::uint32_t>(bytes.size() + size));
    out.bytes(cipher != nullptr ? cipher->seal(bytes, body) : body);
    out.u64(checksum(bytes));
    return bytes;
}

result<std::uint32_t> decode_segment_prefix(std::span<const std::byte> bytes) {
    byte_reader in(bytes);
    const auto magic = in.text(segment_magic.size());
    const auto version = in.u16();
    const auto flags = in.u16();
    const auto size = in.u32();
    if (!in.ok()) return fail(errc::torn, "the segment header is cut off");
    if (magic != segment_magic) return fail(errc::corrupt, "this is not a relay log segment");
    if (version != format_version || (flags & ~flag_encrypted) != 0) {
        return fail(errc::unsupported_version,
                    "the segment has format version " + std::to_string(version) + ", flags " +
                        std::to_string(flags) + "; this program reads version " +
                        std::to_string(format_version) + ", flags 0 and 1");
    }
    if (size < segment_prefix_size + checksum_size || size > segment_header_size_max) {
        return fail(errc::corrupt, "the segment header has an impossible size");
    }
    return size;
}

namespace {

// All of the header but its checksum, which matches.
result<std::span<const std::byte>> checked_segment_header(std::span<const std::byte> bytes) {
    const auto size = decode_segment_prefix(bytes);
    if (!size) return std::unexpected(size.error());
    if (bytes.size() < *size) return fail(errc::torn, "the segment header is cut off");
    bytes = bytes.first(*size);
    const auto covered = bytes.first(bytes.size() - checksum_size);
    if (checksum(covered) != read_checksum(bytes)) {
        return fail(errc::corrupt, "the segment header's checksum does not match");
    }
    return covered;
}

bool is_encrypted(std::span<const std::byte> segment_header_bytes) {
    return byte_reader(segment_header_bytes.subspan(10)).u16() == flag_encrypted;
}

} // namespace

result<std::optional<file_cipher>> open_segment_cipher(std::span<const std::byte> bytes,
                                                       const key_ring& keys) {
    const auto covered = checked_segment_header(bytes);
    if (!covered) return std::unexpected(covered.error());
    if (!is_encrypted(*covered)) return std::nullopt;
    byte_reader in(covered->subspan(segment_prefix_size));
    auto description = file_cipher::description::read(in);
    if (!in.ok()) return fail(errc::corrupt, "the segment header's fields do not fit together");
    auto cipher = file_cipher::resume(keys, std::move(description), segment_purpose);
    if (!cipher) return std::unexpected(std::move(cipher.error()));
    return std::optional(std::move(*cipher));
}

result<segment_header> decode_segment_header(std::span<const std::byte> bytes,
                                             file_cipher* cipher) {
    const auto covered = checked_segment_header(bytes);
    if (!covered) return std::unexpected(covered.error());
    auto fields = covered->subspan(segment_prefix_size);
    std::vector<std::byte> plain;
    if (is_encrypted(*covered)) {
        if (cipher == nullptr) return fail(errc::bad_key, "the segment is encrypted");
        byte_reader in(fields);
        std::ignore = file_cipher::description::read(in);
        const auto sealed = in.rest();
        auto opened = cipher->open(covered->first(covered->size() - sealed.size()), sealed);
        if (!opened) return std::unexpected(std::move(opened.error()));
        plain = std::move(*opened);
        fields = plain;
    }
    segment_header header;
    byte_reader in(fields);
    header.number = in.u64();
    header.first_frame = in.u64();
    const auto source = in.bytes(header.source.bytes.size());
    if (in.ok()) std::memcpy(header.source.bytes.data(), source.data(), source.size());
    header.created_us = in.u64();
    header.base.binlog.offset = in.u64();
    header.base.binlog.file = in.text(in.u16());
    auto executed = read_gtids(in);
    const auto format = in.bytes(in.u32());
    header.format_description.assign(format.begin(), format.end());
    if (!executed || !in.finish("segment header")) {
        return fail(errc::corrupt, "the segment header's fields do not fit together");
    }
    header.base.executed = std::move(*executed);
    return header;
}

namespace {

// `more` bytes follow before the checksum.
std::vector<std::byte> encode_frame_fields(const frame_header& header, std::size_t more) {
    std::vector<std::byte> bytes;
    bytes.reserve(256);
    byte_writer out(bytes);
    out.u32(frame_magic);
    out.u32(0); // header size
    out.u32(header.stored_size);
    out.u32(header.raw_size);
    out.u8(static_cast<std::uint8_t>(header.kind));
    out.u8(static_cast<std::uint8_t>(header.codec));
    out.u16(header.flags);
    out.u32(header.event_count);
    out.u32(header.group_count);
    out.u32(header.first_event);
    out.u32(header.time_min);
    out.u32(header.time_max);
    out.u64(header.number);
    out.u64(header.start_offset);
    out.u64(header.end_offset);
    out.u64(header.durable_before);
    write_file_name(out, header.file);
    write_gtids(out, header.gtids);
    out.patch_u32(4, static_cast<std::uint32_t>(bytes.size() + more + checksum_size));
    return bytes;
}

} // namespace

std::vector<std::byte> encode_frame_header(const frame_header& header,
                                           std::span<const std::byte> stored) {
    UNDERSTUDY_ASSERT(stored.size() == header.stored_size);
    auto bytes = encode_frame_fields(header, 0);
    byte_writer(bytes).u64(frame_checksum(bytes, stored));
    return bytes;
}

std::vector<std::byte> encrypt_frame(const frame_header& header, std::span<const std::byte> stored,
                                     std::span<std::byte> sealed, file_cipher& cipher) {
    UNDERSTUDY_ASSERT(stored.size() == header.stored_size);
    auto bytes = encode_frame_fields(header, file_cipher::overhead);
    const auto fields = std::span(bytes).subspan(frame_prefix_size);
    const auto seal = cipher.encrypt(std::span(bytes).first(frame_prefix_size),
                                     {{fields, fields}, {stored, sealed}});
    byte_writer out(bytes);
    out.bytes(seal.nonce);
    out.bytes(seal.tag);
    out.u64(frame_checksum(bytes, sealed));
    return bytes;
}

bool decrypt_frame(std::span<std::byte> frame, file_cipher& cipher) {
    const auto sizes = decode_frame_prefix(frame);
    constexpr auto behind_fields = file_cipher::overhead + checksum_size;
    if (!sizes || sizes->total() > frame.size() ||
        sizes->header < frame_prefix_size + behind_fields) {
        return false;
    }
    const auto fields =
        frame.subspan(frame_prefix_size, sizes->header - frame_prefix_size - behind_fields);
    const auto stored = frame.subspan(sizes->header, sizes->stored);
    file_cipher::seal_bytes seal{};
    const auto seal_at = frame.subspan(sizes->header - behind_fields);
    std::ranges::copy(seal_at.first(seal.nonce.size()), seal.nonce.begin());
    std::ranges::copy(seal_at.subspan(seal.nonce.size(), seal.tag.size()), seal.tag.begin());
    return cipher.decrypt(seal, frame.first(frame_prefix_size),
                          {{fields, fields}, {stored, stored}});
}

result<frame_sizes> decode_frame_prefix(std::span<const std::byte> bytes) {
    byte_reader in(bytes);
    const auto magic = in.u32();
    frame_sizes sizes;
    sizes.header = in.u32();
    sizes.stored = in.u32();
    const auto raw = in.u32();
    if (!in.ok()) return fail(errc::torn, "the frame header is cut off");
    if (magic != frame_magic) return fail(errc::corrupt, "there is no frame here");
    if (sizes.header < frame_prefix_size + checksum_size || sizes.header > frame_header_size_max ||
        raw > frame_raw_size_max || sizes.stored > raw) {
        return fail(errc::corrupt, "the frame header has impossible sizes");
    }
    return sizes;
}

result<frame_header> decode_frame_header(std::span<const std::byte> bytes, bool is_encrypted) {
    const auto sizes = decode_frame_prefix(bytes);
    if (!sizes) return std::unexpected(sizes.error());
    if (bytes.size() < sizes->header) return fail(errc::torn, "the frame header is cut off");
    const auto behind_fields = checksum_size + (is_encrypted ? file_cipher::overhead : 0);
    if (sizes->header < frame_prefix_size + behind_fields) {
        return fail(errc::corrupt, "the frame header has impossible sizes");
    }
    byte_reader in(bytes.first(sizes->header - behind_fields));
    in.skip(8);
    frame_header header;
    header.stored_size = in.u32();
    header.raw_size = in.u32();
    const auto kind = in.u8();
    const auto codec = in.u8();
    header.flags = in.u16();
    header.event_count = in.u32();
    header.group_count = in.u32();
    header.first_event = in.u32();
    header.time_min = in.u32();
    header.time_max = in.u32();
    header.number = in.u64();
    header.start_offset = in.u64();
    header.end_offset = in.u64();
    header.durable_before = in.u64();
    header.file = in.text(in.u16());
    auto gtids = read_gtids(in);
    const bool fits = gtids.has_value() && in.finish("frame header").has_value();
    if (!fits || kind < 1 || kind > 3 || codec > 1 || (header.flags & ~frame_flag::known) != 0 ||
        header.first_event > header.raw_size || header.end_offset < header.start_offset ||
        (codec == 0 && header.stored_size != header.raw_size) ||
        header.end_offset - header.start_offset !=
            (header.has(frame_flag::artificial) ? 0U : header.raw_size)) {
        return fail(errc::corrupt, "the frame header's fields do not fit together");
    }
    header.kind = static_cast<frame_kind>(kind);
    header.codec = static_cast<frame_codec>(codec);
    header.gtids = std::move(*gtids);
    return header;
}

bool frame_checksum_matches(std::span<const std::byte> header, std::span<const std::byte> stored) {
    if (header.size() < checksum_size) return false;
    const auto covered = header.first(header.size() - checksum_size);
    return frame_checksum(covered, stored) == read_checksum(header);
}

} // namespace understudy::relay
