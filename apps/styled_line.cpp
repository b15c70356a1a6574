#include "apps/styled_line.hpp"

#include <algorithm>

namespace understudy::apps {

namespace {

struct character {
    char32_t code = 0;
    std::size_t size = 1;
};

// Bytes that are no UTF-8 come out as U+FFFD, one each.
character first_character(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {0xFFFD, 1};
    char32_t code = lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {0xFFFD, 1};
        code = (code << 6U) | (byte(i) & 0x3FU);
    }
    return {code, size};
}

std::size_t columns_of(char32_t code) {
    if (code >= 0x300 && code <= 0x36F) return 0; // combining marks
    const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                      (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                      (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                      (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
    return wide ? 2 : 1;
}

// C0, DEL, C1 and the marks that reorder text.
bool steers_the_terminal(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

std::string repeated(std::string_view piece, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += piece;
    return text;
}

} // namespace

std::string_view style_begin(style how) {
    switch (how) {
    case style::plain: return "";
    case style::bold: return "\x1b[1m";
    case style::dim: return "\x1b[2m";
    case style::good: return "\x1b[32m";
    case style::warning: return "\x1b[33m";
    case style::bad: return "\x1b[31m";
    case style::accent: return "\x1b[36m";
    }
    return "";
}

std::string_view style_end(style how) {
    return how == style::plain ? "" : "\x1b[0m";
}

std::size_t text_columns(std::string_view utf8) {
    std::size_t columns = 0;
    while (!utf8.empty()) {
        const character next = first_character(utf8);
        columns += columns_of(next.code);
        utf8.remove_prefix(next.size);
    }
    return columns;
}

std::string fit(std::string_view utf8, std::size_t columns) {
    const bool cut = text_columns(utf8) > columns;
    if (cut && columns == 0) return {};
    const std::size_t room = cut ? columns - 1 : columns;
    std::string text;
    std::size_t used = 0;
    while (!utf8.empty()) {
        const character next = first_character(utf8);
        used += columns_of(next.code);
        if (used > room) break;
        if (steers_the_terminal(next.code))
            text += ' ';
        else if (next.code == 0xFFFD)
            text += "\uFFFD";
        else
            text += utf8.substr(0, next.size);
        utf8.remove_prefix(next.size);
    }
    if (cut) text += "…";
    return text;
}

styled_line& styled_line::add(std::string_view text, style how) {
    const std::string shown = fit(text, columns_ - used_);
    if (shown.empty()) return *this;
    used_ += text_columns(shown);
    const std::string_view escape = colour_ ? style_begin(how) : "";
    text_ += escape;
    text_ += shown;
    if (!escape.empty()) text_ += "\x1b[0m";
    return *this;
}

styled_line& styled_line::add_left(std::string_view text, std::size_t field, style how) {
    const std::string shown = fit(text, field);
    add(shown, how);
    return add(std::string(field - text_columns(shown), ' '));
}

styled_line& styled_line::add_right(std::string_view text, std::size_t field, style how) {
    const std::string shown = fit(text, field);
    add(std::string(field - text_columns(shown), ' '));
    return add(shown, how);
}

styled_line& styled_line::to_column(std::size_t column) {
    if (column > used_) add(std::string(column - used_, ' '));
    return *this;
}

styled_line& styled_line::at_right_edge(std::string_view text, style how) {
    const std::size_t size = text_columns(text);
    if (used_ + 1 + size > columns_) return *this;
    return to_column(columns_ - size).add(text, how);
}

styled_line& styled_line::add_bar(std::size_t field, std::uint64_t part, std::uint64_t whole) {
    const double share =
        whole == 0 ? 1.0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(field));
    add(repeated("━", filled), filled == field ? style::good : style::accent);
    return add(repeated(colour_ ? "━" : "·", field - filled), style::dim);
}

} // namespace understudy::apps
