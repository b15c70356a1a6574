#include "protocol/gtid/gtid_text.hpp"

#include <algorithm>
#include <charconv>

namespace understudy::protocol {

std::string_view without_blanks_around(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::int64_t> parse_gtid_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1 ||
        number > largest_gtid_number) {
        return std::nullopt;
    }
    return number;
}

std::optional<std::string> parse_gtid_tag(std::string_view text) {
    constexpr std::size_t tag_size_max = 32;
    if (text.empty() || text.size() > tag_size_max) {
        return std::nullopt;
    }
    std::string tag(text);
    std::ranges::transform(tag, tag.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!is_letter(tag.front()) ||
        !std::ranges::all_of(tag, [&](char c) { return is_letter(c) || is_digit(c); })) {
        return std::nullopt;
    }
    return tag;
}

std::string_view take_until(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto taken = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return taken;
}

} // namespace understudy::protocol
