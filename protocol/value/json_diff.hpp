#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// Partial updates of JSON columns (PARTIAL_UPDATE_ROWS_EVENT, binlog_row_value_options =
// PARTIAL_JSON): the after image holds what changed instead of the document.

enum class json_diff_operation : std::uint8_t { replace = 0, insert = 1, remove = 2 };

struct json_diff {
    json_diff_operation operation = json_diff_operation::replace;
    std::string_view path;            // $.a[3]
    std::span<const std::byte> value; // binary JSON; empty for remove
};

// `diffs` is the value of a partial column without its length. Views over it.
[[nodiscard]] result<std::vector<json_diff>> decode_json_diffs(std::span<const std::byte> diffs);

// The binary document after the diffs were applied to `before` in their order. errc::malformed: a
// path leads nowhere or to what is there already, so the two do not belong together, or the bytes
// are damaged.
[[nodiscard]] result<std::vector<std::byte>> apply_json_diffs(std::span<const std::byte> before,
                                                              std::span<const json_diff> diffs);

} // namespace understudy::protocol
