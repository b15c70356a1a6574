#include "applier/group.hpp"

#include <fmt/format.h>

namespace understudy::applier {

std::string source_transaction::to_string() const {
    const std::string place = fmt::format("{}:{}", file ? *file : "?", begin_offset);
    return id.empty() ? place : fmt::format("{} ({})", id.to_string(), place);
}

} // namespace understudy::applier
