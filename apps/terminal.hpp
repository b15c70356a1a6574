#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace understudy::apps {

struct terminal_size {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

// Standard output is a terminal that can move its cursor.
[[nodiscard]] bool is_terminal_capable();
[[nodiscard]] terminal_size read_terminal_size();
// NO_COLOR (https://no-color.org) is not set.
[[nodiscard]] bool is_colour_wanted();

// Redraws a few lines in place on standard output. The cursor is hidden as long as this lives and
// comes back with the destructor, or with restore_cursor() before a sudden exit. One thread.
class in_place_writer {
public:
    in_place_writer();
    ~in_place_writer();
    in_place_writer(const in_place_writer&) = delete;
    in_place_writer& operator=(const in_place_writer&) = delete;

    void draw(const std::vector<std::string>& lines, terminal_size size);

private:
    // Columns of each line on the screen now: when the terminal gets narrower they wrap, and take
    // more rows.
    std::vector<std::size_t> drawn_;
};

// What an in_place_writer must do at the end; safe to call at any time and from a signal's
// aftermath.
void restore_cursor();

// The bytes that redraw: up over what was drawn, each line cleared, the rest of the screen cleared.
// Pure.
[[nodiscard]] std::string redraw_text(const std::vector<std::size_t>& drawn,
                                      const std::vector<std::string>& lines, terminal_size size);

// Columns of a line with its colours left out. Pure.
[[nodiscard]] std::size_t visible_columns(const std::string& line);

} // namespace understudy::apps
