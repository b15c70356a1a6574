#pragma once

#include "protocol/binlog/table_map.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace understudy::protocol {

// Bytes of k decimal digits (0 to 9) in NEWDECIMAL (decimal.cc of the server: dig2bytes).
inline constexpr std::array<std::uint8_t, 10> decimal_digit_bytes = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

[[nodiscard]] constexpr std::size_t decimal_digits_size(unsigned digits) {
    return digits / 9 * 4 + decimal_digit_bytes[digits % 9];
}

[[nodiscard]] constexpr std::size_t fraction_size(unsigned fraction_digits) {
    return (fraction_digits + 1) / 2;
}

// Bytes of the length before a VARCHAR, CHAR or BINARY value.
[[nodiscard]] constexpr std::size_t string_prefix_size(unsigned bytes_max) {
    return bytes_max < 256 ? 1 : 2;
}

inline constexpr std::size_t value_does_not_fit = std::numeric_limits<std::size_t>::max();

// A length of prefix_size bytes, then as many bytes; the prefix counts.
[[nodiscard]] inline std::size_t prefixed_size(std::size_t prefix_size,
                                               std::span<const std::byte> bytes) {
    if (prefix_size > bytes.size()) {
        return value_does_not_fit;
    }
    std::size_t length = 0;
    for (std::size_t i = 0; i < prefix_size; ++i) {
        length |= std::to_integer<std::size_t>(bytes[i]) << (8 * i);
    }
    return prefix_size + length;
}

// The inner loop of row_reader: how many bytes the value at the start of `bytes` takes. May be more
// than there are; value_does_not_fit if not even the length can be read, or for types that cannot
// be read.
[[nodiscard]] inline std::size_t value_size(const table_map_column& column,
                                            std::span<const std::byte> bytes) {
    const unsigned meta = column.metadata;
    switch (column.type) {
    case column_type::null: return 0;
    case column_type::tiny:
    case column_type::year: return 1;
    case column_type::short_: return 2;
    case column_type::int24:
    case column_type::date:
    case column_type::newdate:
    case column_type::time: return 3;
    case column_type::long_:
    case column_type::float_:
    case column_type::timestamp: return 4;
    case column_type::longlong:
    case column_type::double_:
    case column_type::datetime: return 8;
    case column_type::timestamp2: return 4 + fraction_size(meta);
    case column_type::datetime2: return 5 + fraction_size(meta);
    case column_type::time2: return 3 + fraction_size(meta);
    case column_type::newdecimal: {
        const unsigned scale = meta & 0xff;
        const unsigned integer_digits = (meta >> 8) - scale;
        return decimal_digits_size(integer_digits) + decimal_digits_size(scale);
    }
    case column_type::bit: return (meta + 7) / 8;
    case column_type::enum_:
    case column_type::set: return meta;
    case column_type::varchar:
    case column_type::var_string:
    case column_type::string:
    case column_type::mariadb_varchar_compressed:
        return prefixed_size(string_prefix_size(meta), bytes);
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::geometry:
    case column_type::json:
    case column_type::vector:
    case column_type::mariadb_blob_compressed: return prefixed_size(meta, bytes);
    case column_type::typed_array: return value_does_not_fit;
    }
    return value_does_not_fit;
}

} // namespace understudy::protocol
