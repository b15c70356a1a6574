#include "protocol/binlog/describe_text.hpp"

#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <string_view>

namespace understudy::protocol {

namespace {

constexpr std::size_t text_size_max = 64;
constexpr std::size_t bytes_size_max = 32;

// Size of the UTF-8 character at the start of `text`; 0 if there is none.
std::size_t character_size(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t size = lead >= 0xc2 && lead < 0xe0   ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
    if (size == 0 || size > text.size()) {
        return 0;
    }
    const auto is_continuation = [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    };
    if (!std::ranges::all_of(text.substr(1, size - 1), is_continuation)) {
        return 0;
    }
    const auto second = static_cast<unsigned char>(text[1]);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool out_of_range = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);
    return overlong || out_of_range ? 0 : size;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto size = character_size(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

void append_escaped(std::string& out, std::string_view character) {
    constexpr std::string_view hex = "0123456789abcdef";
    const char c = character.front();
    switch (c) {
    case '\0': out += "\\0"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    case '\'': out += "\\'"; return;
    case '\\': out += "\\\\"; return;
    default: break;
    }
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
        out += "\\x";
        out += hex[code >> 4];
        out += hex[code & 15];
        return;
    }
    out += character;
}

std::string size_note(std::size_t size) {
    return "… (" + std::to_string(size) + " bytes)";
}

} // namespace

std::string describe_bytes(std::span<const std::byte> bytes) {
    constexpr std::string_view hex = "0123456789abcdef";
    const auto shown = bytes.first(std::min(bytes.size(), bytes_size_max));
    std::string text = "x'";
    for (const auto byte : shown) {
        text += hex[std::to_integer<unsigned>(byte) >> 4];
        text += hex[std::to_integer<unsigned>(byte) & 15];
    }
    text += "'";
    return shown.size() < bytes.size() ? text + size_note(bytes.size()) : text;
}

std::string describe_text(std::span<const std::byte> bytes) {
    const auto text = as_text(bytes);
    if (!is_utf8(text)) {
        return describe_bytes(bytes);
    }
    std::string out = "'";
    std::size_t shown = 0;
    while (shown < text.size()) {
        const auto size = character_size(text.substr(shown));
        if (shown + size > text_size_max) {
            break;
        }
        append_escaped(out, text.substr(shown, size));
        shown += size;
    }
    out += "'";
    return shown < text.size() ? out + size_note(text.size()) : out;
}

} // namespace understudy::protocol
