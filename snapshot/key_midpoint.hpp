#pragma once

#include "snapshot/source_table.hpp"

#include <optional>
#include <string>

namespace understudy::snapshot {

// A value m of a key's column with low <= m < high, about half way by what the values look like, or
// nullopt: there is none, or none is known for the type (ENUM, SET). All three are texts as the
// source gives them. How rows are spread, and in which order a collation has texts, is not known
// here: m is only a place to ask the source about. Pure.
[[nodiscard]] std::optional<std::string> key_midpoint(const column& one, const std::string& low,
                                                      const std::string& high);

} // namespace understudy::snapshot
