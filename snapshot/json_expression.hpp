#pragma once

#include "protocol/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace understudy::snapshot {

// A JSON document's text does not say that a number is a DECIMAL or a string a DATETIME: put back
// as text they become DOUBLE and STRING, and integers change their sign's type at 2^32. The source
// is therefore asked for the types too (element_types_of, member_types_of) and such documents are
// built from typed values. So are those with DOUBLEs that servers do not parse exactly.

// Select expressions beside the document: the JSON types of its array elements (with the document
// itself as the first) and of its object members, each as a JSON array in the order of the paths
// $**[*] and $**.*; NULL if none of them gets lost in text. For MySQL since 8.0.4 (JSON_TABLE).
[[nodiscard]] std::string element_types_of(std::string_view quoted_column);
[[nodiscard]] std::string member_types_of(std::string_view quoted_column);

// The document's text holds a number with a point or an exponent that a server may parse as another
// one (protocol::is_parsed_exactly). Without the types that may be told, it is a DOUBLE.
[[nodiscard]] bool may_hold_lost_double(std::string_view text);

// The expression whose value is the document. errc::value_not_exact for values that SQL cannot
// build (BIT, opaque types) or if the types do not fit the text.
[[nodiscard]] protocol::result<std::string>
json_expression(std::string_view text, std::optional<std::string_view> element_types,
                std::optional<std::string_view> member_types);

} // namespace understudy::snapshot
