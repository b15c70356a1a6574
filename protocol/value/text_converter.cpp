#include "protocol/value/text_converter.hpp"

#include "protocol/value/byte_text.hpp"
#include "protocol/value/single_byte_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <map>

namespace understudy::protocol {

namespace {

// Where the C library takes other characters than the servers for the same bytes; all of them
// UTF-8, and none has a second source in its character set.
struct correction {
    std::string_view charset_name;
    std::string_view from;
    std::string_view to;
};
constexpr std::array corrections = std::to_array<correction>({
    {"sjis", "\uff3c", "\\"},     {"sjis", "\u203e", "~"},      {"ujis", "\uffe0", "\u00a2"},
    {"ujis", "\uffe1", "\u00a3"}, {"ujis", "\uffe4", "\u00a6"}, {"ujis", "\uffe2", "\u00ac"},
    {"ujis", "\u2225", "\u2016"}, {"ujis", "\uff0d", "\u2212"}, {"ujis", "\uff5e", "\u301c"},
    {"big5", "\u2027", "\u2022"}, {"big5", "\u00af", "\u203e"}, {"big5", "\uff5e", "\u223c"},
    {"big5", "\u2299", "\u2609"}, {"big5", "\u2295", "\u2641"}, {"big5", "\u2215", "\uff0f"},
    {"big5", "\ufe68", "\uff3c"}, {"big5", "\ufe51", "\uff64"}, {"big5", "\uffe0", "\u00a2"},
    {"big5", "\uffe1", "\u00a3"}, {"big5", "\uffe5", "\u00a5"},
});

void correct(std::string& out, std::size_t start, std::string_view charset_name) {
    for (const auto& one : corrections) {
        if (one.charset_name != charset_name) {
            continue;
        }
        for (auto at = out.find(one.from, start); at != std::string::npos;
             at = out.find(one.from, at + one.to.size())) {
            out.replace(at, one.from.size(), one.to);
        }
    }
}

// U+E000 to U+F8FF, in UTF-8 EE 80 80 to EF A3 BF. The C library puts the ETEN extensions of Big5
// there, which the servers know.
bool has_private_characters(std::string_view utf8) {
    for (std::size_t i = 0; i + 1 < utf8.size(); ++i) {
        const auto first = static_cast<unsigned char>(utf8[i]);
        const auto second = static_cast<unsigned char>(utf8[i + 1]);
        if (first == 0xee || (first == 0xef && second <= 0xa3)) {
            return true;
        }
    }
    return false;
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

bool text_converter::append_by_iconv(std::string& out, const character_set& from,
                                     std::string_view text) {
    if (from.is_ascii_compatible && is_ascii(text)) {
        out += text;
        return true;
    }
    const auto start = out.size();
    if (!handles_->of.try_emplace(&from, from.iconv_name.data()).first->second.append(out, text)) {
        return false;
    }
    correct(out, start, from.name);
    if (from.name == "big5" && has_private_characters(std::string_view(out).substr(start))) {
        out.resize(start);
        return false;
    }
    return true;
}

bool text_converter::append_utf8(std::string& out, const character_set& from,
                                 std::span<const std::byte> bytes) {
    const auto text = as_text(bytes);
    switch (from.encoding) {
    case character_encoding::utf8:
        if (!is_utf8(text)) return false;
        out += text;
        return true;
    case character_encoding::single_byte:
        return append_single_byte_text(out, high_characters_of(from.name), text);
    case character_encoding::swe7: return append_swe7_text(out, text);
    case character_encoding::iconv: return append_by_iconv(out, from, text);
    case character_encoding::binary: return false;
    }
    return false;
}

} // namespace understudy::protocol
