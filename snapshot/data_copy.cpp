#include "snapshot/data_copy.hpp"

#include "snapshot/chunk_stage.hpp"
#include "snapshot/copy_plan.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/index_stage.hpp"
#include "snapshot/snapshot_stage.hpp"

#include <algorithm>

namespace understudy::snapshot {

using applier::target_session;
using boost::asio::awaitable;
using protocol::result;

data_copy::data_copy(copy_context& context, protocol::net::connection& source)
    : context_(&context), source_(&source) {}

// All parts of the table are at their end.
bool data_copy::is_copied(const state::object_name& table) const {
    bool any = false;
    for (auto at = context_->done.lower_bound({"data", table}); at != context_->done.end(); ++at) {
        if (at->first.kind != "data" || at->first.source != table) break;
        if (at->second.now != progress_row::stage::copied) return false;
        any = true;
    }
    return any;
}

void data_copy::publish_tables() const {
    context_->board->update([&](state::status& status) {
        for (const source_table& table : context_->catalog.tables) {
            auto& progress = status.copy[table.name.database + "." + table.name.object];
            progress = {.rows_estimated = table.rows_estimated,
                        .finished =
                            is_copied(table.name) && !lacks_late_keys(*context_, table.name)};
            for (auto at = context_->done.lower_bound({"data", table.name});
                 at != context_->done.end(); ++at) {
                if (at->first.kind != "data" || at->first.source != table.name) break;
                progress.rows += at->second.rows;
                progress.bytes += at->second.bytes;
            }
        }
    });
}

awaitable<result<void>> data_copy::open_lanes() {
    const std::size_t count = std::max<std::uint32_t>(context_->task->initial.connections, 1);
    for (std::size_t i = 0; i < count; ++i) {
        auto one = std::make_unique<lane>(*context_);
        auto source = co_await reopen_source(context_->source);
        if (!source) co_return std::unexpected(std::move(source.error()));
        one->source = *std::move(source);
        auto call = [](target_session& target) -> result<applier::target_facts> {
            return target.facts();
        };
        auto facts = co_await one->worker.run_retrying(call);
        if (!facts) co_return std::unexpected(std::move(facts.error()));
        one->target = *std::move(facts);
        lanes_.push_back(std::move(one));
    }
    co_return result<void>{};
}

awaitable<result<void>> data_copy::run() {
    publish_tables();
    copy_pace pace(*context_);
    context_->pace = &pace;
    auto done = co_await copy_tables();
    context_->pace = nullptr;
    co_return done;
}

awaitable<result<void>> data_copy::copy_tables() {
    if (auto opened = co_await open_lanes(); !opened) co_return opened;
    const copy_plan plan = plan_copy(context_->catalog);

    // A set with one unfinished table starts anew as a whole: its tables belong to one position.
    std::vector<const source_table*> in_snapshot;
    for (const auto& set : plan.snapshot_sets) {
        if (std::ranges::all_of(set, [&](const auto& table) { return is_copied(table); })) continue;
        for (const auto& table : set)
            in_snapshot.push_back(&find_table(context_->catalog, table));
    }
    if (!in_snapshot.empty()) {
        auto copied = co_await copy_in_snapshot(*context_, lanes_, in_snapshot);
        if (!copied) co_return copied;
    }
    for (const source_table* table : plan.locked) {
        if (is_copied(table->name)) continue;
        auto copied = co_await copy_under_lock(*context_, *lanes_.front(), *table);
        if (!copied) co_return copied;
    }
    auto copied = co_await copy_in_chunks(*context_, *source_, lanes_, plan.chunked);
    if (!copied) co_return copied;
    if (auto made = co_await make_all_late_keys(*context_); !made) co_return made;
    for (const auto& one : lanes_)
        co_await one->source->close();
    co_return copied;
}

} // namespace understudy::snapshot
