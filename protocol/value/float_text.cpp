#include "protocol/value/float_text.hpp"

#include "protocol/assert.hpp"

#include <array>
#include <charconv>
#include <cmath>
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

} // namespace

void append_double(std::string& out, double number) {
    buffer text{};
    if (!std::isfinite(number)) {
        out += print(text, number);
        return;
    }
    // What both forms print alike.
    constexpr double smallest = 1e-4;
    constexpr double largest = 1e15;
    const double magnitude = std::abs(number);
    if (magnitude >= smallest && magnitude < largest) {
        out += print(text, number, std::chars_format::fixed);
        return;
    }
    append_parts(out, split(print(text, number, std::chars_format::scientific)));
}

void append_float_as_selected(std::string& out, float number) {
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
    buffer text{};
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
