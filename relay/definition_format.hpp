#pragma once

#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "relay/file_cipher.hpp"
#include "relay/table_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace understudy::relay {

// The layout of the file of definitions: docs/relay-format.md. Pure. Decoders give errc::torn when
// the bytes end too early, errc::corrupt when they cannot be what was written.

inline constexpr std::size_t definitions_prefix_size = 16; // tells the size of the header
inline constexpr std::uint32_t definitions_header_size_max = 4'096;

struct definitions_header {
    protocol::uuid source;
    std::optional<file_cipher::description> encryption;
};

[[nodiscard]] std::vector<std::byte> encode_definitions_header(const definitions_header& header);
[[nodiscard]] protocol::result<std::uint32_t>
decode_definitions_prefix(std::span<const std::byte> bytes);
[[nodiscard]] protocol::result<definitions_header>
decode_definitions_header(std::span<const std::byte> bytes);

// A record as it stands in the file: its number, then what is encrypted if the file is.
inline constexpr std::size_t record_prefix_size = 16;
inline constexpr std::uint32_t record_size_max = 64U << 20U;
inline constexpr std::uint32_t record_magic = 0x46454455; // "UDEF"

[[nodiscard]] std::vector<std::byte> encode_record(const definition_record& record,
                                                   std::uint64_t number, file_cipher* cipher);
// The size of the whole record from its first record_prefix_size bytes.
[[nodiscard]] protocol::result<std::uint32_t>
decode_record_prefix(std::span<const std::byte> bytes);
struct numbered_record {
    std::uint64_t number = 0;
    definition_record record;
};
[[nodiscard]] protocol::result<numbered_record> decode_record(std::span<const std::byte> bytes,
                                                              file_cipher* cipher);
// The checksum alone, for which no key is needed.
[[nodiscard]] bool record_checksum_matches(std::span<const std::byte> bytes);

// Of what a record says, without the position: the same for the same definition.
[[nodiscard]] std::uint64_t content_hash(const definition_record& record);

} // namespace understudy::relay
