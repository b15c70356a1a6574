#include "state/toml_nesting.hpp"

#include <algorithm>

namespace understudy::state {

namespace {

constexpr int brackets_max = 32;
constexpr int key_dots_max = 16;

// From a quote on: where the string ends that begins there. One that is not closed ends with its
// line, or with the text if it may have many.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    const char quote = text[at];
    const bool many_lines = text.substr(at, 3) == std::string_view(quote == '"' ? R"(""")" : "'''");
    if (many_lines) at += 2;
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\' && quote == '"') {
            ++at;
        } else if (text[at] == '\n' && !many_lines) {
            return at;
        } else if (text[at] == quote) {
            if (!many_lines) return at + 1;
            const auto end = std::min(text.find_first_not_of(quote, at), text.size());
            // One or two may belong to what is in the string: then the last three end it.
            if (end - at >= 3) return std::min(end, at + 5);
            at = end - 1;
        }
    }
    return text.size();
}

text_place place_in(std::string_view text, std::size_t at) {
    const auto before = text.substr(0, at);
    const auto line_begin = before.rfind('\n') + 1; // npos + 1 is 0
    return {.line = static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
            .column = static_cast<std::uint32_t>(at - line_begin + 1)};
}

} // namespace

std::optional<text_place> place_of_deep_nesting(std::string_view text) {
    int brackets = 0;
    int dots = 0; // of the key that may be here
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            at = end_of_string(text, at);
            continue;
        }
        if (c == '#') {
            at = std::min(text.find('\n', at), text.size());
            continue;
        }
        if (c == '.') {
            ++dots;
        } else if (std::string_view("=,{}[]\n").find(c) != std::string_view::npos) {
            dots = 0;
        }
        if (c == '{' || c == '[') ++brackets;
        if (c == '}' || c == ']') brackets = std::max(brackets - 1, 0);
        if (brackets > brackets_max || dots > key_dots_max) return place_in(text, at);
        ++at;
    }
    return std::nullopt;
}

} // namespace understudy::state
