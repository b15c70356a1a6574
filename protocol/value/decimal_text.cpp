#include "protocol/value/decimal_text.hpp"

#include "protocol/assert.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>

// Groups of 9 digits in 4 bytes, big-endian; the incomplete group is first before the point and
// last after it. The first bit is inverted, and all bits of negative numbers are (decimal.cc of the
// server, decimal2bin).

namespace understudy::protocol {

namespace {

constexpr unsigned group_digits = 9;
constexpr unsigned precision_max = 81; // of decimal.cc; columns have 65
constexpr std::size_t bytes_max = decimal_digits_size(precision_max) + 4;

class digit_buffer {
public:
    void group(std::uint64_t number, unsigned digits) {
        for (unsigned i = digits; i-- > 0; number /= 10) {
            text_[size_ + i] = static_cast<char>('0' + number % 10);
        }
        size_ += digits;
    }
    [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

private:
    std::array<char, precision_max + 1> text_{};
    std::size_t size_ = 0;
};

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
    const std::byte mask = negative ? std::byte{0xff} : std::byte{0};
    std::array<std::byte, bytes_max> plain{};
    std::ranges::transform(digits, plain.begin(), [&](std::byte byte) { return byte ^ mask; });
    plain.front() ^= sign_bit;

    byte_reader in(std::span(plain).first(digits.size()));
    digit_buffer buffer;
    const auto read_groups = [&](unsigned count) {
        for (; count >= group_digits; count -= group_digits) {
            buffer.group(in.big_endian(4), group_digits);
        }
    };
    buffer.group(in.big_endian(decimal_digit_bytes[integer_digits % group_digits]),
                 integer_digits % group_digits);
    read_groups(integer_digits - integer_digits % group_digits);
    read_groups(scale);
    buffer.group(in.big_endian(decimal_digit_bytes[scale % group_digits]), scale % group_digits);

    const auto integer = buffer.text().substr(0, integer_digits);
    const auto first = std::min(integer.find_first_not_of('0'), integer.size());
    out += negative ? "-" : "";
    out += first == integer.size() ? "0" : integer.substr(first);
    if (scale != 0) {
        out += '.';
        out += buffer.text().substr(integer_digits);
    }
}

} // namespace understudy::protocol
