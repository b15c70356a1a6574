#pragma once

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/text_edits.hpp"

#include <cstdint>
#include <vector>

namespace understudy::applier::ddl {

// Names that need no quotes on a source of this version and are reserved words for later servers of
// MySQL (rank, groups, system, rows …), in quotes. A word that is one for the source, too, is left
// alone where it may be meant as such.
[[nodiscard]] std::vector<text_edit> quoted_later_words(const std::vector<token>& tokens,
                                                        std::uint32_t source_version);

} // namespace understudy::applier::ddl
