#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace understudy::protocol {

inline constexpr std::size_t packet_header_size = 4;
// A payload of this size goes on in the next packet; an exact multiple ends with an empty one.
inline constexpr std::size_t packet_payload_max = 0xffffff;

// Appends `payload` as one or more packets to `out`. The first has number `sequence`; afterwards
// `sequence` is the number that comes next (numbers wrap after 255).
void append_packets(std::span<const std::byte> payload, std::uint8_t& sequence,
                    std::vector<std::byte>& out);

} // namespace understudy::protocol
