#include "protocol/errc.hpp"
#include "protocol/wire/packet_buffer.hpp"
#include "protocol/wire/packet_framing.hpp"
#include "tests/protocol/server_packets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace understudy::protocol {
namespace {

using test::bytes;

// Feeds `wire` in pieces of at most `piece` bytes and collects what comes out.
result<std::vector<bytes>> receive(packet_buffer& buffer, const bytes& wire, std::size_t piece) {
    std::vector<bytes> found;
    for (std::size_t at = 0; at < wire.size();) {
        const auto room = buffer.free_space();
        const auto count = std::min({piece, room.size(), wire.size() - at});
        std::copy_n(wire.begin() + static_cast<std::ptrdiff_t>(at), count, room.begin());
        buffer.commit(count);
        at += count;
        for (;;) {
            auto packet = buffer.next();
            if (!packet) return std::unexpected(packet.error());
            if (!*packet) break;
            found.emplace_back((*packet)->payload.begin(), (*packet)->payload.end());
        }
    }
    return found;
}

TEST(packet_buffer, finds_packets_however_the_bytes_arrive) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::vector<bytes> sent;
    bytes wire;
    for (int i = 0; i < 300; ++i) {
        bytes payload(random() % (i % 50 == 0 ? 5000U : 200U));
        std::ranges::generate(payload, [&] { return static_cast<std::byte>(random()); });
        std::uint8_t sequence = 7;
        append_packets(payload, sequence, wire);
        sent.push_back(std::move(payload));
    }
    for (const std::size_t piece : {1UL, 3UL, 64UL, 1000UL, 1UL << 20U}) {
        packet_buffer buffer(1U << 20U, 256);
        const auto found = receive(buffer, wire, piece);
        ASSERT_TRUE(found.has_value()) << found.error().what;
        EXPECT_EQ(*found, sent) << "pieces of " << piece;
        EXPECT_TRUE(buffer.empty());
    }
}

TEST(packet_buffer, joins_packets_of_16_mb_and_more_and_shrinks_afterwards) {
    for (const std::size_t size :
         {packet_payload_max - 1, packet_payload_max, packet_payload_max + 1,
          2 * packet_payload_max, 2 * packet_payload_max + 77}) {
        SCOPED_TRACE(size);
        bytes payload(size);
        for (std::size_t i = 0; i < size; i += 4096)
            payload[i] = static_cast<std::byte>(i >> 12U);
        payload.back() = std::byte{0xaa};
        bytes wire;
        std::uint8_t sequence = 254;
        append_packets(test::to_bytes("before"), sequence, wire);
        append_packets(payload, sequence, wire);
        append_packets(test::to_bytes("after"), sequence, wire);

        packet_buffer buffer(64U << 20U);
        const auto found = receive(buffer, wire, 1U << 20U);
        ASSERT_TRUE(found.has_value()) << found.error().what;
        ASSERT_EQ(found->size(), 3U);
        EXPECT_TRUE(found->at(1) == payload);
        EXPECT_EQ(found->at(2), test::to_bytes("after"));
        static_cast<void>(buffer.free_space());
        EXPECT_EQ(buffer.capacity(), packet_buffer::usual_capacity);
    }
}

TEST(packet_buffer, tells_the_first_and_the_last_number_of_a_joined_packet) {
    bytes wire;
    std::uint8_t sequence = 255;
    append_packets(bytes(packet_payload_max), sequence, wire);
    packet_buffer buffer(64U << 20U, wire.size() + 1);
    std::ranges::copy(wire, buffer.free_space().begin());
    buffer.commit(wire.size());
    const auto packet = buffer.next();
    ASSERT_TRUE(packet && *packet);
    EXPECT_EQ((*packet)->first_sequence, 255);
    EXPECT_EQ((*packet)->last_sequence, 0);
}

TEST(packet_buffer, refuses_parts_of_a_packet_out_of_order) {
    bytes wire;
    std::uint8_t sequence = 0;
    append_packets(bytes(packet_payload_max), sequence, wire);
    wire[packet_header_size + packet_payload_max + 3] = std::byte{9};
    packet_buffer buffer(64U << 20U);
    const auto found = receive(buffer, wire, wire.size());
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, make_error_code(errc::malformed));
}

TEST(packet_buffer, refuses_a_packet_over_the_limit_from_its_header) {
    packet_buffer buffer(1000);
    const auto found = receive(buffer, test::from_hex("e9030000"), 4);
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, make_error_code(errc::limit_exceeded));
}

} // namespace
} // namespace understudy::protocol
