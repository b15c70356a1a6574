#pragma once

#include "protocol/result.hpp"
#include "relay/format.hpp"
#include "state/position.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace understudy::relay {

// Where a frame stands in its segment.
struct frame_entry {
    std::uint64_t offset = 0;
    std::uint32_t header_size = 0;
    frame_header header;
    [[nodiscard]] std::uint64_t next_offset() const {
        return offset + header_size + header.stored_size;
    }
};

// What a sealed segment says of itself at its end, so that it need not be read through.
struct segment_footer {
    std::uint64_t sealed_us = 0;  // since 1970
    std::uint64_t frames_end = 0; // where the footer begins
    state::source_position end;   // of its last frame, with everything up to there
    std::uint64_t raw_bytes = 0;
    std::vector<frame_entry> frames;
};

// Footer and trailer as they are appended at frames_end.
[[nodiscard]] std::vector<std::byte> encode_segment_footer(const segment_footer& footer,
                                                           file_cipher* cipher = nullptr);

inline constexpr std::size_t segment_trailer_size = 24;
// The trailer gives the place and size of the footer; errc::torn: these bytes are no trailer.
struct footer_place {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
};
[[nodiscard]] protocol::result<footer_place>
decode_segment_trailer(std::span<const std::byte> bytes, std::uint64_t file_size);
[[nodiscard]] protocol::result<segment_footer>
decode_segment_footer(std::span<const std::byte> bytes, std::uint64_t frames_end,
                      file_cipher* cipher = nullptr);

inline constexpr std::uint32_t footer_magic = 0x4f4f4655;  // "UFOO"
inline constexpr std::uint32_t trailer_magic = 0x444e4555; // "UEND"

} // namespace understudy::relay
