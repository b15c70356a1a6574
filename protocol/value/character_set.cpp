#include "protocol/value/character_set.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace understudy::protocol {

namespace {

enum class set : std::uint8_t {
    big5,
    latin2,
    dec8,
    cp850,
    latin1,
    hp8,
    koi8r,
    swe7,
    ascii,
    ujis,
    sjis,
    hebrew,
    tis620,
    euckr,
    koi8u,
    gb2312,
    greek,
    cp1250,
    gbk,
    latin5,
    armscii8,
    utf8,
    ucs2,
    cp866,
    keybcs2,
    macce,
    macroman,
    cp852,
    latin7,
    utf8mb4,
    cp1251,
    utf16,
    utf16le,
    cp1256,
    cp1257,
    utf32,
    binary,
    geostd8,
    cp932,
    eucjpms,
    gb18030,
};

constexpr auto by_iconv = character_encoding::iconv;
constexpr auto single_byte = character_encoding::single_byte;

// In the order of `set`.
constexpr std::array sets = std::to_array<character_set>({
    {"big5", "BIG5", by_iconv},
    {"latin2", "", single_byte},
    {"dec8", "", single_byte},
    {"cp850", "", single_byte},
    {"latin1", "", single_byte},
    {"hp8", "", single_byte},
    {"koi8r", "", single_byte},
    {"swe7", "", character_encoding::swe7, false},
    {"ascii", "", character_encoding::utf8},
    {"ujis", "EUC-JP-MS", by_iconv},
    {"sjis", "SHIFT_JIS", by_iconv},
    {"hebrew", "", single_byte},
    {"tis620", "", single_byte},
    {"euckr", "UHC", by_iconv},
    {"koi8u", "", single_byte},
    {"gb2312", "GB2312", by_iconv},
    {"greek", "", single_byte},
    {"cp1250", "", single_byte},
    {"gbk", "GBK", by_iconv},
    {"latin5", "", single_byte},
    {"armscii8", "", single_byte},
    {"utf8", "", character_encoding::utf8},
    {"ucs2", "UCS-2BE", by_iconv, false, 2},
    {"cp866", "", single_byte},
    {"keybcs2", "", single_byte},
    {"macce", "", single_byte},
    {"macroman", "", single_byte},
    {"cp852", "", single_byte},
    {"latin7", "", single_byte},
    {"utf8mb4", "", character_encoding::utf8},
    {"cp1251", "", single_byte},
    {"utf16", "UTF-16BE", by_iconv, false, 2},
    {"utf16le", "UTF-16LE", by_iconv, false, 2},
    {"cp1256", "", single_byte},
    {"cp1257", "", single_byte},
    {"utf32", "UTF-32BE", by_iconv, false, 4},
    {"binary", "", character_encoding::binary},
    {"geostd8", "", single_byte},
    {"cp932", "CP932", by_iconv},
    {"eucjpms", "EUC-JP-MS", by_iconv},
    {"gb18030", "GB18030", by_iconv},
});

struct range {
    std::uint16_t first;
    std::uint16_t last;
    set of;
};

// From information_schema.COLLATIONS of MySQL 5.6 and 9.7 and MariaDB 10.11.
constexpr std::array ranges = std::to_array<range>({
    {1, 1, set::big5},        {2, 2, set::latin2},      {3, 3, set::dec8},
    {4, 4, set::cp850},       {5, 5, set::latin1},      {6, 6, set::hp8},
    {7, 7, set::koi8r},       {8, 8, set::latin1},      {9, 9, set::latin2},
    {10, 10, set::swe7},      {11, 11, set::ascii},     {12, 12, set::ujis},
    {13, 13, set::sjis},      {14, 14, set::cp1251},    {15, 15, set::latin1},
    {16, 16, set::hebrew},    {18, 18, set::tis620},    {19, 19, set::euckr},
    {20, 20, set::latin7},    {21, 21, set::latin2},    {22, 22, set::koi8u},
    {23, 23, set::cp1251},    {24, 24, set::gb2312},    {25, 25, set::greek},
    {26, 26, set::cp1250},    {27, 27, set::latin2},    {28, 28, set::gbk},
    {29, 29, set::cp1257},    {30, 30, set::latin5},    {31, 31, set::latin1},
    {32, 32, set::armscii8},  {33, 33, set::utf8},      {34, 34, set::cp1250},
    {35, 35, set::ucs2},      {36, 36, set::cp866},     {37, 37, set::keybcs2},
    {38, 38, set::macce},     {39, 39, set::macroman},  {40, 40, set::cp852},
    {41, 42, set::latin7},    {43, 43, set::macce},     {44, 44, set::cp1250},
    {45, 46, set::utf8mb4},   {47, 49, set::latin1},    {50, 52, set::cp1251},
    {53, 53, set::macroman},  {54, 55, set::utf16},     {56, 56, set::utf16le},
    {57, 57, set::cp1256},    {58, 59, set::cp1257},    {60, 61, set::utf32},
    {62, 62, set::utf16le},   {63, 63, set::binary},    {64, 64, set::armscii8},
    {65, 65, set::ascii},     {66, 66, set::cp1250},    {67, 67, set::cp1256},
    {68, 68, set::cp866},     {69, 69, set::dec8},      {70, 70, set::greek},
    {71, 71, set::hebrew},    {72, 72, set::hp8},       {73, 73, set::keybcs2},
    {74, 74, set::koi8r},     {75, 75, set::koi8u},     {76, 76, set::utf8},
    {77, 77, set::latin2},    {78, 78, set::latin5},    {79, 79, set::latin7},
    {80, 80, set::cp850},     {81, 81, set::cp852},     {82, 82, set::swe7},
    {83, 83, set::utf8},      {84, 84, set::big5},      {85, 85, set::euckr},
    {86, 86, set::gb2312},    {87, 87, set::gbk},       {88, 88, set::sjis},
    {89, 89, set::tis620},    {90, 90, set::ucs2},      {91, 91, set::ujis},
    {92, 93, set::geostd8},   {94, 94, set::latin1},    {95, 96, set::cp932},
    {97, 98, set::eucjpms},   {99, 99, set::cp1250},    {101, 124, set::utf16},
    {128, 151, set::ucs2},    {159, 159, set::ucs2},    {160, 183, set::utf32},
    {192, 215, set::utf8},    {223, 223, set::utf8},    {224, 247, set::utf8mb4},
    {248, 250, set::gb18030}, {255, 323, set::utf8mb4}, {576, 578, set::utf8},
    {608, 610, set::utf8mb4}, {640, 642, set::ucs2},    {672, 674, set::utf16},
    {736, 738, set::utf32},   {2048, 2303, set::utf8},  {2304, 2559, set::utf8mb4},
    {2560, 2815, set::ucs2},  {2816, 3071, set::utf16}, {3072, 3327, set::utf32},
});

constexpr std::uint16_t utf8mb4_0900_bin = 309;

// *_bin of information_schema.COLLATIONS; NO PAD variants of MariaDB apart.
constexpr std::array bin_collations = std::to_array<std::uint16_t>({
    43, 46, 47, 50, 53, 55, 58, 61, 62, 63, 64, 65, 66,  67,
    68, 69, 70, 71, 72, 73, 74, 75, 77, 78, 79, 80, 81,  82,
    83, 84, 85, 86, 87, 88, 89, 90, 91, 93, 96, 98, 249, utf8mb4_0900_bin,
});

// MariaDB numbers the NO PAD variant of a collation 1024 higher.
constexpr std::uint16_t nopad_first = 1024;
constexpr std::uint16_t nopad_last = 2047;

bool is_nopad_variant(std::uint16_t collation) {
    return collation >= nopad_first && collation <= nopad_last;
}

std::uint16_t without_nopad(std::uint16_t collation) {
    return is_nopad_variant(collation) ? static_cast<std::uint16_t>(collation - nopad_first)
                                       : collation;
}

} // namespace

const character_set* character_set_of(std::uint16_t collation) {
    // Asked for each value of text.
    static constexpr auto all = [] {
        std::array<std::uint8_t, ranges.back().last + 1> table{};
        for (const auto& [first, last, of] : ranges) {
            for (auto number = std::size_t{first}; number <= last; ++number)
                table[number] = static_cast<std::uint8_t>(std::to_underlying(of) + 1);
        }
        return table;
    }();
    collation = without_nopad(collation);
    const auto found = collation < all.size() ? all[collation] : std::uint8_t{0};
    return found == 0 ? nullptr : &sets[found - std::size_t{1}];
}

bool is_binary_order(std::uint16_t collation) {
    return std::ranges::binary_search(bin_collations, without_nopad(collation));
}

bool pads_with_space(std::uint16_t collation) {
    return collation != binary_collation && collation != utf8mb4_0900_bin &&
           !is_nopad_variant(collation);
}

} // namespace understudy::protocol
