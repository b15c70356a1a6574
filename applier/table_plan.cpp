#include "applier/table_plan.hpp"

#include "applier/common_columns.hpp"
#include "applier/definition_check.hpp"
#include "applier/errc.hpp"
#include "applier/sql_row.hpp"
#include "applier/target_table_loader.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

const table_plan* table_plans::find(const source_table& table) const {
    const auto known = plans_.find(&table);
    return known == plans_.end() ? nullptr : known->second.get();
}

std::vector<state::object_name> table_plans::missing(const target_facts& target,
                                                     const group& work) const {
    if (!loads_many_at_once(target)) return {};
    std::set<state::object_name> found;
    const source_table* last = nullptr;
    const auto look_at = [&](const source_table* table) {
        if (table == std::exchange(last, table) || table == nullptr || find(*table) != nullptr)
            return;
        found.insert(selection_->map(table->name.database, table->name.object));
    };
    for (const row_change& change : work.changes)
        look_at(change.table.get());
    for (const auto& mapped : work.statement_tables)
        look_at(mapped.table.get());
    if (found.size() < 2) return {};
    return {found.begin(), found.end()};
}

// What is not found here comes up when it is asked for by itself.
result<void> table_plans::expect(target_session& target,
                                 std::span<const state::object_name> names) {
    auto loaded = load_target_tables(target, names);
    if (!loaded) return wrap(std::move(loaded.error()), "reading the definitions of tables");
    expected_ = std::move(*loaded);
    return {};
}

result<std::optional<target_table>> table_plans::definition_of(target_session& target,
                                                               const state::object_name& name) {
    if (auto expected = expected_.extract(name)) return std::move(expected.mapped());
    return load_target_table(target, name);
}

result<const table_plan*> table_plans::load(target_session& target,
                                            std::shared_ptr<const source_table> table) {
    const state::object_name mapped = selection_->map(table->name.database, table->name.object);
    auto definition = definition_of(target, mapped);
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
    plan->source = std::move(table);
    auto misplaced = fit(*plan);
    if (!misplaced) return std::unexpected(std::move(misplaced.error()));
    plan->merging = merge_shape_of(plan->target);
    // A DELETE and an INSERT of one key give those columns their defaults, an UPDATE does not.
    plan->merging.possible = plan->merging.possible && !plan->keeps_columns;
    const auto next_identity = static_cast<std::uint32_t>(identities_.size());
    plan->identity = identities_.emplace(plan->target.name, next_identity).first->second;
    if (auto chosen = choose(*plan, *std::move(misplaced)); !chosen)
        return std::unexpected(std::move(chosen.error()));
    const table_plan* const kept = plan.get();
    plans_[kept->source.get()] = std::move(plan);
    return kept;
}

result<std::optional<std::string>> table_plans::fit(table_plan& plan) const {
    const source_table& table = *plan.source;
    const auto* const shape = selection_->shape(table.name.database, table.name.object);
    if (shape == nullptr || !shape->fit()) return std::nullopt;
    auto fitted = fit_target(plan.target, table.map.column_names, *shape->fit());
    if (!fitted) {
        return fail(errc::definition_mismatch,
                    fmt::format("rows of table {} of the source do not fit {} of the target, which "
                                "was there before and was copied into as it was: {}. Give the "
                                "target's table these columns (ALTER TABLE), then start the task "
                                "again",
                                table.name.to_string(), plan.target.name.to_string(),
                                fitted.error()));
    }
    plan.target = std::move(fitted->table);
    plan.is_fitted = true;
    plan.keeps_columns = fitted->keeps_columns;
    if (fitted->in_place) return std::nullopt;
    return fitted->keeps_columns ? "the target's table has columns of its own"
                                 : "the target's table has its columns in another order";
}

result<void> table_plans::choose(table_plan& plan, std::optional<std::string> difference) const {
    const source_table& table = *plan.source;
    auto columns = protocol::define_columns(table.map);
    if (!columns) return wrap(columns.error(), "the columns of " + table.name.to_string());
    if (!difference) difference = find_difference(table.map, plan.target);
    if (!difference) difference = find_difference(*columns, plan.target);
    if (ways_.row_images && !difference) {
        // For rows that are too large for an image in a packet, and for conflicts.
        plan.large_rows_as_sql = ways_.sql;
        if (!find_sql_difference(*columns, plan.target) && check_triggers(plan))
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
    return check_triggers(plan);
}

result<void> table_plans::check_triggers(const table_plan& plan) const {
    for (const target_table::trigger& trigger : plan.target.triggers) {
        if (trigger.guarded && ways_.accepts_guarded_triggers) continue;
        return fail(
            errc::target_refused,
            fmt::format("table {} of the target has the trigger {}, and rows are written there as "
                        "SQL ({}), which would fire it once more after it fired on the source. "
                        "Drop it on the target until the task has ended, or make all of it depend "
                        "on @understudy_applying IS NULL and set apply.triggers = \"guarded\"",
                        plan.target.name.to_string(), state::quote_identifier(trigger.name),
                        plan.why_sql));
    }
    return {};
}

} // namespace understudy::applier
