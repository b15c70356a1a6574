#pragma once

#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <cstddef>
#include <span>

namespace understudy::protocol {

// The parts of a TABLE_MAP after its names. Called by decode_table_map only.

// Fills type and metadata of map.columns: `types` has one byte per column, `metadata` what the
// types need.
[[nodiscard]] result<void> read_column_types(table_map& map, std::span<const std::byte> types,
                                             std::span<const std::byte> metadata);

// Signedness, column names and primary key from the optional fields; those of other kinds are
// skipped by their length.
[[nodiscard]] result<void> read_optional_metadata(table_map& map, byte_reader& in);

} // namespace understudy::protocol
