#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// The compressed protocol (manual: "Compression"). From the end of the sign-in on, packets travel
// inside of frames: length of the content (3 bytes), number (1), length of the content uncompressed
// (3; 0: it is not compressed), content. Packets and frames begin and end independently.
enum class compression : std::uint8_t { none, zlib, zstd };

[[nodiscard]] std::string_view to_string(compression algorithm);
[[nodiscard]] std::optional<compression> parse_compression(std::string_view text);

inline constexpr int zstd_level_default = 3; // as the mysql client
inline constexpr int zstd_level_max = 22;

// Packets, ready for the wire, as frames numbered from 0.
[[nodiscard]] std::vector<std::byte> compress_packets(std::span<const std::byte> packets,
                                                      compression algorithm, int zstd_level);

// The way back: receive into free_space(), commit(), then read() until it gives nothing. Holds one
// buffer of received bytes and the algorithm's window, whatever sizes the frames claim to have.
// Frame numbers are not looked at: after a flush a server continues packets with the frames'
// numbers (sql-common/net_serv.cc), and counts anew after each acknowledgement. One connection, its
// thread.
class frame_reader {
public:
    static constexpr std::size_t usual_capacity = 256U << 10U;

    explicit frame_reader(compression algorithm, std::size_t capacity = usual_capacity);
    ~frame_reader();
    frame_reader(const frame_reader&) = delete;
    frame_reader& operator=(const frame_reader&) = delete;

    // Never empty after read() gave 0.
    [[nodiscard]] std::span<std::byte> free_space();
    void commit(std::size_t count);
    // Uncompressed bytes; 0: more has to be received. errc::malformed ends the conversation.
    [[nodiscard]] result<std::size_t> read(std::span<std::byte> into);

private:
    class codec;
    class zlib_codec;
    class zstd_codec;

    [[nodiscard]] bool begin_frame();
    [[nodiscard]] result<std::size_t> read_content(std::span<std::byte> into);

    std::unique_ptr<codec> codec_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0; // buffer_[begin_, end_) is received and not read
    std::size_t end_ = 0;
    bool in_frame_ = false;
    bool compressed_ = false;
    std::size_t content_left_ = 0; // of the frame under way, as it was sent
    std::size_t plain_left_ = 0;   // … uncompressed
};

} // namespace understudy::protocol
