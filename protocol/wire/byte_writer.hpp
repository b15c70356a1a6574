#pragma once

#include "protocol/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// Appends MySQL's encodings to the caller's buffer, which must outlive the writer.
class byte_writer {
public:
    explicit byte_writer(std::vector<std::byte>& out) : out_(out) {}

    [[nodiscard]] std::size_t size() const { return out_.size(); }

    void little_endian(std::uint64_t value, std::size_t width) {
        for (std::size_t i = 0; i < width; ++i) {
            out_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
        }
    }
    void big_endian(std::uint64_t value, std::size_t width) {
        for (std::size_t i = width; i-- > 0;) {
            out_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
        }
    }

    void u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
    void u16(std::uint16_t value) { little_endian(value, 2); }
    void u24(std::uint32_t value) { little_endian(value, 3); }
    void u32(std::uint32_t value) { little_endian(value, 4); }
    void u48(std::uint64_t value) { little_endian(value, 6); }
    void u64(std::uint64_t value) { little_endian(value, 8); }
    void u16_be(std::uint16_t value) { big_endian(value, 2); }
    void u32_be(std::uint32_t value) { big_endian(value, 4); }
    void u64_be(std::uint64_t value) { big_endian(value, 8); }

    void lenenc(std::uint64_t value) {
        if (value < 0xfb) {
            little_endian(value, 1);
        } else if (value <= 0xffff) {
            u8(0xfc);
            little_endian(value, 2);
        } else if (value <= 0xffffff) {
            u8(0xfd);
            little_endian(value, 3);
        } else {
            u8(0xfe);
            little_endian(value, 8);
        }
    }

    void bytes(std::span<const std::byte> value) {
        out_.insert(out_.end(), value.begin(), value.end());
    }
    void text(std::string_view value) {
        bytes(std::as_bytes(std::span(value.data(), value.size())));
    }
    void nul_text(std::string_view value) {
        text(value);
        u8(0);
    }
    void lenenc_text(std::string_view value) {
        lenenc(value.size());
        text(value);
    }
    void lenenc_bytes(std::span<const std::byte> value) {
        lenenc(value.size());
        bytes(value);
    }
    void zeros(std::size_t count) { out_.resize(out_.size() + count); }

    // Overwrites a field written before, for lengths that are known late.
    void patch_u32(std::size_t offset, std::uint32_t value) {
        UNDERSTUDY_ASSERT(offset + 4 <= out_.size());
        for (std::size_t i = 0; i < 4; ++i) {
            out_[offset + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
        }
    }

private:
    std::vector<std::byte>& out_;
};

} // namespace understudy::protocol
