#pragma once

#include "precheck/report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace understudy::precheck {

// Items of which a person may know better than the precheck, or accept what follows: what it warns
// of is refused by a server or stops the task with its name, and nothing goes wrong silently. All
// others cannot be waived: replication could not work, or not be exact.
[[nodiscard]] bool may_be_waived(std::string_view id);

// Takes precheck.waive into the report: a failed item named there no longer keeps the task from
// starting, and says that it was waived. A name that may not be waived, or that no item has, is an
// item of its own, and blocks.
void apply_waivers(report& value, const std::vector<std::string>& ids);

} // namespace understudy::precheck
