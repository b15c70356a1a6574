#pragma once

#include <cstdint>
#include <string_view>

namespace understudy::protocol {

// How the bytes of a character set become UTF-8.
enum class character_encoding : std::uint8_t {
    binary,      // no characters
    utf8,        // utf8mb3, utf8mb4 and ascii: as they are
    single_byte, // by the servers' tables (single_byte_text.hpp)
    swe7,
    iconv, // by the C library
};

struct character_set {
    std::string_view name; // as MySQL has known it longest: "utf8" for utf8mb3
    std::string_view iconv_name;
    character_encoding encoding = character_encoding::binary;
    // Bytes below 0x80 are ASCII characters, and no other character begins with one.
    bool is_ascii_compatible = true;
    std::uint8_t space_size = 1; // bytes of a space, big-endian but for utf16le
};

inline constexpr std::uint16_t binary_collation = 63;

// The character set that a collation number of MySQL or MariaDB belongs to (their numbers do not
// clash); nullptr: neither knows it. Lives for ever.
[[nodiscard]] const character_set* character_set_of(std::uint16_t collation);

// Two texts of the collation are equal exactly if their bytes are (after padding): *_bin and
// binary.
[[nodiscard]] bool is_binary_order(std::uint16_t collation);
// Of a collation of is_binary_order: trailing spaces do not count.
[[nodiscard]] bool pads_with_space(std::uint16_t collation);

} // namespace understudy::protocol
