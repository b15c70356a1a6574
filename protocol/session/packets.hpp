#pragma once

#include "protocol/result.hpp"
#include "protocol/session/result_set.hpp"

#include <cstddef>
#include <span>

namespace understudy::protocol {

// The packets that end things. What a packet is depends on where it stands: the first byte alone
// does not tell an OK from a row, so the state machines ask these in the right places.
inline constexpr std::byte ok_header{0x00};
inline constexpr std::byte local_infile_header{0xfb};
inline constexpr std::byte eof_header{0xfe};
inline constexpr std::byte error_header{0xff};

[[nodiscard]] inline bool is_error(std::span<const std::byte> payload) {
    return !payload.empty() && payload.front() == error_header;
}
// The classic end-of-rows packet, 5 bytes. A row cannot be mistaken for it: one that starts with
// 0xfe has a first value of 16 MB or more.
[[nodiscard]] inline bool is_eof(std::span<const std::byte> payload) {
    return !payload.empty() && payload.front() == eof_header && payload.size() < 9;
}

// With either header, 0x00 or 0xfe. The session state behind the text is not looked at.
[[nodiscard]] result<ok_packet> decode_ok(std::span<const std::byte> payload);
// Classic EOF as an ok_packet with its warnings and status.
[[nodiscard]] result<ok_packet> decode_eof(std::span<const std::byte> payload);

// The ERR packet as an error: errc::server_error, or malformed if it cannot be read. what is
// "error 1064 (42000): …".
[[nodiscard]] error decode_error(std::span<const std::byte> payload);

} // namespace understudy::protocol
