#include "protocol/value/byte_text.hpp"

#include "protocol/value/digits.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace understudy::protocol {

namespace {

constexpr std::string_view hex_lower = "0123456789abcdef";

// Both digits of each byte.
constexpr auto hex_pairs = [] {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::array<char, 512> pairs{};
    for (std::size_t i = 0; i < 256; ++i) {
        pairs[2 * i] = digits[i >> 4];
        pairs[2 * i + 1] = digits[i & 15];
    }
    return pairs;
}();

constexpr unsigned at(std::span<const std::byte> bytes, std::size_t i) {
    return i < bytes.size() ? std::to_integer<unsigned>(bytes[i]) : 0;
}

void append_escape(std::string& out, unsigned char c) {
    switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
        out += "\\u00";
        out += hex_lower[c >> 4];
        out += hex_lower[c & 15];
    }
}

constexpr std::uint64_t each_byte = 0x0101'0101'0101'0101;

std::uint64_t load_eight(const char* text) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text, sizeof(eight));
    return eight;
}

// Fewer than eight bytes, in any order, some of them twice or spaces beside them.
std::uint64_t load_few(const char* text, std::size_t size) {
    constexpr std::size_t half_size = 4;
    if (size >= half_size) {
        std::array<std::uint32_t, 2> halves{};
        std::memcpy(halves.data(), text, half_size);
        std::memcpy(halves.data() + 1, text + size - half_size, half_size);
        return std::bit_cast<std::uint64_t>(halves);
    }
    std::uint64_t eight = each_byte * ' ';
    for (std::size_t i = 0; i < size; ++i)
        eight = eight << 8 | static_cast<unsigned char>(text[i]);
    return eight;
}

// Not 0 if one of eight bytes is not plain. An addition carries out of a byte only where that byte
// is found anyway, and a borrow comes only from a byte that is found.
std::uint64_t special_bytes(std::uint64_t eight) {
    constexpr std::uint64_t high_bits = each_byte * 0x80;
    const auto is_zero = [](std::uint64_t bytes) { return (bytes - each_byte) & ~bytes; };
    const auto below_space = (eight - each_byte * ' ') & ~eight;
    const auto above_tilde = eight + each_byte;
    return (eight | above_tilde | below_space | is_zero(eight ^ each_byte * '"') |
            is_zero(eight ^ each_byte * '\'') | is_zero(eight ^ each_byte * '\\')) &
           high_bits;
}

constexpr bool needs_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Size of the UTF-8 character at the start, 0 if there is none. Not empty.
std::size_t character_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first < 0xc2) return 0;
    if (first < 0xe0) return tail(1) ? 2 : 0;
    if (first < 0xf0) {
        if (!tail(1) || !tail(2)) return 0;
        const unsigned code = (first & 15) << 12 | (byte(1) & 63U) << 6;
        return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 0 : 3;
    }
    if (first > 0xf4 || !tail(1) || !tail(2) || !tail(3)) return 0;
    const unsigned code = (first & 7) << 18 | (byte(1) & 63U) << 12;
    return code < 0x10000 || code > 0x10ffff ? 0 : 4;
}

// Characters that have the same code in every character set of a client, need no escape in any
// sql_mode and do not end a literal.
constexpr std::array<bool, 256> plain_characters = [] {
    std::array<bool, 256> plain{};
    constexpr std::string_view all =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        " _.,:;+-/*()=<>!?%&\"";
    for (const char c : all) {
        plain[static_cast<unsigned char>(c)] = true;
    }
    return plain;
}();

} // namespace

void append_hex(std::string& out, std::span<const std::byte> bytes) {
    append_put(out, 2 * bytes.size(), [&](char* to) {
        for (const auto byte : bytes) {
            std::memcpy(to, hex_pairs.data() + 2 * std::to_integer<std::size_t>(byte), 2);
            to += 2;
        }
        return to;
    });
}

void append_base64(std::string& out, std::span<const std::byte> bytes, std::size_t line_size) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::size_t in_line = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        if (line_size != 0 && in_line == line_size) {
            out += '\n';
            in_line = 0;
        }
        const unsigned group = at(bytes, i) << 16 | at(bytes, i + 1) << 8 | at(bytes, i + 2);
        out += digits[group >> 18];
        out += digits[group >> 12 & 63];
        out += i + 1 < bytes.size() ? digits[group >> 6 & 63] : '=';
        out += i + 2 < bytes.size() ? digits[group & 63] : '=';
        in_line += 4;
    }
}

void append_json_string(std::string& out, std::string_view text) {
    if (is_plain(text)) {
        append_put(out, text.size() + 2, [&](char* to) {
            *to++ = '"';
            to = put_text(to, text);
            *to++ = '"';
            return to;
        });
        return;
    }
    out += '"';
    while (!text.empty()) {
        const auto plain =
            static_cast<std::size_t>(std::ranges::find_if(text, needs_escape) - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (!text.empty()) {
            append_escape(out, static_cast<unsigned char>(text.front()));
            text.remove_prefix(1);
        }
    }
    out += '"';
}

bool is_plain(std::string_view text) {
    constexpr std::size_t step = 8;
    if (text.size() < step) return special_bytes(load_few(text.data(), text.size())) == 0;
    const char* const last = text.data() + text.size() - step;
    std::uint64_t found = special_bytes(load_eight(last));
    for (const char* at = text.data(); at < last; at += step)
        found |= special_bytes(load_eight(at));
    return found == 0;
}

bool is_utf8(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    while (!text.empty()) {
        std::uint64_t eight = 0;
        if (text.size() >= sizeof(eight)) {
            std::memcpy(&eight, text.data(), sizeof(eight));
            if ((eight & high_bits) == 0) {
                text.remove_prefix(sizeof(eight));
                continue;
            }
        }
        const auto size = character_size(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

void append_sql_string(std::string& out, std::string_view charset_name, bool ascii_compatible,
                       std::span<const std::byte> bytes) {
    const auto text = as_text(bytes);
    const auto is_plain = [](char c) { return plain_characters[static_cast<unsigned char>(c)]; };
    if (ascii_compatible && std::ranges::all_of(text, is_plain)) {
        out += '\'';
        out += text;
        out += '\'';
        return;
    }
    if (!charset_name.empty()) {
        out += '_';
        out += charset_name;
        out += ' ';
    }
    out += "x'";
    append_hex(out, bytes);
    out += '\'';
}

} // namespace understudy::protocol
