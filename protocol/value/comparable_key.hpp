#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/value/column_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace understudy::protocol {

// Appends bytes that are equal for two values of a column exactly if a unique index of the server
// takes them for equal: numbers, dates and times, ENUM, SET and BIT, bytes, and text of the *_bin
// and the common case-insensitive collations (collation_key.hpp; without trailing spaces where the
// collation pads). false, and nothing appended: it cannot be told, as for every other collation and
// text of an unknown one, for characters that collation_key does not know, for a primary key's
// prefix of text, and for JSON, GEOMETRY, VECTOR and compressed columns. Such rows must be taken
// for equal by whoever may not separate equal ones.
[[nodiscard]] bool append_comparable_value(std::string& out, const column_definition& column,
                                           std::span<const std::byte> value);

// The same of the given columns of an image, one after the other; values cannot run into each
// other and NULL differs from all. Two keys with a NULL are equal here although a UNIQUE index lets
// both in. false also if a column is absent from the image or holds a partial JSON update.
[[nodiscard]] bool append_comparable_key(std::string& out,
                                         std::span<const column_definition> columns,
                                         const row_image& image,
                                         std::span<const std::uint32_t> key);

} // namespace understudy::protocol
