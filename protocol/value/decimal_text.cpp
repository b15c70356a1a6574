#include "protocol/value/decimal_text.hpp"

#include "protocol/assert.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/value/digits.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <cstddef>
#include <cstdint>

// Groups of 9 digits in 4 bytes, big-endian; the incomplete group is first before the point and
// last after it. The first bit is inverted, and all bits of negative numbers are (decimal.cc of the
// server, decimal2bin).

namespace understudy::protocol {

namespace {

constexpr unsigned group_digits = 9;
constexpr unsigned precision_max = 81; // of decimal.cc; columns have 65

// A group of `count` digits; more are in damaged bytes only.
std::uint64_t within(std::uint64_t group, unsigned count) {
    return group < powers_of_ten[count] ? group : group % powers_of_ten[count];
}

// The groups one after another, without the sign.
class group_reader {
public:
    group_reader(std::span<const std::byte> digits, bool negative)
        : in_(digits), inverted_(negative ? ~std::uint64_t{0} : 0) {}

    std::uint64_t next(unsigned digits) {
        const auto bits = 8U * decimal_digit_bytes[digits];
        const auto group = in_.big_endian(bits / 8) ^ inverted_;
        const auto plain = is_first_ ? group ^ std::uint64_t{1} << (bits - 1) : group;
        is_first_ = false;
        return within(plain & ((std::uint64_t{1} << bits) - 1), digits);
    }

private:
    byte_reader in_;
    std::uint64_t inverted_;
    bool is_first_ = true; // its first bit is the sign
};

char* put_integer(char* to, group_reader& in, unsigned digits) {
    char* const start = to;
    unsigned count = digits % group_digits == 0 ? group_digits : digits % group_digits;
    for (; digits != 0; digits -= count, count = group_digits) {
        const auto group = in.next(count);
        if (to != start) {
            to = put_digits(to, group, count);
        } else if (group != 0) {
            to = put_number(to, group);
        }
    }
    if (to == start) *to++ = '0';
    return to;
}

char* put_fraction(char* to, group_reader& in, unsigned digits) {
    if (digits == 0) {
        return to;
    }
    *to++ = '.';
    for (; digits >= group_digits; digits -= group_digits) {
        to = put_digits(to, in.next(group_digits), group_digits);
    }
    return digits == 0 ? to : put_digits(to, in.next(digits), digits);
}

} // namespace

void append_decimal(std::string& out, std::span<const std::byte> digits, unsigned precision,
                    unsigned scale) {
    UNDERSTUDY_ASSERT(scale <= precision && precision <= precision_max);
    const unsigned integer_digits = precision - scale;
    UNDERSTUDY_ASSERT(digits.size() ==
                      decimal_digits_size(integer_digits) + decimal_digits_size(scale));
    if (digits.empty()) {
        out += '0';
        return;
    }
    constexpr std::byte sign_bit{0x80};
    const bool negative = (digits.front() & sign_bit) == std::byte{0};
    append_put(out, precision_max + 3, [&](char* to) {
        group_reader in(digits, negative);
        if (negative) *to++ = '-';
        return put_fraction(put_integer(to, in, integer_digits), in, scale);
    });
}

} // namespace understudy::protocol
