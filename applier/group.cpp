#include "applier/group.hpp"

#include <fmt/format.h>

namespace understudy::applier {

std::string source_transaction::to_string() const {
    const std::string place = fmt::format("{}:{}", file ? *file : "?", begin_offset);
    return id.empty() ? place : fmt::format("{} ({})", id.to_string(), place);
}

std::string place_of(const statement_plan& plan, const source_transaction& transaction) {
    constexpr std::size_t shown_max = 300;
    std::string shown = plan.shown_text().substr(0, shown_max);
    if (plan.shown_text().size() > shown_max) shown += "…";
    return fmt::format("the statement '{}' of transaction {} of the source", shown,
                       transaction.to_string());
}

} // namespace understudy::applier
