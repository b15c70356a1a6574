#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace understudy::protocol {

// A NEWDECIMAL value as the server prints it: all fractional digits, no leading zeros. digits has
// exactly the bytes that precision and scale ask for, and precision is at most 65.
void append_decimal(std::string& out, std::span<const std::byte> digits, unsigned precision,
                    unsigned scale);

} // namespace understudy::protocol
