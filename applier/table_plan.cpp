#include "applier/table_plan.hpp"

#include "applier/definition_check.hpp"
#include "applier/errc.hpp"
#include "applier/sql_row.hpp"

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
    auto plan = std::make_unique<table_plan>();
    plan->target = std::move(**definition);
    plan->table_id = next_id_++;
    plan->merging = merge_shape_of(plan->target);
    const auto next_identity = static_cast<std::uint32_t>(identities_.size());
    plan->identity = identities_.emplace(plan->target.name, next_identity).first->second;
    plan->source = std::move(table);
    if (auto chosen = choose(target, *plan); !chosen)
        return std::unexpected(std::move(chosen.error()));
    const table_plan* const kept = plan.get();
    plans_[kept->source.get()] = std::move(plan);
    return kept;
}

result<void> table_plans::choose(target_session& target, table_plan& plan) const {
    const source_table& table = *plan.source;
    auto columns = protocol::define_columns(table.map);
    if (!columns) return wrap(columns.error(), "the columns of " + table.name.to_string());
    auto difference = find_difference(table.map, plan.target);
    if (!difference) difference = find_difference(*columns, plan.target);
    if (ways_.row_images && !difference) {
        // For rows that are too large for an image in a packet, and for conflicts.
        plan.large_rows_as_sql = ways_.sql;
        if (!find_sql_difference(*columns, plan.target) && prepare_sql(target, plan))
            plan.columns = sql_columns(std::move(*columns), plan.target);
        return {};
    }
    plan.as_sql = ways_.sql;
    plan.why_sql = ways_.row_images ? *difference : ways_.why_no_row_images;
    if (ways_.sql) difference = find_sql_difference(*columns, plan.target);
    if (difference) {
        return fail(
            errc::definition_mismatch,
            fmt::format(
                "table {} of the source and {} of the target are defined differently: {}. Make the "
                "target's table like the source's at this point of its log (ALTER TABLE), then "
                "start the task again",
                table.name.to_string(), plan.target.name.to_string(), *difference));
    }
    plan.columns = sql_columns(std::move(*columns), plan.target);
    return prepare_sql(target, plan);
}

result<void> table_plans::prepare_sql(target_session& target, table_plan& plan) const {
    const state::object_name& name = plan.target.name;
    auto triggers = target.query(
        fmt::format("SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE "
                    "EVENT_OBJECT_SCHEMA = {} AND EVENT_OBJECT_TABLE = {}",
                    quote_string(name.database), quote_string(name.object)));
    if (!triggers) return std::unexpected(std::move(triggers.error()));
    for (const auto& row : triggers->rows) {
        const bool guarded = row[1].value_or("").contains("@understudy_applying");
        if (guarded && ways_.accepts_guarded_triggers) continue;
        return fail(
            errc::target_refused,
            fmt::format("table {} of the target has the trigger {}, and rows are written there as "
                        "SQL ({}), which would fire it once more after it fired on the source. "
                        "Drop it on the target until the task has ended, or make all of it depend "
                        "on @understudy_applying IS NULL and set apply.triggers = \"guarded\"",
                        name.to_string(), state::quote_identifier(row[0].value_or("")),
                        plan.why_sql));
    }
    auto own = target.scalar(fmt::format(
        "SELECT COUNT(*) FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = {0} AND "
        "TABLE_NAME = {1} AND REFERENCED_TABLE_SCHEMA = {0} AND REFERENCED_TABLE_NAME = {1}",
        quote_string(name.database), quote_string(name.object)));
    if (!own) return std::unexpected(std::move(own.error()));
    plan.refers_to_itself = *own != "0";
    return {};
}

} // namespace understudy::applier
