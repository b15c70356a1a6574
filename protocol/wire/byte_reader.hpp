#pragma once

#include "protocol/errc.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// The bytes as text, without a copy; lives as long as they do.
[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

// A bounded cursor over bytes from outside; the only code that moves through them. Views it returns
// live as long as the bytes. Errors are sticky: after the first read that does not fit, every read
// gives 0 or nothing and ok() is false, so a decoder reads all its fields and asks once, before it
// believes any of them.
class byte_reader {
public:
    explicit byte_reader(std::span<const std::byte> bytes) : rest_(bytes) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    // What is left, without moving.
    [[nodiscard]] std::span<const std::byte> peek() const { return rest_; }

    std::span<const std::byte> bytes(std::uint64_t count) {
        if (count > rest_.size()) {
            set_failed();
            return {};
        }
        const auto taken = rest_.first(static_cast<std::size_t>(count));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    std::span<const std::byte> rest() { return bytes(rest_.size()); }
    std::string_view text(std::uint64_t count) { return as_text(bytes(count)); }
    std::string_view rest_text() { return as_text(rest()); }
    void skip(std::uint64_t count) { bytes(count); }

    // 1 to 8 bytes.
    std::uint64_t little_endian(std::size_t width) {
        std::uint64_t value = 0;
        unsigned shift = 0;
        for (const auto byte : bytes(width)) {
            value |= std::to_integer<std::uint64_t>(byte) << shift;
            shift += 8;
        }
        return value;
    }
    std::uint64_t big_endian(std::size_t width) {
        std::uint64_t value = 0;
        for (const auto byte : bytes(width)) {
            value = value << 8 | std::to_integer<std::uint64_t>(byte);
        }
        return value;
    }

    std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
    std::uint32_t u24() { return static_cast<std::uint32_t>(little_endian(3)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
    std::uint64_t u48() { return little_endian(6); }
    std::uint64_t u64() { return little_endian(8); }
    std::uint16_t u16_be() { return static_cast<std::uint16_t>(big_endian(2)); }
    std::uint32_t u24_be() { return static_cast<std::uint32_t>(big_endian(3)); }
    std::uint32_t u32_be() { return static_cast<std::uint32_t>(big_endian(4)); }
    std::uint64_t u40_be() { return big_endian(5); }
    std::uint64_t u48_be() { return big_endian(6); }
    std::uint64_t u64_be() { return big_endian(8); }

    // MySQL's length-encoded integer. 0xfb (NULL in a row) and 0xff (an error packet) are no
    // integers: they fail.
    std::uint64_t lenenc() {
        const auto first = u8();
        switch (first) {
        case 0xfb:
        case 0xff: set_failed(); return 0;
        case 0xfc: return u16();
        case 0xfd: return u24();
        case 0xfe: return u64();
        default: return first;
        }
    }
    std::span<const std::byte> lenenc_bytes() { return bytes(lenenc()); }
    std::string_view lenenc_text() { return as_text(lenenc_bytes()); }
    // A value of a text row: nothing for NULL. Look at ok() before believing that.
    std::optional<std::string_view> nullable_lenenc_text() {
        if (!rest_.empty() && rest_.front() == std::byte{0xfb}) {
            skip(1);
            return std::nullopt;
        }
        return lenenc_text();
    }

    // Up to a NUL, which is consumed and not returned.
    std::string_view nul_text() {
        const auto end = as_text(rest_).find('\0');
        if (end == std::string_view::npos) {
            set_failed();
            return {};
        }
        const auto found = text(end);
        skip(1);
        return found;
    }

    // For values that fit but mean nothing: the rest cannot be believed either.
    void set_failed() {
        ok_ = false;
        rest_ = {};
    }

    // truncated if a read did not fit; `what` names what was being decoded.
    [[nodiscard]] result<void> status(std::string_view what) const {
        if (!ok_) {
            return fail(errc::truncated, std::string(what) + " ends before its last field");
        }
        return {};
    }
    // Also malformed if bytes are left over.
    [[nodiscard]] result<void> finish(std::string_view what) const {
        if (ok_ && !rest_.empty()) {
            return fail(errc::malformed, std::string(what) + " has " +
                                             std::to_string(rest_.size()) +
                                             " bytes after its last field");
        }
        return status(what);
    }

private:
    std::span<const std::byte> rest_;
    bool ok_ = true;
};

} // namespace understudy::protocol
