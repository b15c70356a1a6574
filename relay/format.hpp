#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "relay/file_cipher.hpp"
#include "relay/key_ring.hpp"
#include "state/position.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::relay {

// The layout of a segment's parts: docs/relay-format.md. Pure: values in, bytes out, and back.
// Decoders give errc::torn when bytes end too early, errc::corrupt when they cannot be what was
// written, errc::unsupported_version when a newer version wrote them.

inline constexpr std::uint16_t format_version = 1;

inline constexpr std::size_t segment_prefix_size = 16; // tells the size of the header
inline constexpr std::uint32_t segment_header_size_max = 64U << 20U;

struct segment_header {
    std::uint64_t number = 0;
    std::uint64_t first_frame = 0; // number of the first frame
    protocol::uuid source;
    std::uint64_t created_us = 0; // since 1970
    state::source_position base;  // where the segment begins, and all that is before it
    std::vector<std::byte> format_description; // in force at the beginning; may be empty
};

// The purpose of a segment's file_cipher; null where one is taken: the segment is not encrypted.
inline constexpr std::string_view segment_purpose = "understudy segment";

[[nodiscard]] std::vector<std::byte> encode_segment_header(const segment_header& header,
                                                           file_cipher* cipher = nullptr);
// The size of the whole header from its first segment_prefix_size bytes.
[[nodiscard]] protocol::result<std::uint32_t>
decode_segment_prefix(std::span<const std::byte> bytes);
// What the segment of this header is encrypted with; nullopt: it is not. errc::bad_key.
[[nodiscard]] protocol::result<std::optional<file_cipher>>
open_segment_cipher(std::span<const std::byte> bytes, const key_ring& keys);
[[nodiscard]] protocol::result<segment_header>
decode_segment_header(std::span<const std::byte> bytes, file_cipher* cipher = nullptr);

enum class frame_kind : std::uint8_t {
    groups = 1, // whole groups, and events that belong to none
    piece = 2,  // a part of one group (or of one event outside groups) that is larger than a frame
    format = 3, // one FORMAT_DESCRIPTION event
};

enum class frame_codec : std::uint8_t { stored = 0, zstd = 1 };

namespace frame_flag {
inline constexpr std::uint16_t continues_group = 1; // the group began in an earlier frame
inline constexpr std::uint16_t group_goes_on = 2;   // … and ends in a later one
inline constexpr std::uint16_t continues_event = 4; // the first bytes belong to an earlier event
inline constexpr std::uint16_t event_goes_on = 8;   // the last event ends in a later frame
inline constexpr std::uint16_t artificial = 16;     // not part of the source's file
inline constexpr std::uint16_t known = 31;
} // namespace frame_flag

// The raw bytes of a frame are bytes [start_offset, end_offset) of the source's file, unless it is
// artificial: then they stand nowhere and both offsets are the same.
struct frame_header {
    std::uint32_t stored_size = 0;
    std::uint32_t raw_size = 0;
    frame_kind kind = frame_kind::groups;
    frame_codec codec = frame_codec::stored;
    std::uint16_t flags = 0;
    std::uint32_t event_count = 0; // events that begin here
    std::uint32_t group_count = 0; // groups that end here
    std::uint32_t first_event = 0; // raw offset of the first event that begins here; raw_size: none
    std::uint32_t time_min = 0;    // of the events that begin here, seconds since 1970
    std::uint32_t time_max = 0;
    std::uint64_t number = 0; // counts from 1 over all segments
    std::uint64_t start_offset = 0;
    std::uint64_t end_offset = 0;
    std::uint64_t durable_before = 0; // so much of the segment was fsynced when this was written
    std::string file;
    protocol::gtid_set gtids; // of the groups that end here

    [[nodiscard]] bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
    [[nodiscard]] protocol::binlog_position start() const { return {file, start_offset}; }
    [[nodiscard]] protocol::binlog_position end() const { return {file, end_offset}; }
};

inline constexpr std::size_t frame_prefix_size = 16; // tells the sizes of header and stored bytes
inline constexpr std::uint32_t frame_header_size_max = 64U << 20U;
inline constexpr std::uint32_t frame_raw_size_max = 64U << 20U;
inline constexpr std::uint32_t frame_magic = 0x4d524655; // "UFRM"

struct frame_sizes {
    std::uint32_t header = 0;
    std::uint32_t stored = 0;
    [[nodiscard]] std::uint64_t total() const { return std::uint64_t{header} + stored; }
};

// With the checksum over header and stored bytes at its end.
[[nodiscard]] std::vector<std::byte> encode_frame_header(const frame_header& header,
                                                         std::span<const std::byte> stored);
// The same, encrypted; the stored bytes go to `sealed`, which has their size.
[[nodiscard]] std::vector<std::byte> encrypt_frame(const frame_header& header,
                                                   std::span<const std::byte> stored,
                                                   std::span<std::byte> sealed,
                                                   file_cipher& cipher);
// A whole frame whose checksum matches, in its place. False: tampered with.
[[nodiscard]] bool decrypt_frame(std::span<std::byte> frame, file_cipher& cipher);
[[nodiscard]] protocol::result<frame_sizes> decode_frame_prefix(std::span<const std::byte> bytes);
// Fields only; the checksum is checked by frame_checksum_matches. An encrypted one after
// decrypt_frame.
[[nodiscard]] protocol::result<frame_header> decode_frame_header(std::span<const std::byte> bytes,
                                                                 bool is_encrypted = false);
[[nodiscard]] std::uint64_t frame_checksum(std::span<const std::byte> header_before_it,
                                           std::span<const std::byte> stored);
[[nodiscard]] bool frame_checksum_matches(std::span<const std::byte> header,
                                          std::span<const std::byte> stored);

[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> bytes);

} // namespace understudy::relay
