#include "protocol/wire/packet_framing.hpp"

#include "protocol/wire/byte_writer.hpp"

#include <algorithm>

namespace understudy::protocol {

void append_packets(std::span<const std::byte> payload, std::uint8_t& sequence,
                    std::vector<std::byte>& out) {
    out.reserve(out.size() + payload.size() +
                packet_header_size * (payload.size() / packet_payload_max + 1));
    byte_writer writer(out);
    std::size_t size = 0;
    do {
        size = std::min(payload.size(), packet_payload_max);
        writer.u24(static_cast<std::uint32_t>(size));
        writer.u8(sequence++);
        writer.bytes(payload.first(size));
        payload = payload.subspan(size);
    } while (size == packet_payload_max);
}

} // namespace understudy::protocol
