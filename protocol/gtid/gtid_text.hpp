#pragma once

#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::protocol {

// The pieces that the texts of one GTID and of a GTID set have in common. Pure, used only by this
// folder.

// Numbers run from 1 to 2^63-2: the binary form writes the exclusive end, which must still be
// positive.
inline constexpr std::int64_t largest_gtid_number = INT64_MAX - 1;

[[nodiscard]] std::string_view without_blanks_around(std::string_view text);

// Digits only; nothing if it is no number from 1 to 2^63-2.
[[nodiscard]] std::optional<std::int64_t> parse_gtid_number(std::string_view text);

// [a-z_][a-z0-9_]{0,31}, upper case folded to lower; nothing if it is no tag.
[[nodiscard]] std::optional<std::string> parse_gtid_tag(std::string_view text);

// Cuts what is before the separator off the front of `rest`; all of it if there is none.
[[nodiscard]] std::string_view take_until(std::string_view& rest, char separator);

} // namespace understudy::protocol
