#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace understudy::protocol {

enum class checksum_algorithm : std::uint8_t { none = 0, crc32 = 1, undefined = 255 };

// FORMAT_DESCRIPTION event: how all following events of a binary log file are laid out.
struct format_description {
    std::uint16_t binlog_version = 4;
    std::string server_version;
    std::uint32_t created = 0;
    std::vector<std::uint8_t> post_header_lengths; // index 0 is event type 1
    checksum_algorithm checksum = checksum_algorithm::none;

    [[nodiscard]] bool has_checksum() const { return checksum == checksum_algorithm::crc32; }
    // 0 for types beyond the table. Not to be used for TRANSACTION_PAYLOAD: 9.x servers announce
    // 40, the truth is 0.
    [[nodiscard]] std::uint8_t post_header_length(event_type type) const;
    [[nodiscard]] bool is_mariadb() const;
};

// bytes: the whole event (an FDE is self-describing, it always carries 4 checksum bytes if the
// server knows checksums).
[[nodiscard]] result<format_description>
decode_format_description(std::span<const std::byte> bytes);

// An FDE for a server of the given version, checksums off, as a BINLOG statement wants it first in
// a session.
[[nodiscard]] std::vector<std::byte> encode_format_description(const std::string& server_version);

} // namespace understudy::protocol
