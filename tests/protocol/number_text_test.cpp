#include "protocol/value/byte_text.hpp"
#include "protocol/value/decimal_text.hpp"
#include "protocol/value/digits.hpp"
#include "protocol/value/float_text.hpp"
#include "protocol/value/temporal_text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// The writers of numbers and times against the C library, on numbers that nobody chose.

namespace understudy::protocol {
namespace {

constexpr unsigned seed = 20261128;
constexpr int rounds = 5'000;

template<class Append>
std::string text_of(Append append) {
    std::string out = "before ";
    append(out);
    EXPECT_TRUE(out.starts_with("before "));
    return out.substr(7);
}

// What my_gcvt makes of "-d.ddde±xx".
std::string as_my_gcvt(const std::string& scientific) {
    const bool negative = scientific.starts_with('-');
    const auto e = scientific.find('e');
    std::string digits;
    for (const char c : scientific.substr(0, e)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    while (digits.size() > 1 && digits.ends_with('0'))
        digits.pop_back();
    const int point = std::stoi(scientific.substr(e + 1)) + 1;
    const auto size = static_cast<int>(digits.size());
    const std::string sign = negative ? "-" : "";
    if (digits == "0") return sign + "0";
    if (point <= -15 || (point > 15 && size <= point)) {
        const auto rest = digits.substr(1);
        return fmt::format("{}{}{}{}e{}", sign, digits[0], rest.empty() ? "" : ".", rest,
                           point - 1);
    }
    if (point <= 0)
        return sign + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
    if (size <= point)
        return sign + digits + std::string(static_cast<std::size_t>(point - size), '0');
    return sign + digits.insert(static_cast<std::size_t>(point), ".");
}

std::string printed(float number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.5e", static_cast<double>(number));
    return text.data();
}

TEST(digits, are_those_of_the_number) {
    std::mt19937_64 random(seed);
    std::vector<std::uint64_t> numbers{0, ~std::uint64_t{0}};
    for (const auto power : powers_of_ten) {
        for (const auto number : {power - 1, power, power + 1})
            numbers.push_back(number);
    }
    for (int i = 0; i < rounds; ++i)
        numbers.push_back(random() >> random() % 64);
    for (const auto number : numbers) {
        ASSERT_EQ(text_of([&](std::string& out) {
                      append_put(out, 20, [&](char* to) { return put_number(to, number); });
                  }),
                  std::to_string(number));
        ASSERT_EQ(text_of([&](std::string& out) {
                      append_put(out, 24, [&](char* to) { return put_number(to, number, 24); });
                  }),
                  fmt::format("{:024}", number));
    }
}

TEST(float_text, rounds_a_float_to_six_digits_as_the_c_library_does) {
    std::mt19937 random(seed);
    std::vector<float> numbers{0.0F,     -0.0F,     1e-5F, 9.99999e-6F, 1e5F,  99999.95F,
                               99999.5F, 999999.5F, 0.5F,  1e-4F,       1e10F, 1e15F};
    // Halves between two texts of six digits.
    for (int i = 0; i < 1'000; ++i) {
        numbers.push_back(static_cast<float>(random() % 100'000) + 0.25F);
        numbers.push_back(static_cast<float>(10'000 + random() % 90'000) + 0.5F + 0.25F);
        numbers.push_back(static_cast<float>(random() % 10'000) + 0.125F);
    }
    for (int i = 0; i < rounds; ++i) {
        numbers.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
        numbers.push_back(
            std::ldexp(static_cast<float>(random()), static_cast<int>(random() % 60) - 60));
    }
    for (const auto number : numbers) {
        for (const float both : {number, -number}) {
            if (!std::isfinite(both)) continue;
            ASSERT_EQ(text_of([&](std::string& out) { append_float_as_selected(out, both); }),
                      as_my_gcvt(printed(both)))
                << fmt::format("{:a}", both);
        }
    }
}

TEST(float_text, gives_the_shortest_digits_of_a_double_and_of_a_float) {
    std::mt19937_64 random(seed);
    std::vector<double> numbers{0.0, -0.0, 1e-4, 1e15, 999999999999999.0, 0.1, 1e-5, 123.0, 1e14};
    for (int i = 0; i < rounds; ++i) {
        numbers.push_back(std::bit_cast<double>(random()));
        numbers.push_back(static_cast<double>(random() % 1'000'000'000) / 1'000);
        numbers.push_back(static_cast<double>(random()) / 1e14);
        numbers.push_back(
            static_cast<double>(static_cast<std::int64_t>(random()) >> random() % 63));
    }
    for (const double number : numbers) {
        if (!std::isfinite(number)) continue;
        std::array<char, 64> buffer{};
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                       std::chars_format::scientific);
        const auto text = text_of([&](std::string& out) { append_double(out, number); });
        ASSERT_EQ(text, as_my_gcvt(std::string(buffer.data(), end.ptr)));
        ASSERT_EQ(std::strtod(text.c_str(), nullptr), number);

        const auto narrow = static_cast<float>(number);
        if (!std::isfinite(narrow)) continue;
        const auto narrow_end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), narrow,
                                              std::chars_format::scientific);
        ASSERT_EQ(text_of([&](std::string& out) { append_shortest_float(out, narrow); }),
                  as_my_gcvt(std::string(buffer.data(), narrow_end.ptr)));
    }
}

// decimal2bin of the server, of digits with their zeros.
std::vector<std::byte> packed_decimal(std::string_view whole, std::string_view fraction,
                                      bool negative) {
    constexpr std::array sizes{0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    std::vector<std::byte> bytes;
    const auto add = [&](std::string_view group) {
        const auto number = group.empty() ? 0UL : std::stoul(std::string(group));
        for (int left = sizes[group.size()]; left-- > 0;)
            bytes.push_back(static_cast<std::byte>(number >> (8 * left) & 0xff));
    };
    add(whole.substr(0, whole.size() % 9));
    for (auto at = whole.size() % 9; at < whole.size(); at += 9)
        add(whole.substr(at, 9));
    for (std::size_t at = 0; at < fraction.size(); at += 9)
        add(fraction.substr(at, 9));
    bytes.front() ^= std::byte{0x80};
    if (negative) {
        for (auto& byte : bytes)
            byte = ~byte;
    }
    return bytes;
}

TEST(decimal_text, gives_the_digits_of_every_precision_and_scale) {
    std::mt19937 random(seed);
    for (unsigned precision = 1; precision <= 65; ++precision) {
        for (unsigned scale = 0; scale <= std::min(precision, 30U); ++scale) {
            for (int i = 0; i < 6; ++i) {
                std::string digits;
                // Many of them small, or all zeros.
                const auto zeros = i < 3 ? random() % (precision + 1) : 0;
                for (unsigned at = 0; at < precision; ++at)
                    digits += at < zeros ? '0' : static_cast<char>('0' + random() % 10);
                const auto whole = digits.substr(0, precision - scale);
                const auto fraction = digits.substr(precision - scale);
                const bool negative = i % 2 == 1;
                auto expected = whole.substr(std::min(whole.find_first_not_of('0'), whole.size()));
                if (expected.empty()) expected = "0";
                if (scale != 0) expected += "." + fraction;
                ASSERT_EQ(text_of([&](std::string& out) {
                              append_decimal(out, packed_decimal(whole, fraction, negative),
                                             precision, scale);
                          }),
                          (negative ? "-" : "") + expected)
                    << precision << ' ' << scale;
            }
        }
    }
}

std::vector<std::byte> big_endian(std::uint64_t number, std::size_t size) {
    std::vector<std::byte> bytes;
    while (size-- > 0)
        bytes.push_back(static_cast<std::byte>(number >> (8 * size) & 0xff));
    return bytes;
}

TEST(temporal_text, writes_all_fields_with_every_number_of_fractional_digits) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < rounds; ++i) {
        const auto year = random() % 10'000;
        const auto month = random() % 13;
        const auto day = random() % 32;
        const auto hour = random() % 24;
        const auto minute = random() % 60;
        const auto second = random() % 60;
        const auto digits = static_cast<unsigned>(random() % 7);
        const std::size_t bytes = (digits + 1) / 2;
        auto steps = random() % powers_of_ten[2 * bytes];
        if (digits % 2 != 0) steps -= steps % 10;
        const auto fraction =
            digits == 0 ? "" : "." + fmt::format("{:0{}}", steps, 2 * bytes).substr(0, digits);
        const auto clock = hour << 12 | minute << 6 | second;
        const auto packed = std::uint64_t{1} << 39 | (year * 13 + month) << 22 | day << 17 | clock;
        ASSERT_EQ(text_of([&](std::string& out) {
                      append_datetime(out, big_endian(packed << (8 * bytes) | steps, 5 + bytes),
                                      digits);
                  }),
                  fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}", year, month, day, hour,
                              minute, second, fraction));

        const auto hours = random() % 839;
        const auto whole = (hours << 12 | minute << 6 | second) << (8 * bytes) | steps;
        const auto zero = std::uint64_t{0x800000} << (8 * bytes);
        const bool negative = whole != 0 && i % 2 == 0;
        ASSERT_EQ(text_of([&](std::string& out) {
                      append_time(out,
                                  big_endian(negative ? zero - whole : zero + whole, 3 + bytes),
                                  digits);
                  }),
                  fmt::format("{}{:02}:{:02}:{:02}{}", negative ? "-" : "", hours, minute, second,
                              fraction));
    }
}

TEST(byte_text, tells_plain_text_wherever_a_special_byte_stands) {
    const auto is_special = [](unsigned byte) {
        return byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\'' || byte == '\\';
    };
    for (std::size_t size = 0; size <= 33; ++size) {
        EXPECT_TRUE(is_plain(std::string(size, 'x')));
        for (std::size_t at = 0; at < size; ++at) {
            for (unsigned byte = 0; byte < 256; ++byte) {
                for (const char around : {'x', ' ', '~'}) {
                    std::string text(size, around);
                    text[at] = static_cast<char>(byte);
                    ASSERT_EQ(is_plain(text), !is_special(byte))
                        << size << ' ' << at << ' ' << byte;
                }
            }
        }
    }
}

} // namespace
} // namespace understudy::protocol
