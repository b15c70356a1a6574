#include "snapshot/kept_copy.hpp"

#include "applier/column_fit_store.hpp"
#include "applier/common_columns.hpp"
#include "applier/errc.hpp"
#include "applier/linked_tables.hpp"
#include "applier/quarantine.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/target_table_loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::snapshot {

using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

bool kept_copy::takes(const source_table& table, bool differs) const {
    using policy = state::task_spec::differing_tables;
    if (!context_->keeps_existing() || context_->is_made_here(table.name) ||
        context_->selection->is_merged(table.name))
        return false;
    const bool is_new = differs && !context_->is_begun(table.name);
    if (is_new && wants(policy::set_aside)) return true;
    const bool did =
        context_->is_begun(table.name) && context_->selection->fits().contains(table.name);
    return did || (differs && wants(policy::common_columns));
}

bool kept_copy::keeps(const source_table& table) const {
    // Of some of its rows more may be unique than of all.
    const auto* const shape =
        context_->selection->shape_of_task(table.name.database, table.name.object);
    const bool is_filtered = shape != nullptr && shape->where();
    return context_->keeps_existing() && !is_filtered && !context_->is_made_here(table.name) &&
           !context_->is_begun(table.name) && !context_->selection->is_merged(table.name);
}

awaitable<result<kept_copy::both_sides>> kept_copy::read_both(const source_table& table) {
    const applier::table_questions ask(table.name);
    const auto columns = co_await source_->query(ask.columns);
    if (!columns) co_return std::unexpected(columns.error());
    const auto keys = co_await source_->query(ask.keys);
    if (!keys) co_return std::unexpected(keys.error());
    const state::object_name name = context_->on_target(table.name);
    auto call = [&name](target_session& target) {
        return applier::load_target_table(target, name);
    };
    auto there = co_await worker_->run_retrying(call);
    if (!there) co_return std::unexpected(std::move(there.error()));
    both_sides both{applier::describe_answers(table.name, columns->rows, keys->rows), {}};
    if (*there) both.target = std::move(**there);
    co_return both;
}

awaitable<result<std::string>> kept_copy::look_at_keys(const source_table& table) {
    const auto both = co_await read_both(table);
    if (!both) co_return std::unexpected(both.error());
    std::string why;
    if (!both->target) co_return why;
    for (const std::string& one : applier::keys_of_target_alone(
             both->source, *both->target,
             context_->selection->shape_of_task(table.name.database, table.name.object)))
        why += "  " + one + "\n";
    if (why.empty()) co_return why;
    co_return fmt::format("{} on the target cannot take all rows of {}:\n{}",
                          context_->on_target(table.name).to_string(), table.name.to_string(), why);
}

awaitable<result<std::string>> kept_copy::fit(const source_table& table) {
    const state::object_name name = context_->on_target(table.name);
    const auto both = co_await read_both(table);
    if (!both) co_return std::unexpected(both.error());
    if (!both->target) co_return name.to_string() + " is gone from the target\n";
    auto found = applier::find_fit(
        both->source, *both->target,
        context_->selection->shape_of_task(table.name.database, table.name.object),
        context_->task->apply.triggers == state::task_spec::trigger_policy::guarded);
    std::string why;
    for (const std::string& one : found.refused)
        why += "  " + one + "\n";
    if (!why.empty())
        co_return fmt::format("{} on the target cannot take the columns that it has in common with "
                              "{} of the source:\n{}",
                              name.to_string(), table.name.to_string(), why);
    const auto& before = context_->selection->fits();
    const auto known = before.find(table.name);
    const bool is_another =
        context_->is_begun(table.name) && (known == before.end() || known->second != found.fit);
    if (is_another)
        co_return fmt::format(
            "{} on the target has rows of the copy, and other columns than when these were copied "
            "(then: {}; now: {}): give it the columns that it had\n",
            name.to_string(),
            known == before.end() ? "those of the source" : known->second.describe(),
            found.fit.describe());
    fits_[table.name] = std::move(found.fit);
    co_return std::string();
}

// Earlier servers have no such variable.
awaitable<result<void>> kept_copy::check_names_are_logged() {
    auto answer = co_await source_->query("SHOW GLOBAL VARIABLES LIKE 'binlog_row_metadata'");
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    const bool is_known = !answer->rows.empty();
    if (is_known && answer->rows.front().at(1) == "FULL") co_return result<void>{};
    std::string tables;
    for (const auto& [name, fit] : fits_)
        tables += (tables.empty() ? "" : ", ") + name.to_string();
    co_return fail(
        applier::errc::definition_mismatch,
        fmt::format("conflict.differing_tables = \"common-columns\" goes by the names of columns "
                    "in the source's log, and {}: {} cannot be replicated. Make the tables equal, "
                    "leave them out (objects.exclude), or {}",
                    is_known ? "it does not log them" : "this server cannot log them", tables,
                    is_known ? "SET GLOBAL binlog_row_metadata = FULL on the source"
                             : "use a source of MySQL 8.0 or MariaDB 10.5 and later"));
}

awaitable<result<void>> kept_copy::settle_fits() {
    // A table that is copied anew is made as its fit says.
    const bool finds_fits =
        context_->task->conflict.differing == state::task_spec::differing_tables::common_columns;
    if (!finds_fits || fits_ == context_->selection->fits()) co_return result<void>{};
    if (!fits_.empty()) {
        if (auto logged = co_await check_names_are_logged(); !logged) co_return logged;
    }
    const applier::column_fit_store store(context_->task->apply.meta_database,
                                          context_->task->name);
    auto call = [this, &store](target_session& target) {
        return store.save(target, context_->checkpoints, context_->epoch, fits_);
    };
    auto saved = co_await worker_->run_retrying(call);
    if (!saved) co_return saved;
    for (const auto& [name, fit] : fits_)
        context_->board->warn(fit.describe(name.to_string()));
    *context_->selection = context_->selection->fitting(std::move(fits_));
    co_return result<void>{};
}

awaitable<result<std::string>> kept_copy::judge(const source_table& table, std::string difference) {
    if (!wants(state::task_spec::differing_tables::set_aside)) co_return co_await fit(table);
    aside_[table.name] = std::move(difference);
    co_return std::string();
}

// Together with those that foreign keys of the target link with it, because their order matters.
awaitable<result<void>> kept_copy::set_aside() {
    auto call = [this](target_session& target) {
        return applier::read_links(target, *context_->selection);
    };
    const auto links = co_await worker_->run_retrying(call);
    if (!links) co_return std::unexpected(links.error());
    std::set<state::object_name> all;
    for (const auto& [table, difference] : aside_) {
        if (all.contains(table)) continue;
        const auto linked = applier::linked_by(*links, {table});
        std::string why = "it was on the target before and is defined otherwise, so it was not "
                          "copied. Give it the source's definition, and have it copied beside the "
                          "rows that are there (understudy resume), or have it dropped and copied "
                          "anew (understudy reload)";
        for (const auto& [other, its] : aside_) {
            if (linked.contains(other)) why += "\n" + its;
        }
        for (const state::object_name& one : linked) {
            if (!context_->is_begun(one)) continue;
            co_return fail(applier::errc::definition_mismatch,
                           fmt::format("{} cannot be set aside: a foreign key of the target links "
                                       "it with {}, which has rows of the copy already. Give {} "
                                       "the source's definition. {}",
                                       table.to_string(), one.to_string(), table.to_string(),
                                       difference));
        }
        auto note = [&](target_session& target) { return note_aside(target, linked, why); };
        if (auto noted = co_await worker_->run_retrying(note); !noted) co_return noted;
        context_->board->warn(applier::list_names(linked) + " is set aside: " + why);
        all.insert(linked.begin(), linked.end());
    }
    context_->left_out.insert(all.begin(), all.end());
    context_->set_aside = all;
    std::erase_if(context_->catalog.tables,
                  [&](const source_table& table) { return all.contains(table.name); });
    co_return result<void>{};
}

// The run before this retry may have got further than it knew.
result<void> kept_copy::note_aside(target_session& target,
                                   const std::set<state::object_name>& tables,
                                   const std::string& why) const {
    const applier::quarantine_store store(context_->checkpoints);
    return context_->in_transaction(target, [&]() -> result<void> {
        auto entries = store.load(target);
        if (!entries) return std::unexpected(std::move(entries.error()));
        const bool is_noted = std::ranges::any_of(*entries, [&](const auto& entry) {
            return entry.keeps_rows && std::ranges::includes(entry.tables, tables);
        });
        if (is_noted) return {};
        // Where the task makes no tables nothing says yet that they were there.
        for (const state::object_name& table : tables) {
            progress_row row;
            row.now = progress_row::stage::kept;
            auto stored = context_->progress.insert_unless_stored(target, {"table", table}, row);
            if (!stored) return std::unexpected(std::move(stored.error()));
        }
        return store.leave_uncopied(target, tables, why);
    });
}

awaitable<result<void>> kept_copy::settle() {
    if (!aside_.empty()) {
        if (auto done = co_await set_aside(); !done) co_return done;
    }
    co_return co_await settle_fits();
}

} // namespace understudy::snapshot
