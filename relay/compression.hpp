#pragma once

#include "protocol/result.hpp"
#include "relay/format.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace understudy::relay {

// Turns raw bytes and what is known of them into a frame as it stands in a segment. Each frame is
// compressed by itself, so that any of them can be read alone. Keeps its zstd context and its
// buffer: one per writing thread.
class frame_encoder {
public:
    explicit frame_encoder(int zstd_level);

    // Fills in the header's sizes and codec (bytes that zstd cannot shrink are stored as they are).
    struct encoded {
        std::vector<std::byte> header;
        std::span<const std::byte> stored; // until the next call
    };
    // Encrypted if there is a cipher.
    [[nodiscard]] encoded encode(frame_header& header, std::span<const std::byte> raw,
                                 file_cipher* cipher = nullptr);

private:
    struct release {
        void operator()(ZSTD_CCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_CCtx_s, release> context_;
    int level_;
    std::vector<std::byte> stored_;
    std::vector<std::byte> sealed_;
};

// The way back. One per reading thread.
class frame_decoder {
public:
    frame_decoder();

    // raw.size() must be header.raw_size. The stored bytes' checksum must have been checked.
    [[nodiscard]] protocol::result<void>
    decode(const frame_header& header, std::span<const std::byte> stored, std::span<std::byte> raw);

private:
    struct release {
        void operator()(ZSTD_DCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_DCtx_s, release> context_;
};

} // namespace understudy::relay
