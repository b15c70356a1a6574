#include "snapshot/index_stage.hpp"

#include "snapshot/part_copy.hpp"

#include <fmt/format.h>

#include <set>

namespace understudy::snapshot {

using applier::quote_string;
using applier::target_session;
using boost::asio::awaitable;
using protocol::result;

namespace {

progress_key key_of(const state::object_name& table) {
    return {"keys", table};
}

result<std::set<std::string>> keys_there(target_session& target, const state::object_name& table) {
    auto rows = target.query(fmt::format("SELECT DISTINCT INDEX_NAME FROM "
                                         "information_schema.STATISTICS WHERE TABLE_SCHEMA = {} "
                                         "AND TABLE_NAME = {}",
                                         quote_string(table.database), quote_string(table.object)));
    if (!rows) return std::unexpected(std::move(rows.error()));
    std::set<std::string> names;
    for (const auto& row : rows->rows)
        names.insert(row[0].value_or(""));
    return names;
}

// A killed server may have made them without telling: ALTER TABLE is all or nothing, but which of
// the two is only to be seen there.
result<void> add_missing(target_session& target, const state::object_name& table,
                         const std::vector<late_key>& keys) {
    std::set<std::string> seen;
    for (;;) {
        auto there = keys_there(target, table);
        if (!there) return std::unexpected(std::move(there.error()));
        std::string alter;
        for (const late_key& one : keys) {
            if (there->contains(one.name)) continue;
            alter += (alter.empty() ? " ADD " : ", ADD ") + one.clause;
        }
        if (alter.empty()) return {};
        auto altered = target.run("ALTER TABLE " + table.to_string() + alter);
        // The ALTER of a run that was killed went on, and this one waited for its end.
        constexpr unsigned duplicate_key_name = 1061;
        if (altered || altered.error().server.number != duplicate_key_name || *there == seen)
            return altered;
        seen = *std::move(there);
    }
}

} // namespace

bool takes_late_keys(const copy_context& context, const source_table& table) {
    return context.task->initial.data && table.engine == "InnoDB" && table.order.has_value() &&
           table.rows_estimated >= context.task->initial.late_keys_rows &&
           !context.catalog.in_foreign_keys.contains(table.name) &&
           !context.selection->is_merged(table.name) &&
           (context.shape(table.name) == nullptr || !context.shape(table.name)->changes_columns());
}

awaitable<result<void>> note_late_keys(copy_context& context, target_worker& worker,
                                       const state::object_name& table,
                                       const std::vector<late_key>& keys) {
    progress_row row;
    row.definition = to_clauses(keys);
    const progress_key key = key_of(table);
    auto call = [&](target_session& target) {
        return context.in_transaction(target, [&]() -> result<void> {
            row.change = 0;
            auto stored = context.progress.insert_unless_stored(target, key, row);
            if (!stored) return std::unexpected(std::move(stored.error()));
            if (!*stored) return {};
            row.change = (*stored)->change;
            return context.progress.update(target, key, row);
        });
    };
    auto noted = co_await worker.run_retrying(call);
    if (noted) {
        ++row.change;
        context.done[key] = row;
    }
    co_return noted;
}

bool lacks_late_keys(const copy_context& context, const state::object_name& table) {
    const auto found = context.done.find(key_of(table));
    if (found == context.done.end() || found->second.now != progress_row::stage::creating)
        return false;
    // One that was there before us has the keys that it has.
    return context.is_made_here(table);
}

target_worker key_worker(const copy_context& context) {
    auto how =
        context.worker({"SET NAMES utf8mb4", "SET SESSION sql_mode = "
                                             "'NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES'"});
    how.target.read_timeout = std::chrono::milliseconds{0};
    return target_worker(std::move(how));
}

awaitable<result<void>> make_late_keys(copy_context& context, target_worker& worker,
                                       const state::object_name& table) {
    if (!lacks_late_keys(context, table)) co_return result<void>{};
    const auto found = context.done.find(key_of(table));
    const state::object_name target_name = context.on_target(table);
    const std::vector<late_key> keys = from_clauses(found->second.definition);
    progress_row& row = found->second;
    auto call = [&](target_session& target) -> result<void> {
        if (auto held = context.hold(target); !held) return held;
        if (auto added = add_missing(target, target_name, keys); !added) return added;
        progress_row after = row;
        after.now = progress_row::stage::created;
        auto noted = context.in_transaction(target, [&]() -> result<void> {
            auto stored = context.progress.load_settled(target, found->first);
            if (!stored) return std::unexpected(std::move(stored.error()));
            const bool is_noted = *stored && (*stored)->now == progress_row::stage::created;
            return is_noted ? result<void>{} : context.progress.update(target, found->first, after);
        });
        if (!noted) return noted;
        ++after.change;
        row = after;
        return {};
    };
    auto done = co_await worker.run_retrying(call);
    if (!done)
        co_return protocol::wrap(std::move(done.error()),
                                 fmt::format("making the keys of {} behind its rows ({})",
                                             target_name.to_string(), found->second.definition));
    co_return done;
}

awaitable<result<void>> make_all_late_keys(copy_context& context) {
    std::vector<state::object_name> tables;
    for (const auto& [key, row] : context.done) {
        if (key.kind == "keys") tables.push_back(key.source);
    }
    target_worker worker = key_worker(context);
    for (const state::object_name& table : tables) {
        if (!lacks_late_keys(context, table)) continue;
        if (auto made = co_await make_late_keys(context, worker, table); !made) co_return made;
        show_finished(context, table);
    }
    co_return result<void>{};
}

} // namespace understudy::snapshot
