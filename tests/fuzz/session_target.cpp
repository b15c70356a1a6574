#include "protocol/session/handshake.hpp"
#include "protocol/session/query_response.hpp"
#include "protocol/wire/packet_buffer.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>

namespace understudy::fuzz {

namespace {

using namespace protocol;

constexpr std::size_t payload_max = 1U << 20U;

// Pieces of a size that the input chooses, so that packets are cut everywhere.
template<class Packet>
void for_each_packet(std::span<const std::byte> wire, std::size_t piece, Packet&& packet) {
    packet_buffer buffer(payload_max, 64);
    while (!wire.empty()) {
        const auto room = buffer.free_space();
        const auto count = std::min({piece, room.size(), wire.size()});
        std::ranges::copy(wire.first(count), room.begin());
        buffer.commit(count);
        wire = wire.subspan(count);
        for (;;) {
            const auto next = buffer.next();
            if (!next) return;
            if (!*next) break;
            if (!packet(**next)) return;
        }
    }
}

std::size_t piece_of(std::span<const std::byte> input) {
    return 1 + std::to_integer<std::size_t>(input.front()) % 32;
}

} // namespace

// A server's side of the connection phase; the first byte chooses pieces, the mode of TLS too.
void feed_handshake(std::span<const std::byte> input) {
    if (input.empty()) return;
    connect_options options;
    options.host = "db.example";
    options.user = "repl";
    options.password = secret("password");
    options.tls.mode = (input.front() & std::byte{0x80}) == std::byte{0} ? tls_mode::disabled
                                                                         : tls_mode::preferred;
    handshake machine(options);
    for_each_packet(input.subspan(1), piece_of(input), [&](const packet_buffer::packet& packet) {
        auto action = machine.on_packet(packet.payload, packet.first_sequence);
        if (action == handshake::action::write_then_tls) action = machine.on_tls("TLSv1.3");
        return action && *action != handshake::action::done;
    });
}

// A server's answer to a query, with and without CLIENT_DEPRECATE_EOF.
void feed_query_response(std::span<const std::byte> input) {
    if (input.empty()) return;
    query_response response((input.front() & std::byte{0x80}) != std::byte{0});
    text_row row;
    for_each_packet(input.subspan(1), piece_of(input), [&](const packet_buffer::packet& packet) {
        const auto part = response.feed(packet.payload);
        if (!part) return false;
        if (*part == query_response::part::row) {
            return decode_text_row(packet.payload, response.columns().size(), row).has_value();
        }
        return *part != query_response::part::done;
    });
}

} // namespace understudy::fuzz
