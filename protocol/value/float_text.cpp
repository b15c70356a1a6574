#include "protocol/value/float_text.hpp"

#include "protocol/assert.hpp"
#include "protocol/value/digits.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace understudy::protocol {

namespace {

using buffer = std::array<char, 64>;

template<class... Arguments>
std::string_view print(buffer& into, Arguments... arguments) {
    const auto [end, error] = std::to_chars(into.data(), into.data() + into.size(), arguments...);
    UNDERSTUDY_ASSERT(error == std::errc());
    return {into.data(), end};
}

// d[.ddd]e±dd, split.
struct scientific {
    bool negative = false;
    std::array<char, 32> digits{};
    std::size_t size = 0; // of digits, without trailing zeros
    int point = 0;        // digits before the decimal point; my_gcvt calls it decpt
};

scientific split(std::string_view text) {
    scientific parts;
    if (text.starts_with('-')) {
        parts.negative = true;
        text.remove_prefix(1);
    }
    const auto e = text.find('e');
    for (const char c : text.substr(0, e)) {
        if (c != '.') {
            parts.digits[parts.size++] = c;
        }
    }
    while (parts.size > 1 && parts.digits[parts.size - 1] == '0') {
        --parts.size;
    }
    auto exponent = text.substr(e + 1);
    if (exponent.starts_with('+')) {
        exponent.remove_prefix(1);
    }
    int value = 0;
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), value);
    parts.point = value + 1;
    return parts;
}

void append_fixed(std::string& out, std::string_view digits, int point) {
    const auto places = static_cast<std::size_t>(std::abs(point));
    if (point <= 0) {
        out += "0.";
        out.append(places, '0');
        out += digits;
    } else if (places >= digits.size()) {
        out += digits;
        out.append(places - digits.size(), '0');
    } else {
        out += digits.substr(0, places);
        out += '.';
        out += digits.substr(places);
    }
}

void append_exponential(std::string& out, std::string_view digits, int point) {
    out += digits.front();
    if (digits.size() > 1) {
        out += '.';
        out += digits.substr(1);
    }
    out += 'e';
    buffer exponent{};
    out += print(exponent, point - 1);
}

void append_parts(std::string& out, const scientific& parts) {
    constexpr int fixed_places_max = 15; // DBL_DIG: MAX_DECPT_FOR_F_FORMAT of the server's dtoa.cc
    const std::string_view digits(parts.digits.data(), parts.size);
    out += parts.negative ? "-" : "";
    if (digits == "0") {
        out += '0';
    } else if (parts.point > -fixed_places_max &&
               (parts.point <= fixed_places_max ||
                parts.size > static_cast<std::size_t>(parts.point))) {
        append_fixed(out, digits, parts.point);
    } else {
        append_exponential(out, digits, parts.point);
    }
}

// What both forms print alike, with all digits of the number.
constexpr double fixed_smallest = 1e-4;
constexpr double fixed_largest = 1e15;
constexpr float fixed_largest_float = 1e7F;
constexpr std::size_t fixed_text_max = 32;

// In here 64 bits hold the number with six digits before the point.
constexpr float six_digits_smallest = 1e-5F;
constexpr float six_digits_largest = 1e5F;

// The first six digits, rounded half to even, of a number from six_digits_smallest on and below
// six_digits_largest.
char* put_six_digits(char* to, float magnitude) {
    constexpr unsigned fraction_bits = 23;
    constexpr int bias = 127;
    const auto bits = std::bit_cast<std::uint32_t>(magnitude);
    const int exponent = static_cast<int>(bits >> fraction_bits) - bias;
    const std::uint64_t fraction = (bits & ((1U << fraction_bits) - 1)) | 1U << fraction_bits;
    // 2^exponent has as many digits before the point, or the number has one more.
    auto places = static_cast<unsigned>(5 - (exponent * 1233 >> 12));
    const auto shift = static_cast<unsigned>(static_cast<int>(fraction_bits) - exponent);
    if (fraction * powers_of_ten[places] >> shift >= powers_of_ten[6]) --places;
    const auto scaled = fraction * powers_of_ten[places];
    auto digits = scaled >> shift;
    const auto rest = scaled & ((std::uint64_t{1} << shift) - 1);
    const auto half = std::uint64_t{1} << (shift - 1);
    if (rest > half || (rest == half && digits % 2 != 0)) ++digits;
    to = put_number(to, digits / powers_of_ten[places]);
    *to++ = '.';
    to = put_digits(to, digits % powers_of_ten[places], places);
    while (to[-1] == '0')
        --to;
    return to[-1] == '.' ? to - 1 : to;
}

} // namespace

void append_double(std::string& out, double number) {
    const double magnitude = std::abs(number);
    if (magnitude >= fixed_smallest && magnitude < fixed_largest) {
        append_put(out, fixed_text_max, [&](char* to) {
            const auto whole = static_cast<std::uint64_t>(magnitude);
            if (static_cast<double>(whole) == magnitude) {
                if (number < 0) *to++ = '-';
                return put_number(to, whole);
            }
            return std::to_chars(to, to + fixed_text_max, number, std::chars_format::fixed).ptr;
        });
        return;
    }
    buffer text{};
    if (!std::isfinite(number)) {
        out += print(text, number);
        return;
    }
    append_parts(out, split(print(text, number, std::chars_format::scientific)));
}

void append_float_as_selected(std::string& out, float number) {
    const float magnitude = std::abs(number);
    if (magnitude >= six_digits_smallest && magnitude < six_digits_largest) {
        append_put(out, fixed_text_max, [&](char* to) {
            if (number < 0) *to++ = '-';
            return put_six_digits(to, magnitude);
        });
        return;
    }
    buffer text{};
    if (!std::isfinite(number)) {
        out += print(text, number);
        return;
    }
    constexpr int digits_after_first = 5; // FLT_DIG less the first
    append_parts(out, split(print(text, static_cast<double>(number), std::chars_format::scientific,
                                  digits_after_first)));
}

void append_shortest_float(std::string& out, float number) {
    const float magnitude = std::abs(number);
    buffer text{};
    if (magnitude >= static_cast<float>(fixed_smallest) && magnitude < fixed_largest_float) {
        out += print(text, number, std::chars_format::fixed);
        return;
    }
    if (!std::isfinite(number)) {
        out += print(text, number);
        return;
    }
    append_parts(out, split(print(text, number, std::chars_format::scientific)));
}

void append_vector_element(std::string& out, float number) {
    buffer text{};
    out += print(text, number, std::chars_format::scientific, 5);
}

void append_double_literal(std::string& out, double number) {
    const auto start = out.size();
    append_double(out, number);
    if (out.find('e', start) == std::string::npos) {
        out += "e0";
    }
}

} // namespace understudy::protocol
