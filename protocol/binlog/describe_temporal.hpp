#pragma once

#include "protocol/wire/byte_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace understudy::protocol {

// Dates and times as MySQL prints them, in quotes; zero and partial dates are legal. Parts of
// describe_value. digits: fractional digits, 0 to 6.

// Reads the bytes of a fraction and gives microseconds.
[[nodiscard]] std::uint32_t read_fraction(byte_reader& in, unsigned digits);

[[nodiscard]] std::string describe_date(std::uint32_t packed);
[[nodiscard]] std::string describe_time(std::span<const std::byte> value, unsigned digits);
[[nodiscard]] std::string describe_datetime(std::span<const std::byte> value, unsigned digits);
// UTC; second 0 is '0000-00-00 00:00:00', not 1970.
[[nodiscard]] std::string describe_timestamp(std::uint32_t seconds, std::uint32_t microseconds,
                                             unsigned digits);

// Types of before 5.6.4: decimal hhmmss (24 bits, signed) and yyyymmddhhmmss.
[[nodiscard]] std::string describe_old_time(std::uint32_t packed);
[[nodiscard]] std::string describe_old_datetime(std::uint64_t packed);

} // namespace understudy::protocol
