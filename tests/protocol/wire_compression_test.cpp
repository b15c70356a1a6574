#include "protocol/errc.hpp"
#include "protocol/wire/compression.hpp"
#include "tests/protocol/server_packets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace understudy::protocol {
namespace {

using test::bytes;

// Feeds frames in pieces of at most `piece` bytes and reads them in pieces of `taken`.
result<bytes> uncompressed(compression algorithm, const bytes& wire, std::size_t piece,
                           std::size_t taken, std::size_t capacity = 64) {
    frame_reader reader(algorithm, capacity);
    bytes found;
    bytes room(taken);
    for (std::size_t at = 0;;) {
        for (;;) {
            auto count = reader.read(room);
            if (!count) return std::unexpected(count.error());
            if (*count == 0) break;
            found.insert(found.end(), room.begin(),
                         room.begin() + static_cast<std::ptrdiff_t>(*count));
        }
        if (at == wire.size()) return found;
        const auto space = reader.free_space();
        EXPECT_FALSE(space.empty());
        const auto count = std::min({piece, space.size(), wire.size() - at});
        std::copy_n(wire.begin() + static_cast<std::ptrdiff_t>(at), count, space.begin());
        reader.commit(count);
        at += count;
    }
}

bytes text_of(std::size_t size, std::mt19937& random) {
    bytes made(size);
    std::ranges::generate(made, [&] { return static_cast<std::byte>('a' + random() % 7); });
    return made;
}

class wire_compression : public testing::TestWithParam<compression> {};

TEST_P(wire_compression, gives_back_what_was_sent_however_it_arrives) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    bytes sent;
    bytes wire;
    for (int i = 0; i < 60; ++i) {
        const auto part = text_of(random() % (i % 10 == 0 ? 20'000U : 200U), random);
        const auto frames = compress_packets(part, GetParam(), zstd_level_default);
        sent.insert(sent.end(), part.begin(), part.end());
        wire.insert(wire.end(), frames.begin(), frames.end());
    }
    EXPECT_LT(wire.size(), sent.size() * 3 / 4);
    for (const std::size_t piece : {1UL, 7UL, 1000UL, 1UL << 20U}) {
        for (const std::size_t taken : {1UL, 100UL, 1UL << 20U}) {
            const auto found = uncompressed(GetParam(), wire, piece, taken, 300);
            ASSERT_TRUE(found.has_value()) << found.error().what;
            EXPECT_TRUE(*found == sent) << piece << " " << taken;
        }
    }
}

TEST_P(wire_compression, cuts_what_is_longer_than_a_frame) {
    std::mt19937 random(1);
    const auto sent = text_of((16U << 20U) + 100, random);
    const auto wire = compress_packets(sent, GetParam(), 1);
    EXPECT_LT(wire.size(), sent.size() / 2);
    const auto found =
        uncompressed(GetParam(), wire, 1U << 20U, 1U << 20U, frame_reader::usual_capacity);
    ASSERT_TRUE(found.has_value()) << found.error().what;
    EXPECT_TRUE(*found == sent);
}

TEST_P(wire_compression, stores_short_and_incompressible_packets_as_they_are) {
    const auto packet = test::to_bytes("0123456789");
    auto expected = test::from_hex("0a000000000000");
    expected.insert(expected.end(), packet.begin(), packet.end());
    EXPECT_EQ(compress_packets(packet, GetParam(), 3), expected);

    std::mt19937 random(2);
    bytes noise(1000);
    std::ranges::generate(noise, [&] { return static_cast<std::byte>(random()); });
    EXPECT_EQ(compress_packets(noise, GetParam(), 3).size(), noise.size() + 7);
}

TEST_P(wire_compression, refuses_frames_that_lie_about_their_size) {
    std::mt19937 random(3);
    const auto good = compress_packets(text_of(1000, random), GetParam(), 3);
    const auto with = [&](std::size_t at, int change) {
        auto wire = good;
        wire[at] = static_cast<std::byte>(std::to_integer<int>(wire[at]) + change);
        // Enough behind it for a frame that is said to be longer.
        const auto more = compress_packets(text_of(100, random), GetParam(), 3);
        wire.insert(wire.end(), more.begin(), more.end());
        return uncompressed(GetParam(), wire, 1U << 20U, 1U << 20U, 4096);
    };
    for (const auto& [at, change] :
         std::initializer_list<std::pair<std::size_t, int>>{{0, 1}, {0, -1}, {4, 1}, {4, -1}}) {
        const auto found = with(at, change);
        ASSERT_FALSE(found.has_value()) << at << " " << change;
        EXPECT_EQ(found.error().code, make_error_code(errc::malformed));
    }
    EXPECT_FALSE(uncompressed(GetParam(), test::from_hex("00000000010000"), 100, 100).has_value());
    // Claims 16 MB and gives a few bytes: nothing is allocated for the claim.
    EXPECT_FALSE(
        uncompressed(GetParam(), test::from_hex("08000000ffffff789c030000000001"), 100, 1U << 25U)
            .has_value());
}

TEST_P(wire_compression, survives_any_flipped_byte) {
    std::mt19937 random(4);
    const auto good = compress_packets(text_of(300, random), GetParam(), 3);
    for (std::size_t at = 0; at < good.size(); ++at) {
        auto wire = good;
        wire[at] ^= std::byte{0xff};
        const auto found = uncompressed(GetParam(), wire, 1U << 20U, 100, 4096);
        if (found) EXPECT_LE(found->size(), 300U);
    }
}

INSTANTIATE_TEST_SUITE_P(by, wire_compression,
                         testing::Values(compression::zlib, compression::zstd),
                         [](const auto& info) { return std::string(to_string(info.param)); });

} // namespace
} // namespace understudy::protocol
