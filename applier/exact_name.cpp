#include "applier/exact_name.hpp"

#include "applier/target_session.hpp"

#include <fmt/format.h>

namespace understudy::applier {

// The plain comparison stays: by it these servers open one directory instead of all.
std::string exact_name(std::string_view column, std::string_view name) {
    return fmt::format("({0} = {1} AND (@@lower_case_table_names <> 0 OR CAST({0} AS BINARY) = "
                       "{1}))",
                       column, quote_string(name));
}

} // namespace understudy::applier
