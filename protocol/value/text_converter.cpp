#include "protocol/value/text_converter.hpp"

#include "protocol/value/byte_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <iconv.h>

#include <algorithm>
#include <cstdint>
#include <map>

namespace understudy::protocol {

namespace {

// 0x80 to 0x9f of cp1252; 0 where it has holes, which MySQL makes the C1 controls of that code.
constexpr std::array<std::uint16_t, 32> latin1_high = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

void append_two_or_three_bytes(std::string& out, unsigned code) {
    if (code >= 0x800) {
        out += static_cast<char>(0xe0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 63));
    } else {
        out += static_cast<char>(0xc0 | code >> 6);
    }
    out += static_cast<char>(0x80 | (code & 63));
}

void append_latin1(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x80) {
            out += c;
            continue;
        }
        const unsigned mapped = code < 0xa0 ? latin1_high[code - 0x80U] : code;
        append_two_or_three_bytes(out, mapped == 0 ? code : mapped);
    }
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

class iconv_handle {
public:
    explicit iconv_handle(const char* from) : handle_(iconv_open("UTF-8", from)) {}
    ~iconv_handle() {
        if (is_open()) iconv_close(handle_);
    }
    iconv_handle(const iconv_handle&) = delete;
    iconv_handle& operator=(const iconv_handle&) = delete;

    bool append(std::string& out, std::string_view text) {
        if (!is_open()) {
            return false;
        }
        // No character of two bytes becomes more than four; of one byte, more than three.
        constexpr std::size_t growth = 4;
        const auto start = out.size();
        out.resize(start + growth * text.size() + growth);
        char* in = const_cast<char*>(text.data());
        std::size_t in_left = text.size();
        char* to = out.data() + start;
        std::size_t to_left = out.size() - start;
        iconv(handle_, nullptr, nullptr, nullptr, nullptr);
        bool converted = iconv(handle_, &in, &in_left, &to, &to_left) == 0 && in_left == 0;
        // Some hold the last character back, in case a combining one follows.
        converted = converted && iconv(handle_, nullptr, nullptr, &to, &to_left) == 0;
        out.resize(converted ? out.size() - to_left : start);
        return converted;
    }

private:
    [[nodiscard]] bool is_open() const {
        return handle_ != reinterpret_cast<iconv_t>(-1); // NOLINT(performance-no-int-to-ptr)
    }
    iconv_t handle_;
};

} // namespace

struct text_converter::handles {
    std::map<const character_set*, iconv_handle> of;
};

text_converter::text_converter() : handles_(std::make_unique<handles>()) {}
text_converter::~text_converter() = default;
text_converter::text_converter(text_converter&&) noexcept = default;
text_converter& text_converter::operator=(text_converter&&) noexcept = default;

bool text_converter::append_utf8(std::string& out, const character_set& from,
                                 std::span<const std::byte> bytes) {
    const auto text = as_text(bytes);
    switch (from.encoding) {
    case character_encoding::utf8:
        if (!is_utf8(text)) return false;
        out += text;
        return true;
    case character_encoding::latin1: append_latin1(out, text); return true;
    case character_encoding::iconv:
        if (from.is_ascii_compatible && is_ascii(text)) {
            out += text;
            return true;
        }
        return handles_->of.try_emplace(&from, from.iconv_name.data())
            .first->second.append(out, text);
    case character_encoding::none:
        if (!from.is_ascii_compatible || !is_ascii(text)) return false;
        out += text;
        return true;
    case character_encoding::binary: return false;
    }
    return false;
}

} // namespace understudy::protocol
