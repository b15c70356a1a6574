#pragma once

#include "applier/ddl/statement_charset.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::applier::ddl {

// A statement without what makes no difference: comments, white space, the case of words that are
// not quoted, the kind of quotes around names. In UTF-8; for comparing and for reading, not to be
// executed. Pure.
[[nodiscard]] std::string canonical_text(std::string_view statement, std::uint64_t sql_mode,
                                         std::uint32_t source_version,
                                         const statement_charset& charset);

} // namespace understudy::applier::ddl
