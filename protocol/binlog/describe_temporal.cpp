#include "protocol/binlog/describe_temporal.hpp"

#include "protocol/binlog/value_size.hpp"

#include <fmt/format.h>

#include <chrono>

// The packed forms are those of the server's my_time.cc: TIME_from_longlong_*_packed.

namespace understudy::protocol {

namespace {

std::string fraction_text(std::uint32_t microseconds, unsigned digits) {
    return digits == 0 ? "" : fmt::format(".{:06}", microseconds).substr(0, digits + 1);
}

std::string datetime_text(std::uint64_t year, std::uint64_t month, std::uint64_t day,
                          std::uint64_t hour, std::uint64_t minute, std::uint64_t second) {
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year, month, day, hour, minute,
                       second);
}

// What one step of a fraction of so many bytes is worth in microseconds.
constexpr std::uint32_t microseconds_per_step(std::size_t bytes) {
    return bytes == 1 ? 10'000 : bytes == 2 ? 100 : 1;
}

} // namespace

std::uint32_t read_fraction(byte_reader& in, unsigned digits) {
    const auto bytes = fraction_size(digits);
    return static_cast<std::uint32_t>(in.big_endian(bytes)) *
           (bytes == 0 ? 0 : microseconds_per_step(bytes));
}

std::string describe_date(std::uint32_t packed) {
    return fmt::format("'{:04}-{:02}-{:02}'", packed >> 9, packed >> 5 & 15, packed & 31);
}

std::string describe_time(std::span<const std::byte> value, unsigned digits) {
    const auto bytes = fraction_size(digits);
    const auto fraction_bits = 8 * bytes;
    // Integer part and fraction are one number around an offset: the sign is that of the whole, and
    // a negative time has both parts complemented together.
    const auto whole = static_cast<std::int64_t>(byte_reader(value).big_endian(3 + bytes));
    const auto number = whole - (std::int64_t{0x800000} << fraction_bits);
    const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -number : number);
    const auto hms = magnitude >> fraction_bits;
    const auto steps = magnitude & ((std::uint64_t{1} << fraction_bits) - 1);
    const auto microseconds =
        bytes == 0 ? 0 : static_cast<std::uint32_t>(steps) * microseconds_per_step(bytes);
    return fmt::format("'{}{:02}:{:02}:{:02}{}'", number < 0 ? "-" : "", hms >> 12 & 0x3ff,
                       hms >> 6 & 63, hms & 63, fraction_text(microseconds, digits));
}

std::string describe_datetime(std::span<const std::byte> value, unsigned digits) {
    byte_reader in(value);
    const auto packed = in.u40_be() & 0x7f'ffff'ffff;
    const auto microseconds = read_fraction(in, digits);
    const auto months = packed >> 22;
    return "'" +
           datetime_text(months / 13, months % 13, packed >> 17 & 31, packed >> 12 & 31,
                         packed >> 6 & 63, packed & 63) +
           fraction_text(microseconds, digits) + "'";
}

std::string describe_timestamp(std::uint32_t seconds, std::uint32_t microseconds, unsigned digits) {
    if (seconds == 0 && microseconds == 0) {
        return "'0000-00-00 00:00:00" + fraction_text(0, digits) + "'";
    }
    const std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(moment - day);
    return "'" +
           datetime_text(static_cast<std::uint64_t>(static_cast<int>(date.year())),
                         static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                         static_cast<std::uint64_t>(time.hours().count()),
                         static_cast<std::uint64_t>(time.minutes().count()),
                         static_cast<std::uint64_t>(time.seconds().count())) +
           fraction_text(microseconds, digits) + "'";
}

std::string describe_old_time(std::uint32_t packed) {
    constexpr std::uint32_t sign_bit = 0x800000;
    const bool negative = (packed & sign_bit) != 0;
    const auto magnitude = negative ? 2 * sign_bit - packed : packed;
    return fmt::format("'{}{:02}:{:02}:{:02}'", negative ? "-" : "", magnitude / 10'000,
                       magnitude / 100 % 100, magnitude % 100);
}

std::string describe_old_datetime(std::uint64_t packed) {
    const auto date = packed / 1'000'000;
    const auto time = packed % 1'000'000;
    return "'" +
           datetime_text(date / 10'000, date / 100 % 100, date % 100, time / 10'000,
                         time / 100 % 100, time % 100) +
           "'";
}

} // namespace understudy::protocol
