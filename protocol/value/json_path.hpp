#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// A step of a JSON path: a member's name or an element's number.
struct json_path_leg {
    bool is_index = false;
    std::uint32_t index = 0;
    std::string name; // UTF-8, escapes resolved
};

// A path to one value as the server writes it into partial updates: $.a[3]."two words". Not more
// than 100 steps; no wildcards.
[[nodiscard]] std::optional<std::vector<json_path_leg>> parse_json_path(std::string_view text);

} // namespace understudy::protocol
