#include "snapshot/key_midpoint.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace understudy::snapshot {

namespace {

// Wide enough for differences of BIGINT and BIGINT UNSIGNED values, and for eight bytes.
__extension__ using wide = __int128;

std::optional<wide> parse_wide(std::string_view text) {
    constexpr std::size_t digits_max = 30;
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    if (text.empty() || text.size() > digits_max) return std::nullopt;
    wide value = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    return is_negative ? -value : value;
}

std::string print_wide(wide value) {
    if (value == 0) return "0";
    std::string digits;
    for (wide rest = value < 0 ? -value : value; rest > 0; rest /= 10)
        digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    return value < 0 ? "-" + digits : digits;
}

// Of DECIMAL what stands before the point.
std::optional<std::string> between_numbers(std::string_view low, std::string_view high) {
    const auto from = parse_wide(low.substr(0, low.find('.')));
    const auto to = parse_wide(high.substr(0, high.find('.')));
    if (!from || !to || *to <= *from) return std::nullopt;
    return print_wide(*from + (*to - *from) / 2);
}

std::optional<double> parse_double(std::string_view text) {
    double value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::string> between_doubles(std::string_view low, std::string_view high) {
    const auto from = parse_double(low);
    const auto to = parse_double(high);
    if (!from || !to) return std::nullopt;
    const double middle = *from / 2 + *to / 2;
    if (!(*from < middle && middle < *to)) return std::nullopt;
    return fmt::format("{}", middle);
}

// "2026-01-02", "2026-01-02 03:04:05", with or without a fraction.
std::optional<std::chrono::sys_seconds> parse_time(std::string_view text) {
    const auto part = [text](std::size_t at, std::size_t size) -> int {
        int value = -1;
        if (at + size <= text.size()) std::from_chars(&text[at], &text[at] + size, value);
        return value;
    };
    const std::chrono::year_month_day day{std::chrono::year(part(0, 4)),
                                          std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                          std::chrono::day(static_cast<unsigned>(part(8, 2)))};
    if (!day.ok()) return std::nullopt;
    const std::chrono::sys_seconds start = std::chrono::sys_days(day);
    constexpr std::size_t date_size = 10;
    if (text.size() == date_size) return start;
    return start + std::chrono::hours(part(11, 2)) + std::chrono::minutes(part(14, 2)) +
           std::chrono::seconds(part(17, 2));
}

std::optional<std::string> between_times(const column& one, std::string_view low,
                                         std::string_view high) {
    const bool is_date = one.data_type == "date";
    if (!is_date && one.data_type != "datetime" && one.data_type != "timestamp")
        return std::nullopt;
    const auto from = parse_time(low);
    const auto to = parse_time(high);
    if (!from || !to) return std::nullopt;
    auto middle = *from + (*to - *from) / 2;
    if (is_date) middle = std::chrono::floor<std::chrono::days>(middle);
    if (middle < *from || middle >= *to) return std::nullopt;
    return is_date ? fmt::format("{:%Y-%m-%d}", middle)
                   : fmt::format("{:%Y-%m-%d %H:%M:%S}", middle);
}

// The first characters of a text as digits of a number. Which they are is a guess, made for the
// common case: under most collations digits come before letters, whose case makes no difference.
class digits {
public:
    enum class kind : std::uint8_t { bytes, ordered, folded };
    explicit digits(kind of) : kind_(of) {}
    static digits of(const column& one) {
        if (one.kind == value_kind::bytes) return digits(kind::bytes);
        const std::string_view name = one.collation;
        return digits(name.ends_with("_bin") ? kind::ordered : kind::folded);
    }

    [[nodiscard]] wide number_of(std::string_view text) const {
        wide number = 0;
        for (std::size_t i = 0; i < count; ++i)
            number = number * base() + (i < text.size() ? digit_of(text[i]) : 0);
        return number;
    }
    [[nodiscard]] std::string text_of(wide number) const {
        std::string text(count, '\0');
        for (std::size_t i = count; i-- > 0; number /= base())
            text[i] = character_of(static_cast<unsigned>(number % base()));
        return text;
    }

private:
    static constexpr std::size_t count = 8;
    static constexpr unsigned first_printable = 0x20;
    static constexpr unsigned last_printable = 0x7e;

    [[nodiscard]] unsigned base() const {
        static constexpr std::array<unsigned, 3> bases{256, last_printable - first_printable + 1,
                                                       36};
        return bases[static_cast<std::size_t>(kind_)];
    }
    [[nodiscard]] unsigned digit_of(char character) const {
        const auto byte = static_cast<unsigned char>(character);
        if (kind_ == kind::bytes) return byte;
        if (kind_ == kind::ordered)
            return std::clamp<unsigned>(byte, first_printable, last_printable) - first_printable;
        if (byte < '0') return 0;
        if (byte <= '9') return byte - '0';
        if (byte < 'A') return 9;
        if (byte <= 'Z') return byte - 'A' + 10;
        if (byte < 'a') return 35;
        return std::min<unsigned>(byte, 'z') - 'a' + 10;
    }
    [[nodiscard]] char character_of(unsigned digit) const {
        if (kind_ == kind::bytes) return static_cast<char>(digit);
        if (kind_ == kind::ordered) return static_cast<char>(digit + first_printable);
        return static_cast<char>(digit < 10 ? '0' + digit : 'a' + digit - 10);
    }

    kind kind_;
};

// Of UTF-8 it is seen in front of which bytes a character begins.
bool may_cut_character(const column& one, std::string_view low, std::string_view high,
                       std::size_t at) {
    const auto byte = [](std::string_view text, std::size_t place) {
        return place < text.size() ? static_cast<unsigned char>(text[place]) : 0U;
    };
    constexpr unsigned ascii_end = 0x80;
    constexpr unsigned first_bits = 0xc0;
    if (!one.charset.starts_with("utf8")) return byte(low, at - 1) >= ascii_end;
    return (byte(low, at) & first_bits) == ascii_end || (byte(high, at) & first_bits) == ascii_end;
}

std::optional<std::string> between_texts(const column& one, std::string_view low,
                                         std::string_view high) {
    for (const std::string_view wide_charset : {"ucs2", "utf16", "utf32"}) {
        if (one.charset.starts_with(wide_charset)) return std::nullopt;
    }
    auto same = static_cast<std::size_t>(std::ranges::mismatch(low, high).in1 - low.begin());
    while (same > 0 && one.kind == value_kind::text && may_cut_character(one, low, high, same))
        --same;
    const auto in = digits::of(one);
    const wide from = in.number_of(low.substr(same));
    const wide to = in.number_of(high.substr(same));
    if (to <= from) return std::nullopt;
    return std::string(low.substr(0, same)) + in.text_of(from + (to - from) / 2);
}

} // namespace

std::optional<std::string> key_midpoint(const column& one, const std::string& low,
                                        const std::string& high) {
    switch (one.kind) {
    case value_kind::number:
    case value_kind::bits: return between_numbers(low, high);
    case value_kind::floating: return between_doubles(low, high);
    case value_kind::temporal: return between_times(one, low, high);
    case value_kind::text:
    case value_kind::bytes: return between_texts(one, low, high);
    default: return std::nullopt;
    }
}

} // namespace understudy::snapshot
