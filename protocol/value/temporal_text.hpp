#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace understudy::protocol {

// Dates and times as the server prints them, without quotes; zero and partial dates are legal.
// digits: fractional digits, 0 to 6. `value` has exactly the bytes that its type asks for.

void append_date(std::string& out, std::uint32_t packed);
void append_time(std::string& out, std::span<const std::byte> value, unsigned digits);
void append_datetime(std::string& out, std::span<const std::byte> value, unsigned digits);
// UTC; second 0 without a fraction is '0000-00-00 00:00:00', not 1970.
void append_timestamp(std::string& out, std::span<const std::byte> value, unsigned digits);

// Types of before 5.6.4: little-endian seconds, decimal hhmmss (24 bits, signed), yyyymmddhhmmss.
void append_old_timestamp(std::string& out, std::uint32_t seconds);
void append_old_time(std::string& out, std::uint32_t packed);
void append_old_datetime(std::string& out, std::uint64_t packed);

// As JSON documents hold them: 24 bits of microseconds below the parts of a TIME or a DATETIME.
void append_json_time(std::string& out, std::int64_t packed);
void append_json_date(std::string& out, std::int64_t packed);
void append_json_datetime(std::string& out, std::int64_t packed);

} // namespace understudy::protocol
