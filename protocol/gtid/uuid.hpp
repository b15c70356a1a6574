#pragma once

#include "protocol/result.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::protocol {

// A server UUID (the "source id" of a GTID): 16 bytes, ordered as bytes.
struct uuid {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const uuid&) const = default;

    // Accepts upper and lower case, with or without dashes, optional braces.
    [[nodiscard]] static result<uuid> parse(std::string_view text);
    // Lower case with dashes, as the server prints it.
    [[nodiscard]] std::string to_string() const;
};

} // namespace understudy::protocol
