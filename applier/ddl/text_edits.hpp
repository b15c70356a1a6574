#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::applier::ddl {

// What stands from begin to end of a statement becomes `text`.
struct text_edit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string text;
};

// The order of edits: what is put in comes before what stands at its place.
[[nodiscard]] inline std::pair<std::size_t, std::size_t> where(const text_edit& one) {
    return {one.begin, one.end};
}

// In any order; one that begins inside of another is part of that.
[[nodiscard]] std::string with_edits(std::string_view text, std::vector<text_edit> edits);

} // namespace understudy::applier::ddl
