#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace understudy::protocol {

// An SQL expression of MySQL 5.7 and newer whose value is this binary JSON document: CAST of its
// text, or, where text would change a type (DECIMAL, dates and times), built with JSON_OBJECT and
// JSON_ARRAY. errc::unsupported for documents with bytes of other types, which SQL cannot build
// from constants; errc::malformed for bytes that are no document. After an error nothing usable was
// appended.
[[nodiscard]] result<void> append_json_expression(std::string& out,
                                                  std::span<const std::byte> document);

} // namespace understudy::protocol
