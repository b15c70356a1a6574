#pragma once

#include "protocol/result.hpp"
#include "protocol/value/json_diff.hpp"

#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// Changes of a JSON document for whom does not have the document. After an error nothing usable was
// appended.

// {"partial": [{"op": "replace", "path": "$.a", "value": 1}, …]}
[[nodiscard]] result<void> append_json_diff_list(std::string& out,
                                                 std::span<const json_diff> diffs);

// JSON_REMOVE(JSON_REPLACE(`doc`, '$.a', CAST('1' AS JSON)), '$.b'): what the column becomes.
// `@doc` for a column without a name.
[[nodiscard]] result<void> append_json_diff_expression(std::string& out, std::string_view column,
                                                       std::span<const json_diff> diffs);

} // namespace understudy::protocol
