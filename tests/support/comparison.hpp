#pragma once

#include "tests/support/object_selection.hpp"
#include "tests/support/sql_client.hpp"

#include <string>
#include <vector>

// Are the selected objects the same on both sides? Definitions and every row, exactly.
//
//   EXPECT_THAT(compare(source, target, {.include = {"shop.*"}}), IsEmpty());
//
// Both sides have to be at rest. Each difference is a text for a person; no text means equal. Rows
// are compared as multisets of hashes of exact forms (bytes of strings, exact doubles, JSON with
// its type), so memory is bounded and order does not matter; for a table that differs some rows
// that only one side has are shown. Between servers of one version, SHOW CREATE and CHECKSUM TABLE
// are compared as well; between versions, definitions are compared by information_schema with the
// spelling differences of the versions evened out.
namespace understudy::test {

struct comparison_options {
    bool definitions = true;
    bool rows = true;
    bool checksums = true; // CHECKSUM TABLE too, where both sides have one version
};

[[nodiscard]] std::vector<std::string> compare(sql_client& source, sql_client& target,
                                               const object_selection& selection,
                                               const comparison_options& options = {});

} // namespace understudy::test
