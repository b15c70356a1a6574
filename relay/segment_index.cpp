#include "relay/segment_index.hpp"

#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/errc.hpp"

#include <utility>

namespace understudy::relay {

namespace {

using protocol::byte_reader;
using protocol::byte_writer;
using protocol::fail;
using protocol::result;

// Sections are type, version, size, bytes; a reader steps over types it does not know.
enum class section : std::uint16_t {
    summary = 1,
    frames = 2,
    tables = 3, // never written: key_index tells
};
constexpr std::uint16_t section_version = 1;
constexpr std::uint16_t flag_encrypted = 1;
constexpr std::size_t head_size = 8; // magic, version, flags
constexpr std::size_t checksum_size = 8;

template<class Body>
void write_section(std::vector<std::byte>& bytes, section type, Body&& body) {
    byte_writer out(bytes);
    out.u16(static_cast<std::uint16_t>(type));
    out.u16(section_version);
    const auto size_at = bytes.size();
    out.u32(0);
    const auto start = bytes.size();
    body(out);
    out.patch_u32(size_at, static_cast<std::uint32_t>(bytes.size() - start));
}

void write_gtids(byte_writer& out, const protocol::gtid_set& set) {
    const auto encoded = set.empty() ? std::vector<std::byte>{} : set.encode();
    out.u32(static_cast<std::uint32_t>(encoded.size()));
    out.bytes(encoded);
}

bool read_gtids(byte_reader& in, protocol::gtid_set& set) {
    const auto bytes = in.bytes(in.u32());
    if (bytes.empty()) return in.ok();
    auto decoded = protocol::gtid_set::decode(bytes);
    if (!decoded) return false;
    set = std::move(*decoded);
    return true;
}

void write_entry(byte_writer& out, const frame_entry& entry) {
    const auto& header = entry.header;
    out.u64(entry.offset);
    out.u32(entry.header_size);
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
    out.u64(header.start_offset);
    out.u64(header.end_offset);
    write_gtids(out, header.gtids);
}

frame_entry read_entry(byte_reader& in) {
    frame_entry entry;
    auto& header = entry.header;
    entry.offset = in.u64();
    entry.header_size = in.u32();
    header.stored_size = in.u32();
    header.raw_size = in.u32();
    header.kind = static_cast<frame_kind>(in.u8());
    header.codec = static_cast<frame_codec>(in.u8());
    header.flags = in.u16();
    header.event_count = in.u32();
    header.group_count = in.u32();
    header.first_event = in.u32();
    header.time_min = in.u32();
    header.time_max = in.u32();
    header.start_offset = in.u64();
    header.end_offset = in.u64();
    if (!read_gtids(in, header.gtids)) in.set_failed();
    return entry;
}

// Frames come in order, so the file name is written where it changes (frame count, name).
void write_frames(byte_writer& out, const std::vector<frame_entry>& frames) {
    out.u64(frames.empty() ? 0 : frames.front().header.number);
    out.u32(static_cast<std::uint32_t>(frames.size()));
    const std::string* name = nullptr;
    for (const auto& entry : frames) {
        const bool changed = name == nullptr || *name != entry.header.file;
        name = &entry.header.file;
        out.u16(changed ? static_cast<std::uint16_t>(name->size()) : 0xffff);
        if (changed) out.text(*name);
        write_entry(out, entry);
    }
}

bool read_frames(byte_reader& in, std::vector<frame_entry>& frames) {
    auto number = in.u64();
    const auto count = in.u32();
    std::string name;
    for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
        if (const auto size = in.u16(); size != 0xffff) name = in.text(size);
        frames.push_back(read_entry(in));
        frames.back().header.file = name;
        frames.back().header.number = number++;
    }
    return in.ok() && in.at_end();
}

bool read_summary(byte_reader& in, segment_footer& footer) {
    footer.sealed_us = in.u64();
    footer.raw_bytes = in.u64();
    footer.end.binlog.offset = in.u64();
    footer.end.binlog.file = in.text(in.u16());
    return read_gtids(in, footer.end.executed) && in.at_end();
}

} // namespace

namespace {

// The tag also covers where the footer stands.
std::vector<std::byte> authenticated(std::span<const std::byte> head, std::uint64_t frames_end) {
    std::vector<std::byte> bytes(head.begin(), head.end());
    byte_writer(bytes).u64(frames_end);
    return bytes;
}

std::vector<std::byte> encode_sections(const segment_footer& footer) {
    std::vector<std::byte> bytes;
    write_section(bytes, section::summary, [&](byte_writer& body) {
        body.u64(footer.sealed_us);
        body.u64(footer.raw_bytes);
        body.u64(footer.end.binlog.offset);
        body.u16(static_cast<std::uint16_t>(footer.end.binlog.file.size()));
        body.text(footer.end.binlog.file);
        write_gtids(body, footer.end.executed);
    });
    write_section(bytes, section::frames,
                  [&](byte_writer& body) { write_frames(body, footer.frames); });
    return bytes;
}

} // namespace

std::vector<std::byte> encode_segment_footer(const segment_footer& footer, file_cipher* cipher) {
    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.u32(footer_magic);
    out.u16(format_version);
    out.u16(cipher != nullptr ? flag_encrypted : 0);
    const auto sections = encode_sections(footer);
    out.bytes(cipher != nullptr ? cipher->seal(authenticated(bytes, footer.frames_end), sections)
                                : sections);
    out.u64(checksum(bytes));

    std::vector<std::byte> trailer;
    byte_writer end(trailer);
    end.u64(footer.frames_end);
    end.u32(static_cast<std::uint32_t>(bytes.size()));
    end.u32(trailer_magic);
    end.u64(checksum(trailer));
    out.bytes(trailer);
    return bytes;
}

result<footer_place> decode_segment_trailer(std::span<const std::byte> bytes,
                                            std::uint64_t file_size) {
    byte_reader in(bytes);
    footer_place place;
    place.offset = in.u64();
    place.size = in.u32();
    const auto magic = in.u32();
    const auto sum = in.u64();
    if (!in.ok() || magic != trailer_magic || sum != checksum(bytes.first(16))) {
        return fail(errc::torn, "the segment has no valid trailer");
    }
    if (place.offset + place.size + segment_trailer_size != file_size) {
        return fail(errc::corrupt, "the trailer does not fit the size of the segment");
    }
    return place;
}

namespace {

result<segment_footer> decode_sections(std::span<const std::byte> bytes) {
    segment_footer footer;
    byte_reader in(bytes);
    unsigned seen = 0;
    while (in.ok() && !in.at_end()) {
        const auto type = static_cast<section>(in.u16());
        const auto body_version = in.u16();
        byte_reader body(in.bytes(in.u32()));
        if (!in.ok() || body_version != section_version) continue;
        bool good = true;
        if (type == section::summary) {
            good = read_summary(body, footer);
            seen |= 1U;
        } else if (type == section::frames) {
            good = read_frames(body, footer.frames);
            seen |= 2U;
        }
        if (!good || !body.ok()) in.set_failed();
    }
    if (!in.ok() || seen != 3U) {
        return fail(errc::corrupt, "the footer's fields do not fit together");
    }
    return footer;
}

} // namespace

result<segment_footer> decode_segment_footer(std::span<const std::byte> bytes,
                                             std::uint64_t frames_end, file_cipher* cipher) {
    if (bytes.size() < head_size + checksum_size) {
        return fail(errc::corrupt, "the footer is too short");
    }
    const auto covered = bytes.first(bytes.size() - checksum_size);
    if (byte_reader(bytes.last(checksum_size)).u64() != checksum(covered)) {
        return fail(errc::corrupt, "the footer's checksum does not match");
    }
    byte_reader in(covered);
    const auto magic = in.u32();
    const auto version = in.u16();
    const auto flags = in.u16();
    if (magic != footer_magic) return fail(errc::corrupt, "there is no footer here");
    if (version != format_version || (flags & ~flag_encrypted) != 0) {
        return fail(errc::unsupported_version,
                    "the footer has format version " + std::to_string(version));
    }
    if ((flags != 0) != (cipher != nullptr)) {
        return fail(errc::tampered, flags != 0 ? "the footer is encrypted and the segment is not"
                                               : "the segment is encrypted and its footer is not");
    }
    auto sections = in.rest();
    std::vector<std::byte> plain;
    if (cipher != nullptr) {
        auto opened = cipher->open(authenticated(covered.first(head_size), frames_end), sections);
        if (!opened) return std::unexpected(std::move(opened.error()));
        plain = std::move(*opened);
        sections = plain;
    }
    auto footer = decode_sections(sections);
    if (footer) footer->frames_end = frames_end;
    return footer;
}

} // namespace understudy::relay
