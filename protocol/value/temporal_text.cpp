#include "protocol/value/temporal_text.hpp"

#include "protocol/binlog/value_size.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <array>
#include <chrono>

// The packed forms are those of the server's my_time.cc: TIME_from_longlong_*_packed.

namespace understudy::protocol {

namespace {

// At least `width` digits.
void append_number(std::string& out, std::uint64_t number, unsigned width) {
    std::array<char, 20> text{};
    auto first = text.size();
    while (number != 0 || text.size() - first < width) {
        text[--first] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
    out.append(text.data() + first, text.size() - first);
}

void append_fraction(std::string& out, std::uint64_t microseconds, unsigned digits) {
    if (digits == 0) {
        return;
    }
    out += '.';
    for (unsigned i = digits; i < 6; ++i) {
        microseconds /= 10;
    }
    append_number(out, microseconds, digits);
}

// Numbers below 100.
void put_two_digits(char* to, std::uint64_t number) {
    to[0] = static_cast<char>('0' + number / 10);
    to[1] = static_cast<char>('0' + number % 10);
}

void append_clock(std::string& out, std::uint64_t hour, std::uint64_t minute,
                  std::uint64_t second) {
    if (hour < 100 && minute < 100 && second < 100) {
        std::array<char, 8> text{'0', '0', ':', '0', '0', ':', '0', '0'};
        put_two_digits(text.data(), hour);
        put_two_digits(text.data() + 3, minute);
        put_two_digits(text.data() + 6, second);
        out.append(text.data(), text.size());
        return;
    }
    append_number(out, hour, 2);
    out += ':';
    append_number(out, minute, 2);
    out += ':';
    append_number(out, second, 2);
}

void append_day(std::string& out, std::uint64_t year, std::uint64_t month, std::uint64_t day) {
    if (year < 10'000 && month < 100 && day < 100) {
        std::array<char, 10> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0'};
        put_two_digits(text.data(), year / 100);
        put_two_digits(text.data() + 2, year % 100);
        put_two_digits(text.data() + 5, month);
        put_two_digits(text.data() + 8, day);
        out.append(text.data(), text.size());
        return;
    }
    append_number(out, year, 4);
    out += '-';
    append_number(out, month, 2);
    out += '-';
    append_number(out, day, 2);
}

// What one step of a fraction of so many bytes is worth in microseconds.
constexpr std::uint32_t microseconds_per_step(std::size_t bytes) {
    return bytes == 1 ? 10'000 : bytes == 2 ? 100 : 1;
}

std::uint64_t read_fraction(byte_reader& in, unsigned digits) {
    const auto bytes = fraction_size(digits);
    return in.big_endian(bytes) * microseconds_per_step(bytes);
}

// 17 bits: hour (more than 24 in TIME), minute, second.
void append_packed_clock(std::string& out, std::uint64_t packed) {
    append_clock(out, packed >> 12, packed >> 6 & 63, packed & 63);
}

// (year * 13 + month) << 5 | day
void append_packed_day(std::string& out, std::uint64_t packed) {
    const auto months = packed >> 5;
    append_day(out, months / 13, months % 13, packed & 31);
}

void append_seconds_since_1970(std::string& out, std::uint32_t seconds) {
    const std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    append_day(out, static_cast<std::uint64_t>(static_cast<int>(date.year())),
               static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    out += ' ';
    const auto of_day = static_cast<std::uint64_t>((moment - day).count());
    append_clock(out, of_day / 3600, of_day / 60 % 60, of_day % 60);
}

void append_moment(std::string& out, std::uint32_t seconds, std::uint64_t microseconds,
                   unsigned digits) {
    if (seconds == 0 && microseconds == 0) {
        out += "0000-00-00 00:00:00";
    } else {
        append_seconds_since_1970(out, seconds);
    }
    append_fraction(out, microseconds, digits);
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
    append_day(out, packed >> 9, packed >> 5 & 15, packed & 31);
}

void append_time(std::string& out, std::span<const std::byte> value, unsigned digits) {
    const auto bytes = fraction_size(digits);
    const auto fraction_bits = 8 * bytes;
    // Integer part and fraction are one number around an offset: the sign is that of the whole, and
    // a negative time has both parts complemented together.
    const auto whole = static_cast<std::int64_t>(byte_reader(value).big_endian(3 + bytes));
    const auto [magnitude, negative] = split(whole - (std::int64_t{0x800000} << fraction_bits));
    out += negative ? "-" : "";
    append_packed_clock(out, magnitude >> fraction_bits & 0x3fffff);
    append_fraction(
        out, (magnitude & ((std::uint64_t{1} << fraction_bits) - 1)) * microseconds_per_step(bytes),
        digits);
}

void append_datetime(std::string& out, std::span<const std::byte> value, unsigned digits) {
    byte_reader in(value);
    const auto packed = in.u40_be() & 0x7f'ffff'ffff;
    append_packed_day(out, packed >> 17);
    out += ' ';
    append_packed_clock(out, packed & 0x1ffff);
    append_fraction(out, read_fraction(in, digits), digits);
}

void append_timestamp(std::string& out, std::span<const std::byte> value, unsigned digits) {
    byte_reader in(value);
    const auto seconds = in.u32_be();
    append_moment(out, seconds, read_fraction(in, digits), digits);
}

void append_old_timestamp(std::string& out, std::uint32_t seconds) {
    append_moment(out, seconds, 0, 0);
}

void append_old_time(std::string& out, std::uint32_t packed) {
    constexpr std::uint32_t sign_bit = 0x800000;
    const bool negative = (packed & sign_bit) != 0;
    const auto magnitude = negative ? 2 * sign_bit - packed : packed;
    out += negative ? "-" : "";
    append_clock(out, magnitude / 10'000, magnitude / 100 % 100, magnitude % 100);
}

void append_old_datetime(std::string& out, std::uint64_t packed) {
    const auto date = packed / 1'000'000;
    const auto time = packed % 1'000'000;
    append_day(out, date / 10'000, date / 100 % 100, date % 100);
    out += ' ';
    append_clock(out, time / 10'000, time / 100 % 100, time % 100);
}

void append_json_time(std::string& out, std::int64_t packed) {
    const auto [magnitude, negative] = split(packed);
    out += negative ? "-" : "";
    append_packed_clock(out, magnitude >> 24 & 0x3fffff);
    append_fraction(out, magnitude & 0xffffff, 6);
}

void append_json_date(std::string& out, std::int64_t packed) {
    append_packed_day(out, split(packed).magnitude >> 41);
}

void append_json_datetime(std::string& out, std::int64_t packed) {
    const auto magnitude = split(packed).magnitude;
    append_packed_day(out, magnitude >> 41);
    out += ' ';
    append_packed_clock(out, magnitude >> 24 & 0x1ffff);
    append_fraction(out, magnitude & 0xffffff, 6);
}

} // namespace understudy::protocol
