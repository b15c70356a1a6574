#include "protocol/value/temporal_text.hpp"

#include "protocol/binlog/value_size.hpp"
#include "protocol/value/digits.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <chrono>
#include <string_view>

// The packed forms are those of the server's my_time.cc: TIME_from_longlong_*_packed.

namespace understudy::protocol {

namespace {

// Of the longest: a sign, a year of ten digits, a fraction of eight.
constexpr std::size_t text_max = 48;

// A fraction of `digits` digits from how many of its smallest steps there are: hundredths, ten
// thousandths or microseconds, in one, two or three bytes. Damaged bytes may have more digits.
char* put_fraction(char* to, std::uint64_t steps, unsigned digits) {
    if (digits == 0) {
        return to;
    }
    *to++ = '.';
    return put_number(to, digits % 2 == 0 ? steps : steps / 10, digits);
}

char* put_two_or_more_digits(char* to, std::uint64_t number) {
    return number < 100 ? put_two_digits(to, number) : put_number(to, number);
}

// minute and second are below 100.
char* put_clock(char* to, std::uint64_t hour, std::uint64_t minute, std::uint64_t second) {
    to = put_two_or_more_digits(to, hour);
    *to++ = ':';
    to = put_two_digits(to, minute);
    *to++ = ':';
    return put_two_digits(to, second);
}

// month and day are below 100.
char* put_day(char* to, std::uint64_t year, std::uint64_t month, std::uint64_t day) {
    if (year < 10'000) {
        to = put_two_digits(put_two_digits(to, year / 100), year % 100);
    } else {
        to = put_number(to, year);
    }
    *to++ = '-';
    to = put_two_digits(to, month);
    *to++ = '-';
    return put_two_digits(to, day);
}

// 17 bits: hour (more than 24 in TIME), minute, second.
char* put_packed_clock(char* to, std::uint64_t packed) {
    return put_clock(to, packed >> 12, packed >> 6 & 63, packed & 63);
}

// (year * 13 + month) << 5 | day
char* put_packed_day(char* to, std::uint64_t packed) {
    const auto months = packed >> 5;
    return put_day(to, months / 13, months % 13, packed & 31);
}

char* put_seconds_since_1970(char* to, std::uint32_t seconds) {
    const std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    to = put_day(to, static_cast<std::uint64_t>(static_cast<int>(date.year())),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    *to++ = ' ';
    const auto of_day = static_cast<std::uint64_t>((moment - day).count());
    return put_clock(to, of_day / 3600, of_day / 60 % 60, of_day % 60);
}

char* put_moment(char* to, std::uint32_t seconds, std::uint64_t steps, unsigned digits) {
    constexpr std::string_view zero = "0000-00-00 00:00:00";
    to = seconds == 0 && steps == 0 ? put_text(to, zero) : put_seconds_since_1970(to, seconds);
    return put_fraction(to, steps, digits);
}

struct magnitude_and_sign {
    std::uint64_t magnitude;
    bool negative;
};

magnitude_and_sign split(std::int64_t number) {
    const bool negative = number < 0;
    const auto bits = static_cast<std::uint64_t>(number);
    return {negative ? 0 - bits : bits, negative};
}

} // namespace

void append_date(std::string& out, std::uint32_t packed) {
    append_put(out, text_max,
               [&](char* to) { return put_day(to, packed >> 9, packed >> 5 & 15, packed & 31); });
}

void append_time(std::string& out, std::span<const std::byte> value, unsigned digits) {
    const auto bytes = fraction_size(digits);
    const auto fraction_bits = 8 * bytes;
    // Integer part and fraction are one number around an offset: the sign is that of the whole, and
    // a negative time has both parts complemented together.
    const auto whole = static_cast<std::int64_t>(byte_reader(value).big_endian(3 + bytes));
    const auto [magnitude, negative] = split(whole - (std::int64_t{0x800000} << fraction_bits));
    append_put(out, text_max, [&](char* to) {
        if (negative) *to++ = '-';
        to = put_packed_clock(to, magnitude >> fraction_bits & 0x3fffff);
        return put_fraction(to, magnitude & ((std::uint64_t{1} << fraction_bits) - 1), digits);
    });
}

void append_datetime(std::string& out, std::span<const std::byte> value, unsigned digits) {
    byte_reader in(value);
    const auto packed = in.u40_be() & 0x7f'ffff'ffff;
    const auto steps = in.big_endian(fraction_size(digits));
    append_put(out, text_max, [&](char* to) {
        to = put_packed_day(to, packed >> 17);
        *to++ = ' ';
        to = put_packed_clock(to, packed & 0x1ffff);
        return put_fraction(to, steps, digits);
    });
}

void append_timestamp(std::string& out, std::span<const std::byte> value, unsigned digits) {
    byte_reader in(value);
    const auto seconds = in.u32_be();
    const auto steps = in.big_endian(fraction_size(digits));
    append_put(out, text_max, [&](char* to) { return put_moment(to, seconds, steps, digits); });
}

void append_old_timestamp(std::string& out, std::uint32_t seconds) {
    append_put(out, text_max, [&](char* to) { return put_moment(to, seconds, 0, 0); });
}

void append_old_time(std::string& out, std::uint32_t packed) {
    constexpr std::uint32_t sign_bit = 0x800000;
    const bool negative = (packed & sign_bit) != 0;
    const auto magnitude = negative ? 2 * sign_bit - packed : packed;
    append_put(out, text_max, [&](char* to) {
        if (negative) *to++ = '-';
        return put_clock(to, magnitude / 10'000, magnitude / 100 % 100, magnitude % 100);
    });
}

void append_old_datetime(std::string& out, std::uint64_t packed) {
    const auto date = packed / 1'000'000;
    const auto time = packed % 1'000'000;
    append_put(out, text_max, [&](char* to) {
        to = put_day(to, date / 10'000, date / 100 % 100, date % 100);
        *to++ = ' ';
        return put_clock(to, time / 10'000, time / 100 % 100, time % 100);
    });
}

void append_json_time(std::string& out, std::int64_t packed) {
    const auto [magnitude, negative] = split(packed);
    append_put(out, text_max, [&](char* to) {
        if (negative) *to++ = '-';
        to = put_packed_clock(to, magnitude >> 24 & 0x3fffff);
        return put_fraction(to, magnitude & 0xffffff, 6);
    });
}

void append_json_date(std::string& out, std::int64_t packed) {
    append_put(out, text_max,
               [&](char* to) { return put_packed_day(to, split(packed).magnitude >> 41); });
}

void append_json_datetime(std::string& out, std::int64_t packed) {
    const auto magnitude = split(packed).magnitude;
    append_put(out, text_max, [&](char* to) {
        to = put_packed_day(to, magnitude >> 41);
        *to++ = ' ';
        to = put_packed_clock(to, magnitude >> 24 & 0x1ffff);
        return put_fraction(to, magnitude & 0xffffff, 6);
    });
}

} // namespace understudy::protocol
