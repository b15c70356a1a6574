#pragma once

#include "protocol/result.hpp"
#include "state/status_board.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace understudy::state {

// A status as it was at one moment: what status.json holds.
struct recorded_status {
    status value;
    std::chrono::system_clock::time_point written;
};

// The status as one JSON object; docs/operations.md lists its fields. Times are RFC 3339 in UTC,
// with milliseconds. Bytes that are no UTF-8 (names in an old source's tables) become U+FFFD.
[[nodiscard]] std::string to_json(const recorded_status& what);

// errc::damaged if the text is not what to_json writes. Unknown fields are ignored: a newer version
// may have written it.
[[nodiscard]] protocol::result<recorded_status> parse_status_json(std::string_view text);

} // namespace understudy::state
