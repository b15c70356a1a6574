#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace understudy::protocol {

// Appends a comparable form of the given columns of an image: equal keys give equal bytes,
// different columns cannot run into each other, NULL differs from every value. Byte-exact: 'A' and
// 'a' differ although a collation may say they are equal, so users that must not separate
// collation-equal keys ask the collation as well. false if one of the columns is absent from the
// image (then nothing usable was appended).
[[nodiscard]] bool append_row_key(std::string& out, const table_map& map, const row_image& image,
                                  std::span<const std::uint32_t> columns);

} // namespace understudy::protocol
