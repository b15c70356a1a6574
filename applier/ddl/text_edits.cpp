#include "applier/ddl/text_edits.hpp"

#include <algorithm>

namespace understudy::applier::ddl {

std::string with_edits(std::string_view text, std::vector<text_edit> edits) {
    std::ranges::sort(edits, {}, where);
    std::string out;
    std::size_t at = 0;
    for (const text_edit& one : edits) {
        if (one.begin < at) continue;
        out += text.substr(at, one.begin - at);
        out += one.text;
        at = one.end;
    }
    out += text.substr(at);
    return out;
}

} // namespace understudy::applier::ddl
