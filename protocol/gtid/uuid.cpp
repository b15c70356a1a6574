#include "protocol/gtid/uuid.hpp"

#include "protocol/errc.hpp"

namespace understudy::protocol {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

constexpr bool dash_before_byte(std::size_t index) {
    return index == 4 || index == 6 || index == 8 || index == 10;
}

std::unexpected<error> not_a_uuid(std::string_view text) {
    return fail(errc::malformed, "'" + std::string(text.substr(0, 64)) + "' is not a UUID");
}

} // namespace

result<uuid> uuid::parse(std::string_view text) {
    auto digits = text;
    if (digits.size() >= 2 && digits.front() == '{' && digits.back() == '}') {
        digits = digits.substr(1, digits.size() - 2);
    }
    const bool dashed = digits.size() == 36;
    if (!dashed && digits.size() != 32) {
        return not_a_uuid(text);
    }
    uuid parsed;
    std::size_t at = 0;
    for (std::size_t i = 0; i < parsed.bytes.size(); ++i) {
        if (dashed && dash_before_byte(i) && digits[at++] != '-') {
            return not_a_uuid(text);
        }
        const int high = hex_value(digits[at]);
        const int low = hex_value(digits[at + 1]);
        if (high < 0 || low < 0) {
            return not_a_uuid(text);
        }
        parsed.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return parsed;
}

std::string uuid::to_string() const {
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (dash_before_byte(i)) {
            text += '-';
        }
        text += hex_digits[bytes[i] >> 4];
        text += hex_digits[bytes[i] & 15];
    }
    return text;
}

} // namespace understudy::protocol
