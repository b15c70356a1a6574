#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace understudy::protocol {

// Digits for the writers of values. put_… write to memory that has room for them and return where
// the next character goes.

// Appends what `put` writes: it is given where to, may write `most` characters there, and returns
// where they end. One look at the room for all of them.
template<class Put>
void append_put(std::string& out, std::size_t most, Put put) {
    const auto size = out.size();
    out.resize_and_overwrite(size + most, [&](char* text, std::size_t) {
        return static_cast<std::size_t>(put(text + size) - text);
    });
}

inline constexpr auto digit_pairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
        pairs[2 * i] = static_cast<char>('0' + i / 10);
        pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
}();

inline constexpr auto powers_of_ten = [] {
    std::array<std::uint64_t, 20> powers{1};
    for (std::size_t i = 1; i < powers.size(); ++i)
        powers[i] = powers[i - 1] * 10;
    return powers;
}();

// number: below 100.
inline char* put_two_digits(char* to, std::uint64_t number) {
    std::memcpy(to, digit_pairs.data() + 2 * number, 2);
    return to + 2;
}

// The last `count` digits, zeros among them and before them.
inline char* put_digits(char* to, std::uint64_t number, unsigned count) {
    char* const end = to + count;
    char* at = end;
    for (; count >= 2; count -= 2) {
        put_two_digits(at -= 2, number % 100);
        number /= 100;
    }
    if (count != 0) *to = static_cast<char>('0' + number % 10);
    return end;
}

// 0 has one.
[[nodiscard]] inline unsigned digit_count(std::uint64_t number) {
    number |= 1;
    // 1233 / 4096 is a little more than log10(2): never too few by more than the power tells.
    const auto about = static_cast<unsigned>(std::bit_width(number)) * 1233U >> 12U;
    return about + static_cast<unsigned>(number >= powers_of_ten[about]);
}

// At most 20 characters, and as many as `least`.
inline char* put_number(char* to, std::uint64_t number, unsigned least = 1) {
    const auto count = digit_count(number);
    return put_digits(to, number, count < least ? least : count);
}

inline char* put_text(char* to, std::string_view text) {
    return to + text.copy(to, text.size());
}

} // namespace understudy::protocol
