#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace understudy::state {

struct text_place {
    std::uint32_t line = 1;
    std::uint32_t column = 1; // in bytes
    bool operator==(const text_place&) const = default;
};

// Where a text in TOML nests deeper than any definition can mean: lists and inline tables within
// each other, or the parts of one dotted key. Nothing if it does not. Pure; says nothing about
// whether the text is TOML at all.
//
// A document is walked and freed level by level on the stack, and TOML++ 3.3 makes a table of each
// part of a key without any limit: a key of some thousand parts would end the process.
[[nodiscard]] std::optional<text_place> place_of_deep_nesting(std::string_view text);

} // namespace understudy::state
