#pragma once

#include "tests/support/object_selection.hpp"
#include "tests/support/sql_client.hpp"

#include <string>
#include <vector>

// The rows part of comparison.hpp.
namespace understudy::test {

void compare_rows(sql_client& source, sql_client& target, const object_selection& selection,
                  bool checksums, std::vector<std::string>& differences);

} // namespace understudy::test
