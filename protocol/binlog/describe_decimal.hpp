#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace understudy::protocol {

// NEWDECIMAL as text, exact: "-12.340" for scale 3. digits.size() must be what precision and scale
// ask for.
[[nodiscard]] std::string describe_decimal(std::span<const std::byte> digits, unsigned precision,
                                           unsigned scale);

} // namespace understudy::protocol
