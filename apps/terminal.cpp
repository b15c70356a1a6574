#include "apps/terminal.hpp"

#include "apps/styled_line.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace understudy::apps {

namespace {

// A terminal that is gone is noticed by the signal it sends, not here.
void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

bool is_terminal_capable() {
    const char* kind = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

terminal_size read_terminal_size() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return {};
    return {.columns = size.ws_col, .rows = size.ws_row};
}

bool is_colour_wanted() {
    const char* refused = std::getenv("NO_COLOR");
    return refused == nullptr || *refused == '\0';
}

in_place_writer::in_place_writer() {
    write_all("\x1b[?25l");
}

in_place_writer::~in_place_writer() {
    restore_cursor();
}

void in_place_writer::draw(const std::vector<std::string>& lines, terminal_size size) {
    write_all(redraw_text(drawn_, lines, size));
    drawn_.clear();
    for (const std::string& line : lines)
        drawn_.push_back(visible_columns(line));
}

void restore_cursor() {
    write_all("\x1b[?25h");
}

std::string redraw_text(const std::vector<std::size_t>& drawn,
                        const std::vector<std::string>& lines, terminal_size size) {
    std::size_t rows_up = 0;
    for (const std::size_t columns : drawn)
        rows_up += std::max<std::size_t>(1, (columns + size.columns - 1) / size.columns);
    std::string text = "\r";
    if (rows_up > 0) text += "\x1b[" + std::to_string(rows_up) + "A";
    // Cleared first: behind a line that fills the terminal the cursor still stands on its last
    // character.
    for (const std::string& line : lines)
        text += "\x1b[2K" + line + "\n";
    text += "\x1b[J";
    return text;
}

std::size_t visible_columns(const std::string& line) {
    std::string plain;
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] == '\x1b') {
            at = std::min(line.find('m', at), line.size());
        } else {
            plain += line[at];
        }
    }
    return text_columns(plain);
}

} // namespace understudy::apps
