#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

// The words of a condition; used by where_parser only. Pure.
struct where_token {
    enum class kind : std::uint8_t {
        end,
        word,
        quoted_name,
        number,
        string,
        hex,
        symbol,
        column_number
    };
    kind what = kind::end;
    std::string text;   // without quotes; words as they were written
    std::size_t at = 0; // byte in the condition

    [[nodiscard]] bool is_word(std::string_view upper) const; // in any case
    [[nodiscard]] bool is_symbol(std::string_view wanted) const {
        return what == kind::symbol && text == wanted;
    }
};

// Ends with a token of kind end.
[[nodiscard]] protocol::result<std::vector<where_token>> tokenize_where(std::string_view text);

} // namespace understudy::state
