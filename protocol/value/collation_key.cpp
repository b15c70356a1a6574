#include "protocol/value/collation_key.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <vector>

namespace understudy::protocol {

namespace {

using namespace std::string_view_literals;

#include "protocol/value/collation_classes.inc"

constexpr char32_t unknown_class = 0xffff;
constexpr std::size_t plane_size = 0x10000;

void append_utf8(std::string& out, char32_t c) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80U | ((c >> shift) & 0x3fU));
    };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0U | (c >> 6U));
        tail(0);
    } else if (c < plane_size) {
        out += static_cast<char>(0xe0U | (c >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0U | (c >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

// What each character of the basic plane becomes.
class character_classes {
public:
    struct range {
        char32_t first;
        char32_t last;
    };
    character_classes(std::span<const std::u32string_view> table, std::span<const range> known)
        : of_(plane_size, unknown) {
        for (const auto& [first, last] : known)
            std::fill(of_.begin() + first, of_.begin() + last + 1, itself);
        for (const auto row : table) {
            const auto head = row.substr(0, row.find(U'\0'));
            const bool is_unknown = head.front() == unknown_class;
            if (!is_unknown) {
                auto& text = becomes_.emplace_back();
                for (const auto c : head)
                    append_utf8(text, c);
            }
            for (const auto c : row.substr(head.size() + 1))
                of_[c] = is_unknown ? unknown : static_cast<std::uint16_t>(becomes_.size() - 1);
        }
    }

    // source: the bytes of c.
    [[nodiscard]] bool append(std::string& out, char32_t c, std::string_view source) const {
        const auto one = of_[c];
        if (one == unknown) return false;
        out += one == itself ? source : std::string_view(becomes_[one]);
        return true;
    }

private:
    static constexpr std::uint16_t unknown = std::numeric_limits<std::uint16_t>::max();
    static constexpr std::uint16_t itself = unknown - 1;

    std::vector<std::uint16_t> of_; // place in becomes_
    std::vector<std::string> becomes_;
};

using range = character_classes::range;

// As in scripts/collation_classes.py.
constexpr auto basic_plane = std::to_array<range>({{0x00, 0xd7ff}, {0xe000, 0xfffd}});
constexpr auto safe = std::to_array<range>({{0x20, 0x7e},
                                            {0xa0, 0x2ff},
                                            {0x370, 0x482},
                                            {0x48a, 0x556},
                                            {0x561, 0x587},
                                            {0x1e00, 0x1fff},
                                            {0x2010, 0x2027},
                                            {0x2030, 0x205e},
                                            {0x20a0, 0x20bf},
                                            {0x2100, 0x214f},
                                            {0x3001, 0x3020},
                                            {0x3041, 0x3094},
                                            {0x30a1, 0x30fa},
                                            {0x4e00, 0x9fa5}});

const character_classes& general() {
    static const character_classes all(general_ci, basic_plane);
    return all;
}
const character_classes& unicode() {
    static const character_classes all(unicode_ci, safe);
    return all;
}
const character_classes& unicode_520() {
    static const character_classes all(unicode_520_ci, safe);
    return all;
}
const character_classes& uca_0900() {
    static const character_classes all(uca_0900_ai_ci, safe);
    return all;
}
const character_classes& uca_1400() {
    static const character_classes all(uca_1400_ai_ci, safe);
    return all;
}

struct unicode_collation {
    std::uint16_t number;
    const character_classes& (*classes)();
    bool pads; // trailing spaces do not count
};

// Of utf8mb3 and utf8mb4. From information_schema.COLLATIONS; MariaDB numbers the NO PAD variants
// 1024 higher, and has uca1400 for itself.
constexpr auto unicode_collations = std::to_array<unicode_collation>({
    {33, general, true},
    {45, general, true},
    {192, unicode, true},
    {214, unicode_520, true},
    {224, unicode, true},
    {246, unicode_520, true},
    {255, uca_0900, false},
    {33 + 1024, general, false},
    {45 + 1024, general, false},
    {192 + 1024, unicode, false},
    {214 + 1024, unicode_520, false},
    {224 + 1024, unicode, false},
    {246 + 1024, unicode_520, false},
    {2048, uca_1400, true},
    {2052, uca_1400, false},
    {2304, uca_1400, true},
    {2308, uca_1400, false},
});

// A character of at most three bytes; its size, or 0 if there is none.
std::size_t read_character(std::string_view text, char32_t& c) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto is_tail = [&](std::size_t i) {
        return i < text.size() && (byte(i) & 0xc0U) == 0x80U;
    };
    if (byte(0) < 0x80) {
        c = byte(0);
        return 1;
    }
    if (byte(0) >= 0xc2 && byte(0) < 0xe0 && is_tail(1)) {
        c = ((byte(0) & 0x1fU) << 6U) | (byte(1) & 0x3fU);
        return 2;
    }
    if ((byte(0) & 0xf0U) == 0xe0U && is_tail(1) && is_tail(2)) {
        c = ((byte(0) & 0x0fU) << 12U) | ((byte(1) & 0x3fU) << 6U) | (byte(2) & 0x3fU);
        return c < 0x800 ? 0 : 3;
    }
    return 0;
}

bool append_unicode(std::string& out, const unicode_collation& collation, std::string_view text) {
    const auto& classes = collation.classes();
    while (!text.empty()) {
        char32_t c = 0;
        const auto size = read_character(text, c);
        if (size == 0 || !classes.append(out, c, text.substr(0, size))) return false;
        text.remove_prefix(size);
    }
    return true;
}

} // namespace

bool append_collation_key(std::string& out, std::uint16_t collation,
                          std::span<const std::byte> text) {
    const auto start = out.size();
    bool pads = false;
    char space = ' ';
    if (const auto one =
            std::ranges::find(unicode_collations, collation, &unicode_collation::number);
        one != unicode_collations.end()) {
        const std::string_view characters(reinterpret_cast<const char*>(text.data()), text.size());
        if (!append_unicode(out, *one, characters)) {
            out.resize(start);
            return false;
        }
        pads = one->pads;
    } else {
        constexpr std::uint16_t nopad = 1024;
        const bool is_nopad = collation >= nopad && collation < 2 * nopad;
        const auto number = static_cast<std::uint16_t>(collation - (is_nopad ? nopad : 0));
        const auto bytes = std::ranges::find(byte_collations, number, &byte_collation::number);
        if (bytes == byte_collations.end()) return false;
        for (const auto byte : text)
            out += static_cast<char>(bytes->weights[static_cast<std::size_t>(byte)]);
        pads = !is_nopad;
        space = static_cast<char>(bytes->weights[' ']);
    }
    while (pads && out.size() > start && out.back() == space)
        out.pop_back();
    return true;
}

} // namespace understudy::protocol
