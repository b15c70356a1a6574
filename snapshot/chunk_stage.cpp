#include "snapshot/chunk_stage.hpp"

#include "snapshot/copy_shape.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/index_stage.hpp"
#include "snapshot/key_range.hpp"
#include "snapshot/lanes.hpp"
#include "snapshot/part_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

namespace understudy::snapshot {

using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::uint64_t part_rows = 500'000;
constexpr std::uint64_t part_count_max = 16;

struct part {
    const source_table* table;
    progress_key key;
};

struct chunk_work {
    copy_context* context;
    std::deque<part> waiting;
    std::map<const source_table*, std::size_t> open; // parts not yet at their end
    bool failed = false;
};

bool begins_with_integer(const source_table& table) {
    const column& first = table.columns[table.order->columns.front()];
    return first.data_type.ends_with("int");
}

awaitable<result<std::vector<key_range>>>
plan_parts(protocol::net::connection& source, const source_table& table, std::size_t lane_count) {
    const std::uint64_t wanted = std::min(table.rows_estimated / part_rows, part_count_max);
    if (lane_count < 2 || wanted < 2 || !begins_with_integer(table))
        co_return std::vector<key_range>(1);
    const std::string name =
        state::quote_identifier(table.columns[table.order->columns.front()].name);
    auto ends = co_await source.query(
        fmt::format("SELECT MIN({0}), MAX({0}) FROM {1}", name, table.name.to_string()));
    if (!ends)
        co_return protocol::wrap(std::move(ends.error()), "reading " + table.name.to_string());
    if (!ends->rows[0][0] || !ends->rows[0][1]) co_return std::vector<key_range>(1);
    co_return split_range(*ends->rows[0][0], *ends->rows[0][1], static_cast<std::uint32_t>(wanted));
}

// All parts in one transaction: a crash in between would leave a table with a hole.
result<void> insert_parts(target_session& target, const copy_progress& progress,
                          const std::map<progress_key, progress_row>& parts) {
    auto stored = progress.load_one(target, parts.begin()->first);
    if (!stored) return std::unexpected(std::move(stored.error()));
    if (*stored) return {}; // a COMMIT whose answer was lost
    auto begun = target.execute("START TRANSACTION");
    if (!begun) return std::unexpected(std::move(begun.error()));
    for (const auto& [key, row] : parts) {
        if (auto noted = progress.insert(target, key, row); !noted) return noted;
    }
    auto committed = target.execute("COMMIT");
    if (!committed) return std::unexpected(std::move(committed.error()));
    return {};
}

awaitable<result<void>> plan_table(copy_context& context, protocol::net::connection& source,
                                   lane& on, std::size_t lane_count, const source_table& table) {
    if (const auto found = context.done.find({"data", table.name}); found != context.done.end()) {
        if (found->second.definition == definition_of(context, table)) co_return result<void>{};
        co_return fail(
            errc::changed_during_copy,
            fmt::format(
                "{} or its entry in objects.tables was altered since its copy began.\nthen:\n{}now:"
                "\n{}Drop what was copied and start the task anew",
                table.name.to_string(), found->second.definition, definition_of(context, table)));
    }
    auto ranges = co_await plan_parts(source, table, lane_count);
    if (!ranges) co_return std::unexpected(std::move(ranges.error()));
    std::map<progress_key, progress_row> parts;
    for (std::uint32_t i = 0; i < ranges->size(); ++i) {
        progress_row row;
        row.now = progress_row::stage::copying;
        row.rest = (*ranges)[i];
        row.definition = definition_of(context, table);
        parts.emplace(progress_key{"data", table.name, i}, std::move(row));
    }
    auto call = [&](target_session& target) {
        return insert_parts(target, context.progress, parts);
    };
    auto noted = co_await on.worker.run_retrying(call);
    if (!noted) co_return noted;
    for (auto& [key, row] : parts) {
        row.change = 1;
        context.done[key] = row;
    }
    co_return result<void>{};
}

void add_parts(chunk_work& work, const source_table& table) {
    const auto& done = work.context->done;
    for (auto at = done.lower_bound({"data", table.name}); at != done.end(); ++at) {
        if (at->first.kind != "data" || at->first.source != table.name) break;
        if (at->second.now == progress_row::stage::copied) continue;
        work.waiting.push_back({&table, at->first});
        ++work.open[&table];
    }
}

awaitable<result<void>> finish_table(copy_context& context, lane& on, const source_table& table) {
    auto now = co_await read_fingerprint(*on.source, table.name);
    if (!now) co_return std::unexpected(std::move(now.error()));
    if (*now != table.fingerprint())
        co_return fail(
            errc::changed_during_copy,
            fmt::format(
                "{} was altered while it was copied.\nbefore:\n{}now:\n{}Drop what was copied "
                "and start the task anew",
                table.name.to_string(), table.fingerprint(), *now));
    if (auto made = co_await make_late_keys(context, table.name); !made) co_return made;
    context.board->update([&](state::status& status) {
        status.copy[table.name.database + "." + table.name.object].finished = true;
    });
    co_return result<void>{};
}

awaitable<result<void>> copy_one(chunk_work& shared, lane& on, const part& one) {
    copy_context& context = *shared.context;
    auto encoder = make_encoder(context, *one.table, on.target);
    progress_row& row = context.done[one.key];
    table_reader reader(context.source, on.source, *one.table, encoder,
                        context.task->initial.chunk_bytes, row.rest);
    auto copied = co_await copy_part({&context, &on.worker, one.table, one.key, &shared.failed},
                                     reader, encoder, row);
    if (!copied) co_return copied;
    if (--shared.open[one.table] > 0) co_return copied;
    co_return co_await finish_table(context, on, *one.table);
}

awaitable<result<void>> work(chunk_work& shared, lane& on) {
    while (!shared.waiting.empty() && !shared.failed) {
        const part one = shared.waiting.front();
        shared.waiting.pop_front();
        auto copied = co_await copy_one(shared, on, one);
        if (!copied) {
            shared.failed = true;
            co_return copied;
        }
    }
    co_return result<void>{};
}

} // namespace

awaitable<result<void>> copy_in_chunks(copy_context& context, protocol::net::connection& source,
                                       std::vector<std::unique_ptr<lane>>& lanes,
                                       const std::vector<const source_table*>& tables) {
    chunk_work shared{.context = &context, .waiting = {}, .open = {}};
    for (const source_table* table : tables) {
        auto planned = co_await plan_table(context, source, *lanes.front(), lanes.size(), *table);
        if (!planned) co_return planned;
        add_parts(shared, *table);
    }
    std::vector<awaitable<result<void>>> running;
    for (const auto& one : lanes)
        running.push_back(work(shared, *one));
    co_return co_await run_lanes(context.executor, std::move(running));
}

} // namespace understudy::snapshot
