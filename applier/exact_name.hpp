#pragma once

#include <string>
#include <string_view>

namespace understudy::applier {

// A condition of a query of information_schema: the column holds this name of a database or table
// and no other. Its columns compare without case in MySQL before 8.0 and in MariaDB, so that `app`
// finds what is in `App` too, which is another database unless the server folds names.
[[nodiscard]] std::string exact_name(std::string_view column, std::string_view name);

} // namespace understudy::applier
