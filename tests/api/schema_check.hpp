#pragma once

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace understudy::test {

// What of a value is not as an OpenAPI 3.0 schema says, a line each with its place; none if all is.
// Knows what our document uses: type, nullable, properties, required, additionalProperties, items,
// enum, $ref. Anything else in a schema is a line too.
[[nodiscard]] std::vector<std::string> differences(const boost::json::value& document,
                                                   const boost::json::value& schema,
                                                   const boost::json::value& value,
                                                   const std::string& place = "$");

} // namespace understudy::test
