#include "snapshot/chunk_stage.hpp"

#include "snapshot/copy_shape.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/index_stage.hpp"
#include "snapshot/key_maker.hpp"
#include "snapshot/key_range.hpp"
#include "snapshot/key_splitter.hpp"
#include "snapshot/lanes.hpp"
#include "snapshot/part_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <utility>

namespace understudy::snapshot {

using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

// A table is cut into parts of so many rows, or of fewer that are so large.
constexpr std::uint64_t part_rows = 500'000;
constexpr std::uint64_t part_bytes = 256U << 20U;
constexpr std::uint64_t part_count_max = 16;
constexpr std::size_t tables_planned_at_once = 200; // a COMMIT for each would take longer

struct part {
    const source_table* table;
    progress_key key;
};

struct chunk_work {
    chunk_work(copy_context& of, std::size_t lanes) : context(&of), lanes_copying(lanes) {}

    copy_context* context;
    std::deque<part> waiting{};
    std::map<const source_table*, std::size_t> open{}; // parts not yet at their end
    std::size_t lanes_copying;
    bool failed = false;
    key_maker keys{*context, failed};
};

// A part whose first rows were read.
struct open_part {
    open_part(copy_context& context, lane& on, part one)
        : what(std::move(one)), encoder(make_encoder(context, *what.table, on.target)),
          reader(context.source, on.source, *what.table, encoder, context.task->initial.chunk_bytes,
                 context.done.at(what.key).rest) {}

    part what;
    row_encoder encoder;
    table_reader reader;
    batch first{};
};

awaitable<result<std::vector<key_range>>>
plan_parts(protocol::net::connection& source, const source_table& table, std::size_t lane_count) {
    const std::uint64_t by_rows = table.rows_estimated / part_rows;
    const std::uint64_t by_bytes = table.rows_estimated * table.row_bytes / part_bytes;
    const std::uint64_t wanted = std::min(std::max(by_rows, by_bytes), part_count_max);
    if (lane_count < 2 || wanted < 2) co_return std::vector<key_range>(1);
    // Halves of halves: of other numbers some would be twice as large as others.
    auto parts =
        co_await split_table(source, table, std::bit_ceil(static_cast<std::uint32_t>(wanted)));
    if (!parts)
        co_return protocol::wrap(std::move(parts.error()), "reading " + table.name.to_string());
    co_return parts;
}

using planned_parts = std::map<progress_key, progress_row>;

// All parts of a table in one transaction: a crash in between would leave it with a hole. Where one
// is stored already, all are, by a COMMIT whose answer was lost: then these are what is copied.
result<void> insert_parts(target_session& target, const copy_context& context,
                          const planned_parts& planned, planned_parts& stored) {
    stored.clear();
    const state::object_name* found = nullptr;
    for (const auto& [key, row] : planned) {
        if (found != nullptr && *found == key.source) continue;
        auto before = context.progress.insert_unless_stored(target, key, row);
        if (!before) return std::unexpected(std::move(before.error()));
        if (!*before) {
            stored[key] = row;
            stored[key].change = 1;
            continue;
        }
        auto all = context.progress.load_parts(target, key);
        if (!all) return std::unexpected(std::move(all.error()));
        stored.merge(*all);
        found = &key.source;
    }
    return {};
}

result<void> check_definition(const copy_context& context, const source_table& table) {
    const std::string& then = context.done.at({"data", table.name}).definition;
    const std::string now = definition_of(context, table);
    if (then == now) return {};
    return fail(errc::changed_during_copy,
                fmt::format("{} or its entry in objects.tables was altered since its copy began."
                            "\nthen:\n{}now:\n{}Drop what was copied and start the task anew",
                            table.name.to_string(), then, now));
}

awaitable<result<void>> plan_tables(copy_context& context, protocol::net::connection& source,
                                    lane& on, std::size_t lane_count,
                                    std::span<const source_table* const> tables) {
    planned_parts planned;
    for (const source_table* table : tables) {
        if (context.done.contains({"data", table->name})) continue;
        auto ranges = co_await plan_parts(source, *table, lane_count);
        if (!ranges) co_return std::unexpected(std::move(ranges.error()));
        for (std::uint32_t i = 0; i < ranges->size(); ++i) {
            progress_row row;
            row.now = progress_row::stage::copying;
            row.rest = (*ranges)[i];
            row.definition = definition_of(context, *table);
            planned.emplace(progress_key{"data", table->name, i}, std::move(row));
        }
    }
    if (!planned.empty()) {
        planned_parts stored;
        auto call = [&](target_session& target) {
            return context.in_transaction(
                target, [&] { return insert_parts(target, context, planned, stored); });
        };
        if (auto noted = co_await on.worker.run_retrying(call); !noted) co_return noted;
        context.done.merge(stored);
    }
    for (const source_table* table : tables) {
        if (auto same = check_definition(context, *table); !same) co_return same;
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
    // A killed run may have left it without its keys.
    if (!work.open.contains(&table) && lacks_late_keys(*work.context, table.name))
        work.keys.add(table);
}

// Whoever altered it between two chunks did so while it was read: each part looks behind its last.
awaitable<result<void>> check_unaltered(const source_link& source, lane& on,
                                        const source_table& table) {
    auto now = co_await read_fingerprint(*on.source, table.name);
    while (!now) {
        if (source.stop->stopped() || !is_source_lost(now.error()))
            co_return std::unexpected(std::move(now.error()));
        auto again = co_await reopen_source(source);
        if (!again) co_return std::unexpected(std::move(again.error()));
        on.source = *std::move(again);
        now = co_await read_fingerprint(*on.source, table.name);
    }
    if (*now != table.fingerprint())
        co_return fail(
            errc::changed_during_copy,
            fmt::format(
                "{} was altered while it was copied.\nbefore:\n{}now:\n{}Drop what was copied "
                "and start the task anew",
                table.name.to_string(), table.fingerprint(), *now));
    co_return result<void>{};
}

void finish_table(chunk_work& shared, const source_table& table) {
    if (lacks_late_keys(*shared.context, table.name))
        shared.keys.add(table);
    else
        show_finished(*shared.context, table.name);
}

// Empty when no part is left.
awaitable<result<void>> open_next(chunk_work& shared, lane& on, std::unique_ptr<open_part>& next) {
    if (shared.waiting.empty() || shared.failed) co_return result<void>{};
    auto opened =
        std::make_unique<open_part>(*shared.context, on, std::move(shared.waiting.front()));
    shared.waiting.pop_front();
    auto filled = co_await opened->reader.fill(opened->first);
    if (filled) next = std::move(opened);
    co_return filled;
}

// The session has nothing to read for a part whose last rows are being written: it reads the first
// of the next one then.
awaitable<result<void>> check_and_open_next(chunk_work& shared, lane& on, const source_table& table,
                                            std::unique_ptr<open_part>& next) {
    if (auto same = co_await check_unaltered(shared.context->source, on, table); !same)
        co_return same;
    co_return co_await open_next(shared, on, next);
}

awaitable<result<void>> copy_one(chunk_work& shared, lane& on, open_part& now,
                                 std::unique_ptr<open_part>& next) {
    copy_context& context = *shared.context;
    const source_table& table = *now.what.table;
    auto beside_last_write = [&shared, &on, &table, &next] {
        return check_and_open_next(shared, on, table, next);
    };
    if (auto paced = co_await context.pace->wait(now.first.read, now.first.bytes); !paced)
        co_return paced;
    part_run run{&context, &on.worker, &table, now.what.key, &shared.failed, beside_last_write};
    auto copied = co_await copy_part(std::move(run), now.reader, now.encoder,
                                     context.done.at(now.what.key), std::move(now.first));
    if (copied && --shared.open[&table] == 0) finish_table(shared, table);
    co_return copied;
}

awaitable<result<void>> copy_parts(chunk_work& shared, lane& on) {
    std::unique_ptr<open_part> now;
    auto copied = co_await open_next(shared, on, now);
    while (copied && now) {
        std::unique_ptr<open_part> next;
        copied = co_await copy_one(shared, on, *now, next);
        now = std::move(next);
    }
    co_return copied;
}

// However a lane ends, those that wait for its tables are told.
class lane_end {
public:
    explicit lane_end(chunk_work& shared) : shared_(&shared) {}
    lane_end(const lane_end&) = delete;
    lane_end& operator=(const lane_end&) = delete;
    ~lane_end() {
        if (!good) shared_->failed = true;
        if (--shared_->lanes_copying == 0) shared_->keys.close();
        shared_->keys.wake();
    }
    bool good = false;

private:
    chunk_work* shared_;
};

// A lane without rows to copy makes keys.
awaitable<result<void>> work(chunk_work& shared, lane& on) {
    {
        lane_end end(shared);
        auto copied = co_await copy_parts(shared, on);
        if (!copied) {
            shared.keys.say_why(copied.error().what);
            co_return copied;
        }
        end.good = true;
    }
    co_return co_await shared.keys.run();
}

} // namespace

awaitable<result<void>> copy_in_chunks(copy_context& context, protocol::net::connection& source,
                                       std::vector<std::unique_ptr<lane>>& lanes,
                                       const std::vector<const source_table*>& tables) {
    chunk_work shared(context, lanes.size());
    for (std::span<const source_table* const> rest(tables); !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), tables_planned_at_once));
        rest = rest.subspan(some.size());
        auto planned = co_await plan_tables(context, source, *lanes.front(), lanes.size(), some);
        if (!planned) co_return planned;
        for (const source_table* table : some)
            add_parts(shared, *table);
    }
    std::vector<awaitable<result<void>>> running;
    for (const auto& one : lanes)
        running.push_back(work(shared, *one));
    running.push_back(shared.keys.run());
    co_return co_await run_lanes(context.executor, std::move(running));
}

} // namespace understudy::snapshot
