#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// MySQL 8.0 reads numbers in JSON text without RapidJSON's full precision (its bug 116160), 9.7
// with it: the last digits of a DOUBLE may change. True for a number whose text gives the same
// DOUBLE everywhere: its digits are an integer that a DOUBLE holds and the power of ten is one too,
// so that one operation is left, which rounds right. True for every integer.
[[nodiscard]] bool is_parsed_exactly(std::string_view json_number);

// What a server makes of integers in JSON text: UNSIGNED INTEGER from here on, else INTEGER.
inline constexpr std::uint64_t first_unsigned_in_json_text = std::uint64_t{1} << 32U;

// An SQL expression of MySQL 5.7 and newer whose value is this binary JSON document: CAST of its
// text, or, where text would change a type (DECIMAL, dates and times, some integers) or a DOUBLE,
// built with JSON_OBJECT and JSON_ARRAY. errc::unsupported for documents with bytes of other types,
// which SQL cannot build from constants; errc::malformed for bytes that are no document. After an
// error nothing usable was appended.
[[nodiscard]] result<void> append_json_expression(std::string& out,
                                                  std::span<const std::byte> document);

} // namespace understudy::protocol
