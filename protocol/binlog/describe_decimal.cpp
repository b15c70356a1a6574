#include "protocol/binlog/describe_decimal.hpp"

#include "protocol/assert.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <vector>

// Groups of 9 digits in 4 bytes, big-endian; the incomplete group is first before the point and
// last after it. The first bit is inverted, and all bits of negative numbers are (decimal.cc of the
// server, decimal2bin).

namespace understudy::protocol {

namespace {

constexpr unsigned group_digits = 9;

void append_group(std::string& out, byte_reader& in, unsigned digits) {
    if (digits == 0) {
        return;
    }
    const auto text = std::to_string(in.big_endian(decimal_digit_bytes[digits]));
    out.append(digits > text.size() ? digits - text.size() : 0, '0');
    out += text;
}

std::string without_leading_zeros(const std::string& digits) {
    const auto first = digits.find_first_not_of('0');
    return first == std::string::npos ? "0" : digits.substr(first);
}

} // namespace

std::string describe_decimal(std::span<const std::byte> digits, unsigned precision,
                             unsigned scale) {
    const unsigned integer_digits = precision - scale;
    UNDERSTUDY_ASSERT(scale <= precision);
    UNDERSTUDY_ASSERT(digits.size() ==
                      decimal_digits_size(integer_digits) + decimal_digits_size(scale));
    if (digits.empty()) {
        return "0";
    }
    constexpr std::byte sign_bit{0x80};
    const bool negative = (digits.front() & sign_bit) == std::byte{0};
    std::vector<std::byte> plain(digits.begin(), digits.end());
    plain.front() ^= sign_bit;
    if (negative) {
        for (auto& byte : plain) {
            byte = ~byte;
        }
    }
    byte_reader in(plain);
    std::string integer;
    append_group(integer, in, integer_digits % group_digits);
    for (unsigned i = 0; i < integer_digits / group_digits; ++i) {
        append_group(integer, in, group_digits);
    }
    std::string fraction;
    for (unsigned i = 0; i < scale / group_digits; ++i) {
        append_group(fraction, in, group_digits);
    }
    append_group(fraction, in, scale % group_digits);
    const auto number = without_leading_zeros(integer) + (scale == 0 ? "" : "." + fraction);
    return negative ? "-" + number : number;
}

} // namespace understudy::protocol
