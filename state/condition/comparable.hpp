#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::state {

// A value as conditions see it: of a column, or a literal. A value type.
struct comparable {
    enum class kind : std::uint8_t {
        absent, // the image does not have this column, or there is no such image: nothing is known
        null,
        number, // text is its exact decimal form, "-12.50" or "1e3"
        real,   // FLOAT is single precision: literals are rounded to it before they are compared
        text,   // UTF-8
        bytes,
        moment, // DATE, DATETIME, TIMESTAMP: "2026-02-03 12:34:56.5"
        time,   // "-838:59:59"
    };
    kind what = kind::absent;
    std::string text; // also of real, for LIKE
    double real = 0;
    bool is_single_precision = false;

    [[nodiscard]] static comparable number(std::string text) {
        return {kind::number, std::move(text), 0, false};
    }
    [[nodiscard]] static comparable string(std::string text) {
        return {kind::text, std::move(text), 0, false};
    }
    [[nodiscard]] static comparable of_bytes(std::string text) {
        return {kind::bytes, std::move(text), 0, false};
    }
};

// How they compare; nothing when that has no answer: NULL, absent, or kinds that do not go together
// (a number and text that is no number). Numbers compare exactly, text by its bytes.
[[nodiscard]] std::optional<std::partial_ordering> compare(const comparable& left,
                                                           const comparable& right);

// SQL's LIKE on UTF-8: % any characters, _ one, \ takes the next one as it is. Letter case counts.
[[nodiscard]] bool matches_like(std::string_view text, std::string_view pattern);

// "-12.50", ".5", "1e-3".
[[nodiscard]] bool is_decimal_text(std::string_view text);
// Exact, of any length; both must be is_decimal_text.
[[nodiscard]] std::strong_ordering compare_decimals(std::string_view left, std::string_view right);

} // namespace understudy::state
