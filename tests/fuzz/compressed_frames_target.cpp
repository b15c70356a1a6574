#include "protocol/wire/compression.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <vector>

namespace understudy::fuzz {

// What a server sends in the compressed protocol; the first byte chooses algorithm and pieces.
void feed_compressed_frames(std::span<const std::byte> input) {
    if (input.empty()) return;
    using namespace protocol;
    constexpr std::size_t plain_max = 1U << 20U; // a few bytes may stand for very many
    const bool is_zstd = (input.front() & std::byte{0x80}) != std::byte{0};
    const auto piece = 1 + std::to_integer<std::size_t>(input.front()) % 32;
    frame_reader reader(is_zstd ? compression::zstd : compression::zlib, 64);
    std::vector<std::byte> room(piece * 100);
    auto wire = input.subspan(1);
    for (std::size_t total = 0; total < plain_max;) {
        const auto count = reader.read(room);
        if (!count) return;
        total += *count;
        if (*count > 0) continue;
        if (wire.empty()) return;
        const auto space = reader.free_space();
        const auto taken = std::min({piece, space.size(), wire.size()});
        std::ranges::copy(wire.first(taken), space.begin());
        reader.commit(taken);
        wire = wire.subspan(taken);
    }
}

} // namespace understudy::fuzz
