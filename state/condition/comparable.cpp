#include "state/condition/comparable.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace understudy::state {

namespace {

using kind = comparable::kind;
using order = std::optional<std::partial_ordering>;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// sign * 0.digits * 10^exponent, without zeros at either end; zero has no digits.
struct decimal {
    bool negative = false;
    std::string digits;
    std::int64_t exponent = 0;
};

std::optional<decimal> parse_decimal(std::string_view text) {
    decimal value;
    std::size_t at = 0;
    if (at < text.size() && (text[at] == '-' || text[at] == '+'))
        value.negative = text[at++] == '-';
    std::size_t whole = 0;
    for (; at < text.size() && is_digit(text[at]); ++at, ++whole)
        value.digits += text[at];
    std::size_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        for (++at; at < text.size() && is_digit(text[at]); ++at, ++fraction)
            value.digits += text[at];
    }
    if (whole + fraction == 0) return std::nullopt;
    value.exponent = static_cast<std::int64_t>(whole);
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && text[at] == '+') ++at;
        std::int32_t power = 0; // small, so that sums stay inside 64 bits
        const auto parsed = std::from_chars(text.data() + at, text.data() + text.size(), power);
        if (parsed.ec != std::errc{}) return std::nullopt;
        at = static_cast<std::size_t>(parsed.ptr - text.data());
        value.exponent += power;
    }
    if (at != text.size()) return std::nullopt;
    const auto first = value.digits.find_first_not_of('0');
    if (first == std::string::npos) return decimal{};
    value.exponent -= static_cast<std::int64_t>(first);
    value.digits.erase(value.digits.find_last_not_of('0') + 1);
    value.digits.erase(0, first);
    return value;
}

std::strong_ordering compare_magnitudes(const decimal& left, const decimal& right) {
    if (left.digits.empty() || right.digits.empty())
        return !left.digits.empty() <=> !right.digits.empty();
    if (left.exponent != right.exponent) return left.exponent <=> right.exponent;
    return left.digits.compare(right.digits) <=> 0;
}

std::strong_ordering compare_values(const decimal& left, const decimal& right) {
    if (left.negative != right.negative)
        return left.negative ? std::strong_ordering::less : std::strong_ordering::greater;
    return left.negative ? compare_magnitudes(right, left) : compare_magnitudes(left, right);
}

std::optional<double> parse_real(const std::string& text) {
    if (!parse_decimal(text)) return std::nullopt;
    return std::strtod(text.c_str(), nullptr);
}

std::optional<double> as_real(const comparable& value) {
    if (value.what == kind::real) return value.real;
    if (value.what == kind::number || value.what == kind::text) return parse_real(value.text);
    return std::nullopt;
}

order compare_reals(const comparable& left, const comparable& right) {
    auto a = as_real(left);
    auto b = as_real(right);
    if (!a || !b) return std::nullopt;
    if (left.is_single_precision || right.is_single_precision) {
        a = static_cast<float>(*a);
        b = static_cast<float>(*b);
    }
    return *a <=> *b;
}

// Microseconds of "[-]HHH:MM[:SS[.ffffff]]".
std::optional<std::int64_t> parse_time(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    std::int64_t parts[3] = {0, 0, 0};
    std::int64_t micros = 0;
    std::size_t part = 0;
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    for (; part < 3; ++part) {
        std::int32_t number = 0;
        const auto parsed = std::from_chars(at, end, number);
        if (parsed.ec != std::errc{} || number < 0) return std::nullopt;
        parts[part] = number;
        at = parsed.ptr;
        if (at == end || *at != ':') break;
        ++at;
    }
    if (part == 0) return std::nullopt;
    if (at != end && *at == '.') {
        std::int64_t unit = 100'000;
        for (++at; at != end && is_digit(*at); ++at, unit /= 10)
            micros += (*at - '0') * unit;
    }
    if (at != end) return std::nullopt;
    const auto sum = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1'000'000 + micros;
    return negative ? -sum : sum;
}

// The one way in which a date and time is written for comparison: no T, no Z, no trailing zeros,
// a date alone is its midnight.
std::string canonical_moment(std::string text) {
    std::ranges::replace(text, 'T', ' ');
    if (text.ends_with('Z')) text.pop_back();
    constexpr std::size_t date_size = 10;
    constexpr std::size_t minutes_size = 16;
    if (text.size() == date_size) text += " 00:00:00";
    if (text.size() == minutes_size) text += ":00";
    if (const auto dot = text.find('.'); dot != std::string::npos) {
        const auto last = text.find_last_not_of('0');
        text.erase(last == dot ? dot : last + 1);
    }
    return text;
}

std::partial_ordering compare_bytes(std::string_view left, std::string_view right) {
    return left.compare(right) <=> 0;
}

// Most numbers are small and whole.
std::optional<std::int64_t> parse_small_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return value;
}

order compare_numbers(const comparable& left, const comparable& right) {
    const auto small = parse_small_integer(left.text);
    const auto other = small ? parse_small_integer(right.text) : std::nullopt;
    if (small && other) return *small <=> *other;
    const auto a = parse_decimal(left.text);
    const auto b = parse_decimal(right.text);
    if (!a || !b) return std::nullopt;
    return compare_values(*a, *b);
}

order compare_known(const comparable& left, const comparable& right) {
    const auto either = [&](kind what) { return left.what == what || right.what == what; };
    if (either(kind::real)) return compare_reals(left, right);
    if (either(kind::number)) {
        if (either(kind::bytes) || either(kind::moment) || either(kind::time)) return std::nullopt;
        return compare_numbers(left, right);
    }
    if (either(kind::time)) {
        const auto a = parse_time(left.text);
        const auto b = parse_time(right.text);
        if (!a || !b) return std::nullopt;
        return *a <=> *b;
    }
    if (either(kind::moment))
        return compare_bytes(canonical_moment(left.text), canonical_moment(right.text));
    return compare_bytes(left.text, right.text);
}

// Behind the character that begins at `at`.
std::size_t after_character(std::string_view text, std::size_t at) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U)
        ++at;
    return at;
}

} // namespace

bool is_decimal_text(std::string_view text) {
    return parse_decimal(text).has_value();
}

std::strong_ordering compare_decimals(std::string_view left, std::string_view right) {
    return compare_values(parse_decimal(left).value_or(decimal{}),
                          parse_decimal(right).value_or(decimal{}));
}

order compare(const comparable& left, const comparable& right) {
    const auto unknown = [](const comparable& one) {
        return one.what == kind::absent || one.what == kind::null;
    };
    if (unknown(left) || unknown(right)) return std::nullopt;
    return compare_known(left, right);
}

// Goes back to the last % when a character does not fit: time is the product of both sizes at most.
bool matches_like(std::string_view text, std::string_view pattern) {
    std::size_t at = 0;
    std::size_t in_pattern = 0;
    std::size_t resume_text = 0;
    auto resume_pattern = std::string_view::npos;
    while (at < text.size()) {
        if (in_pattern < pattern.size() && pattern[in_pattern] == '%') {
            resume_pattern = ++in_pattern;
            resume_text = at;
            continue;
        }
        if (in_pattern < pattern.size() && pattern[in_pattern] == '_') {
            at = after_character(text, at);
            ++in_pattern;
            continue;
        }
        auto literal = in_pattern;
        if (literal + 1 < pattern.size() && pattern[literal] == '\\') ++literal;
        if (literal < pattern.size() && pattern[literal] == text[at]) {
            ++at;
            in_pattern = literal + 1;
            continue;
        }
        if (resume_pattern == std::string_view::npos) return false;
        resume_text = after_character(text, resume_text);
        at = resume_text;
        in_pattern = resume_pattern;
    }
    while (in_pattern < pattern.size() && pattern[in_pattern] == '%')
        ++in_pattern;
    return in_pattern == pattern.size();
}

} // namespace understudy::state
