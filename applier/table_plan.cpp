#include "applier/table_plan.hpp"

#include "applier/definition_check.hpp"
#include "applier/errc.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

const table_plan* table_plans::find(const source_table& table) const {
    const auto known = plans_.find(&table);
    return known == plans_.end() ? nullptr : known->second.get();
}

result<const table_plan*> table_plans::load(target_session& target,
                                            std::shared_ptr<const source_table> table) {
    const state::object_name mapped = selection_->map(table->name.database, table->name.object);
    auto definition = load_target_table(target, mapped);
    if (!definition)
        return wrap(std::move(definition.error()),
                    "reading the definition of " + mapped.to_string());
    if (!*definition) {
        return fail(
            errc::missing_table,
            fmt::format(
                "table {} is not on the target (it receives {} of the source). Create it as on the "
                "source, exclude it in the task, or grant the account SELECT on it if it is there",
                mapped.to_string(), table->name.to_string()));
    }
    const auto columns = protocol::define_columns(table->map);
    if (!columns) return wrap(columns.error(), "the columns of " + table->name.to_string());
    auto difference = find_difference(table->map, **definition);
    if (!difference) difference = find_difference(*columns, **definition);
    if (difference) {
        return fail(
            errc::definition_mismatch,
            fmt::format(
                "table {} of the source and {} of the target are defined differently: {}. Make the "
                "target's table like the source's at this point of its log (ALTER TABLE), then "
                "start the "
                "task again",
                table->name.to_string(), mapped.to_string(), *difference));
    }
    auto plan = std::make_unique<table_plan>();
    plan->target = std::move(**definition);
    plan->table_id = next_id_++;
    plan->source = std::move(table);
    const table_plan* const kept = plan.get();
    plans_[kept->source.get()] = std::move(plan);
    return kept;
}

} // namespace understudy::applier
