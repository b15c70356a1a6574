#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::apps {

enum class style : std::uint8_t { plain, bold, dim, good, warning, bad, accent };

// Columns that UTF-8 text takes on a terminal: wide characters (CJK) count two, combining ones
// none.
[[nodiscard]] std::size_t text_columns(std::string_view utf8);

// The text without control characters (a table's name must not steer the terminal), cut to so many
// columns with an ellipsis.
[[nodiscard]] std::string fit(std::string_view utf8, std::size_t columns);

// What switches a style on and off on a terminal; both empty for plain.
[[nodiscard]] std::string_view style_begin(style how);
[[nodiscard]] std::string_view style_end(style how);

// One line of the display, never wider than the terminal: what does not fit is cut. Pure.
class styled_line {
public:
    styled_line(std::size_t columns, bool colour) : columns_(columns), colour_(colour) {}

    styled_line& add(std::string_view text, style how = style::plain);
    // Left-aligned or right-aligned in a field of so many columns.
    styled_line& add_left(std::string_view text, std::size_t field, style how = style::plain);
    styled_line& add_right(std::string_view text, std::size_t field, style how = style::plain);
    // Blanks up to this column; nothing if the line is there already.
    styled_line& to_column(std::size_t column);
    // At the right edge, if there is room for it and a blank.
    styled_line& at_right_edge(std::string_view text, style how = style::plain);
    // A bar of so many columns, filled in proportion.
    styled_line& add_bar(std::size_t field, std::uint64_t part, std::uint64_t whole);

    [[nodiscard]] std::size_t used() const { return used_; }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::size_t columns_;
    bool colour_;
    std::size_t used_ = 0;
    std::string text_;
};

} // namespace understudy::apps
