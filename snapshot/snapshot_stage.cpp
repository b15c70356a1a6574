#include "snapshot/snapshot_stage.hpp"

#include "snapshot/copy_shape.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/lanes.hpp"
#include "snapshot/part_copy.hpp"
#include "snapshot/table_lock.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace understudy::snapshot {

using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

constexpr int attempts_max = 5;
constexpr int rows_deleted_at_once = 20'000;

progress_key data_key(const source_table& table) {
    return {"data", table.name};
}

result<void> delete_rows(target_session& target, const copy_context& context,
                         const state::object_name& table) {
    const std::string sql =
        fmt::format("DELETE FROM {} LIMIT {}", table.to_string(), rows_deleted_at_once);
    for (bool any = true; any;) {
        auto deleted = context.in_transaction(target, [&]() -> result<void> {
            auto done = target.execute(sql);
            if (!done) return std::unexpected(std::move(done.error()));
            any = done->affected_rows > 0;
            return {};
        });
        if (!deleted) return deleted;
    }
    return {};
}

result<void> refuse_rows(target_session& target, const state::object_name& table) {
    auto first = target.query("SELECT 1 FROM " + table.to_string() + " LIMIT 1");
    if (!first) return std::unexpected(std::move(first.error()));
    if (first->rows.empty()) return {};
    return fail(errc::unsupported_object,
                fmt::format("{} exists on the target and has rows. It is copied as a whole (it has "
                            "no usable key, or foreign keys that cascade), so rows cannot be told "
                            "apart: empty it, drop it or exclude it",
                            table.to_string()));
}

// Not TRUNCATE: that would set AUTO_INCREMENT back, which the definition has given.
result<progress_row> clear_table(target_session& target, const copy_context& context,
                                 const source_table& table, const state::object_name& target_name,
                                 bool ours) {
    const progress_key key = data_key(table);
    progress_row row;
    row.now = progress_row::stage::copying;
    row.definition = definition_of(context, table);
    bool is_begun = false;
    auto noted = context.in_transaction(target, [&]() -> result<void> {
        auto stored = context.progress.insert_unless_stored(target, key, row);
        if (!stored) return std::unexpected(std::move(stored.error()));
        is_begun = stored->has_value();
        if (!is_begun) return ours ? result<void>{} : refuse_rows(target, target_name);
        row.change = (*stored)->change;
        return context.progress.update(target, key, row);
    });
    if (!noted) return std::unexpected(std::move(noted.error()));
    ++row.change;
    // Behind the row, whose lock waited for what a killed process still had under way.
    if (is_begun) {
        if (auto deleted = delete_rows(target, context, target_name); !deleted)
            return std::unexpected(std::move(deleted.error()));
    }
    return row;
}

awaitable<result<void>> clear(copy_context& context, lane& on, const source_table& table) {
    const bool ours = context.is_made_here(table.name);
    const auto target_name = context.on_target(table.name);
    auto call = [&](target_session& target) {
        return clear_table(target, context, table, target_name, ours);
    };
    auto row = co_await on.worker.run_retrying(call);
    if (!row)
        co_return protocol::wrap(std::move(row.error()), "preparing " + table.name.to_string());
    context.done[data_key(table)] = *std::move(row);
    context.board->update([&](state::status& status) {
        auto& progress = status.copy[table.name.database + "." + table.name.object];
        progress.rows = progress.bytes = 0;
    });
    co_return result<void>{};
}

// Whoever alters a table between the snapshot and the first row of it makes it unreadable there.
result<void> of_snapshot(result<void> read, const source_table& table) {
    constexpr unsigned table_def_changed = 1412;
    if (read || read.error().server.number != table_def_changed) return read;
    return fail(errc::changed_during_copy, table.name.to_string() +
                                               " was altered while it was copied: start the task "
                                               "anew");
}

awaitable<result<void>> copy_whole(copy_context& context, lane& on, source_session& source,
                                   const source_table& table,
                                   const state::source_position& position, const bool& failed) {
    auto encoder = make_encoder(context, table, on.target);
    table_reader reader(source, table, encoder, context.task->initial.chunk_bytes);
    batch first;
    if (auto filled = co_await reader.fill(first); !filled) co_return of_snapshot(filled, table);
    if (auto paced = co_await context.pace->wait(first.read, first.bytes); !paced) co_return paced;
    progress_row& row = context.done[data_key(table)];
    row.position = position;
    auto copied = co_await copy_part({&context, &on.worker, &table, data_key(table), &failed},
                                     reader, encoder, row, std::move(first));
    if (copied) show_finished(context, table.name);
    co_return of_snapshot(copied, table);
}

awaitable<result<void>> run(source_session& source, std::string sql) {
    auto done = co_await source->execute(std::move(sql));
    if (!done) co_return std::unexpected(std::move(done.error()));
    co_return result<void>{};
}

struct snapshot_work {
    copy_context* context;
    const std::vector<const source_table*>* tables;
    const state::source_position* position;
    std::size_t next = 0;
    bool failed = false;
};

awaitable<result<void>> copy_next(snapshot_work& shared, lane& on, source_session& source) {
    const source_table& table = *(*shared.tables)[shared.next++];
    auto copied =
        co_await copy_whole(*shared.context, on, source, table, *shared.position, shared.failed);
    // Lets go of the table, which a DDL may wait for, and all others behind that; the snapshot
    // stays (mysqldump --single-transaction does the same).
    if (copied) copied = co_await run(source, "ROLLBACK TO SAVEPOINT `no table`");
    co_return copied;
}

awaitable<result<void>> work(snapshot_work& shared, lane& on, source_session& source) {
    auto copied = co_await run(source, "SAVEPOINT `no table`");
    while (copied && shared.next < shared.tables->size() && !shared.failed)
        copied = co_await copy_next(shared, on, source);
    if (!copied) shared.failed = true;
    co_return copied;
}

awaitable<result<void>> copy_once(copy_context& context, std::vector<std::unique_ptr<lane>>& lanes,
                                  const std::vector<const source_table*>& tables) {
    std::vector<state::object_name> names;
    for (const source_table* table : tables) {
        if (auto cleared = co_await clear(context, *lanes.front(), *table); !cleared)
            co_return cleared;
        names.push_back(table->name);
    }
    auto snapshot = co_await take_snapshot(context.source, names, lanes.size());
    if (!snapshot) co_return std::unexpected(std::move(snapshot.error()));
    snapshot_work shared{&context, &tables, &snapshot->position};
    std::vector<awaitable<result<void>>> running;
    for (std::size_t i = 0; i < lanes.size(); ++i)
        running.push_back(work(shared, *lanes[i], snapshot->readers[i]));
    auto copied = co_await run_lanes(context.executor, std::move(running));
    for (source_session& reader : snapshot->readers) {
        if (copied) co_await reader->close();
    }
    co_return copied;
}

} // namespace

awaitable<result<void>> copy_in_snapshot(copy_context& context,
                                         std::vector<std::unique_ptr<lane>>& lanes,
                                         const std::vector<const source_table*>& tables) {
    for (int attempt = 1;; ++attempt) {
        auto copied = co_await copy_once(context, lanes, tables);
        if (copied || context.stop->stopped() || !is_source_lost(copied.error())) co_return copied;
        if (attempt == attempts_max)
            co_return fail(errc::source_read_failed,
                           fmt::format("the snapshot of {} tables was lost {} times: {}",
                                       tables.size(), attempts_max, copied.error().what));
    }
}

awaitable<result<void>> copy_under_lock(copy_context& context, lane& on,
                                        const source_table& table) {
    if (auto cleared = co_await clear(context, on, table); !cleared) co_return cleared;
    auto session = co_await reopen_source(context.source);
    if (!session) co_return std::unexpected(std::move(session.error()));
    if (auto locked = co_await lock_tables(context.source, *session, {table.name}); !locked)
        co_return locked;
    auto position = co_await read_position(*session);
    if (!position) co_return std::unexpected(std::move(position.error()));
    const bool failed = false;
    auto copied = co_await copy_whole(context, on, *session, table, *position, failed);
    if (!copied) co_return copied;
    if (auto unlocked = co_await unlock_tables(*session); !unlocked) co_return unlocked;
    co_await (*session)->close();
    co_return result<void>{};
}

} // namespace understudy::snapshot
