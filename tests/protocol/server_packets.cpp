#include "tests/protocol/server_packets.hpp"

#include "protocol/wire/byte_writer.hpp"
#include "protocol/wire/packet_framing.hpp"

#include <charconv>
#include <span>

namespace understudy::test {

using protocol::byte_writer;

bytes to_bytes(std::string_view text) {
    bytes out;
    byte_writer(out).text(text);
    return out;
}

bytes from_hex(std::string_view hex) {
    bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
        out.push_back(static_cast<std::byte>(value));
    }
    return out;
}

bytes greeting_payload(const greeting_request& request) {
    bytes out;
    byte_writer writer(out);
    writer.u8(10);
    writer.nul_text(request.version);
    writer.u32(42);
    writer.text(std::string_view(request.nonce).substr(0, 8));
    writer.u8(0);
    writer.u16(static_cast<std::uint16_t>(request.capabilities & 0xffff));
    writer.u8(255);
    writer.u16(2);
    writer.u16(static_cast<std::uint16_t>(request.capabilities >> 16 & 0xffff));
    writer.u8(21);
    writer.zeros(10);
    writer.nul_text(std::string_view(request.nonce).substr(8));
    writer.text(request.plugin);
    if (request.ends_with_nul) writer.u8(0);
    return out;
}

bytes ok_payload(std::uint8_t header) {
    bytes out;
    byte_writer writer(out);
    writer.u8(header);
    writer.lenenc(3);
    writer.lenenc(300);
    writer.u16(2);
    writer.u16(1);
    return out;
}

bytes eof_payload() {
    return from_hex("fe01000200");
}

bytes error_payload(std::uint16_t number, std::string_view message, std::string_view sqlstate) {
    bytes out;
    byte_writer writer(out);
    writer.u8(0xff);
    writer.u16(number);
    if (!sqlstate.empty()) {
        writer.text("#");
        writer.text(sqlstate);
    }
    writer.text(message);
    return out;
}

bytes auth_switch_payload(std::string_view plugin, std::string_view nonce) {
    bytes out;
    byte_writer writer(out);
    writer.u8(0xfe);
    writer.nul_text(plugin);
    writer.nul_text(nonce);
    return out;
}

bytes column_payload(std::string_view name) {
    bytes out;
    byte_writer writer(out);
    for (const auto* text : {"def", "shop", "orders", "orders_"})
        writer.lenenc_text(text);
    writer.lenenc_text(name);
    writer.lenenc_text(name);
    writer.u8(12);
    writer.u16(45);
    writer.u32(400);
    writer.u8(253);
    writer.u16(0x1001);
    writer.u8(31);
    writer.zeros(2);
    return out;
}

bytes row_payload(const std::vector<std::optional<std::string>>& fields) {
    bytes out;
    byte_writer writer(out);
    for (const auto& field : fields) {
        if (field) {
            writer.lenenc_text(*field);
        } else {
            writer.u8(0xfb);
        }
    }
    return out;
}

bytes frame(const bytes& payload, std::uint8_t sequence) {
    bytes out;
    protocol::append_packets(payload, sequence, out);
    return out;
}

} // namespace understudy::test
