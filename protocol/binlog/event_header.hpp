#pragma once

#include "protocol/binlog/event_type.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace understudy::protocol {

namespace event_flag {
inline constexpr std::uint16_t binlog_in_use = 0x01;
inline constexpr std::uint16_t thread_specific = 0x04;
inline constexpr std::uint16_t suppress_use = 0x08;
inline constexpr std::uint16_t artificial = 0x20;
inline constexpr std::uint16_t relay_log = 0x40;
inline constexpr std::uint16_t ignorable = 0x80;
} // namespace event_flag

inline constexpr std::size_t event_header_size = 19;
inline constexpr std::size_t event_checksum_size = 4;

struct event_header {
    std::uint32_t timestamp = 0; // seconds since 1970, when the statement began on the source
    event_type type = event_type::unknown;
    std::uint32_t server_id = 0;
    std::uint32_t length = 0;      // whole event: header, body, checksum
    std::uint32_t end_log_pos = 0; // modulo 2^32
    std::uint16_t flags = 0;

    [[nodiscard]] bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
};

// bytes must hold at least the 19 bytes of the header; the rest is not looked at.
[[nodiscard]] result<event_header> decode_event_header(std::span<const std::byte> bytes);

// One event over the caller's buffer: `bytes` is the whole event, `body` what is between header and
// checksum. Views live as long as that buffer.
struct event_view {
    event_header header;
    std::span<const std::byte> bytes;
    std::span<const std::byte> body;
};

// Splits an event; bytes.size() must equal the header's length. has_checksum as the format
// description says (format descriptions of checksum-aware servers always have one).
[[nodiscard]] result<event_view> decode_event(std::span<const std::byte> bytes, bool has_checksum);

// CRC32 over the event; the IN_USE flag of a format description counts as cleared, as on the
// server.
[[nodiscard]] bool checksum_matches(std::span<const std::byte> bytes);
// For an event that is not a format description: of its bytes without a checksum.
[[nodiscard]] std::uint32_t checksum_of(std::span<const std::byte> bytes);

} // namespace understudy::protocol
