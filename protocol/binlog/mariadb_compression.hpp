#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace understudy::protocol {

// MariaDB's log_bin_compress: the text of a QUERY, or what stands behind the column bitmaps of a
// rows event, is one block
//
//   block := 80+n size{n, highest byte first} stream            n from 1 to 4
//
// (sql/log_event.cc, binlog_buf_compress). The stream is zlib's, or, with 88+n, deflate without
// zlib's head and tail. Columns declared COMPRESSED hold such blocks too (sql/field_comp.cc), or 00
// and the value as it is, or nothing for an empty value.

[[nodiscard]] bool is_mariadb_compressed(event_type type);

// The event as it would be without compression: another type, everything before the block as it
// was, no checksum. `into` is overwritten.
[[nodiscard]] result<void> uncompress_mariadb_event(std::vector<std::byte>& into,
                                                    const event_view& event,
                                                    const format_description& format);

// Puts the decompressed block behind what is in `into`. Declared sizes are believed up to what zlib
// can make of so few bytes, and up to `size_max`.
[[nodiscard]] result<void> append_uncompressed_block(std::vector<std::byte>& into,
                                                     std::span<const std::byte> block,
                                                     std::size_t size_max);

} // namespace understudy::protocol
