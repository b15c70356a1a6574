#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace understudy::protocol {

// Appends bytes that are equal for two texts of one collation exactly if the server takes the texts
// for equal, with or without trailing spaces as the collation has it. false, and nothing appended:
// it cannot be told, for other collations than the common ones that ignore case (general_ci,
// unicode_ci, unicode_520_ci, uca1400_ai_ci and 0900_ai_ci of utf8mb3 and utf8mb4, and those of
// single bytes, such as latin1_swedish_ci), and in unicode's also for characters whose weight
// depends on their neighbours. What characters are equal is generated from the servers themselves:
// scripts/collation_classes.py. Any thread.
[[nodiscard]] bool append_collation_key(std::string& out, std::uint16_t collation,
                                        std::span<const std::byte> text);

} // namespace understudy::protocol
