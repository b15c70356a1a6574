#include "relay/compression.hpp"

#include "protocol/assert.hpp"
#include "relay/errc.hpp"

#include <cstring>
#include <new>
#include <string>
#include <zstd.h>

namespace understudy::relay {

void frame_encoder::release::operator()(ZSTD_CCtx_s* context) const {
    ZSTD_freeCCtx(context);
}
void frame_decoder::release::operator()(ZSTD_DCtx_s* context) const {
    ZSTD_freeDCtx(context);
}

frame_encoder::frame_encoder(int zstd_level) : context_(ZSTD_createCCtx()), level_(zstd_level) {
    if (!context_) throw std::bad_alloc();
}

frame_encoder::encoded frame_encoder::encode(frame_header& header, std::span<const std::byte> raw,
                                             file_cipher* cipher) {
    if (const auto bound = ZSTD_compressBound(raw.size()); stored_.size() < bound) {
        stored_.resize(bound);
    }
    const auto size = ZSTD_compressCCtx(context_.get(), stored_.data(), stored_.size(), raw.data(),
                                        raw.size(), level_);
    UNDERSTUDY_ASSERT(ZSTD_isError(size) == 0U); // the buffer is large enough for any input
    header.raw_size = static_cast<std::uint32_t>(raw.size());
    std::span<const std::byte> stored(stored_.data(), size);
    header.codec = frame_codec::zstd;
    if (size >= raw.size()) {
        header.codec = frame_codec::stored;
        stored = raw;
    }
    header.stored_size = static_cast<std::uint32_t>(stored.size());
    if (cipher == nullptr) return {encode_frame_header(header, stored), stored};
    if (sealed_.size() < stored.size()) sealed_.resize(stored.size());
    const auto sealed = std::span(sealed_).first(stored.size());
    return {encrypt_frame(header, stored, sealed, *cipher), sealed};
}

frame_decoder::frame_decoder() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
}

protocol::result<void> frame_decoder::decode(const frame_header& header,
                                             std::span<const std::byte> stored,
                                             std::span<std::byte> raw) {
    UNDERSTUDY_ASSERT(raw.size() == header.raw_size);
    if (header.codec == frame_codec::stored) {
        if (stored.size() != raw.size()) {
            return protocol::fail(errc::corrupt, "the frame has another size than it says");
        }
        if (!raw.empty()) std::memcpy(raw.data(), stored.data(), raw.size());
        return {};
    }
    const auto size =
        ZSTD_decompressDCtx(context_.get(), raw.data(), raw.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0U || size != raw.size()) {
        return protocol::fail(errc::corrupt,
                              std::string("the frame cannot be decompressed: ") +
                                  (ZSTD_isError(size) != 0U ? ZSTD_getErrorName(size)
                                                            : "it has another size than it says"));
    }
    return {};
}

} // namespace understudy::relay
