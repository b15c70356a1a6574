#pragma once

#include "applier/ddl/statement_charset.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// One token of a logged statement. begin/end are byte offsets into the statement, so that an
// identifier can be replaced and nothing else.
struct token {
    enum class kind : std::uint8_t {
        word,       // unquoted: keyword or identifier
        identifier, // quoted with ` (or " under ANSI_QUOTES)
        string,     // '…' or "…"
        number,
        symbol, // one character
        end,
    };
    kind what = kind::end;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string
        text; // word as written, identifier without quotes, symbol, all in UTF-8; empty for strings
};

// Bits of sql_mode that change how text is read (sql/system_variables.h).
inline constexpr std::uint64_t mode_ansi_quotes = 0x4;
inline constexpr std::uint64_t mode_no_backslash_escapes = 0x100000;

// Cuts a statement into tokens. Comments vanish; the body of an executable comment (/*! … */,
// /*!50110 … */, MariaDB's /*M! … */) is code if its version is not above source_version. The last
// token is always kind::end. An unterminated string, identifier or comment ends the list with
// kind::end at its start and sets `complete` to false; so does a name in a character set that
// cannot be read.
struct token_list {
    std::vector<token> tokens;
    bool complete = true;
};
[[nodiscard]] token_list tokenize(std::string_view text, std::uint64_t sql_mode,
                                  std::uint32_t source_version,
                                  const statement_charset& charset = {});

} // namespace understudy::applier::ddl
