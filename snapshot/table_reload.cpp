#include "snapshot/table_reload.hpp"

#include "applier/checkpoint_store.hpp"
#include "applier/errc.hpp"
#include "applier/prepared_store.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/statement_lock.hpp"
#include "protocol/net/on_thread.hpp"
#include "protocol/net/replica_session.hpp"
#include "snapshot/copy_progress.hpp"
#include "snapshot/definition_hold.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/object_drop.hpp"
#include "snapshot/target_worker.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace understudy::snapshot {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using applier::target_session;
using asio::awaitable;
using protocol::fail;
using protocol::result;

// What one call of reload() has; lives as long as it runs.
struct table_reload::attempt {
    applier::quarantine_entry entry;
    std::uint64_t epoch;
    std::function<void(std::string)> note;
    state::task_spec spec; // of a task with the entry's name
    state::object_selection selection;
    applier::checkpoint_store task;
    applier::checkpoint_store own;
    copy_progress progress;
    target_worker worker;
    state::status_board board; // the task has its own phase
    applier::checkpoint at{};
};

namespace {

result<void> drop_tables(target_session& target, const applier::checkpoint_store& store,
                         std::uint64_t epoch, const state::object_selection& selection,
                         const std::set<state::object_name>& tables) {
    const auto lock = applier::statement_lock::acquire(target, store, epoch);
    if (!lock) return std::unexpected(lock.error());
    auto done = target.run("SET SESSION foreign_key_checks = 0");
    for (const state::object_name& table : tables) {
        // One that the task no longer selects stays as it is.
        if (!selection.selects(table.database, table.object)) continue;
        const auto name = selection.map(table.database, table.object);
        for (const std::string_view kind : {"table", "view"}) {
            if (done) done = drop_object(target, kind, name.to_string());
        }
    }
    return done ? target.run("SET SESSION foreign_key_checks = 1") : done;
}

} // namespace

table_reload::table_reload(parts of) : parts_(std::move(of)) {}

table_reload::~table_reload() = default;

void table_reload::stop() {
    stop_.stop();
    if (copier_ != nullptr) copier_->stop();
}

state::task_spec table_reload::spec_of(const applier::quarantine_entry& entry) const {
    state::task_spec spec = parts_.task;
    spec.name = entry.task();
    spec.initial.schema = true;
    spec.initial.data = true;
    using policy = state::task_spec::existing_tables;
    spec.conflict.policy = entry.keeps_rows ? policy::ignore : policy::intercept;
    spec.conflict.differing = state::task_spec::differing_tables::stop;
    spec.adopted.reset();
    return spec;
}

awaitable<result<void>> table_reload::reload(applier::quarantine_entry entry, std::uint64_t epoch,
                                             std::function<void(std::string)> note) {
    state::task_spec spec = spec_of(entry);
    const std::string meta = spec.apply.meta_database;
    const std::string name = spec.name;
    attempt now{.entry = entry,
                .epoch = epoch,
                .note = std::move(note),
                .spec = std::move(spec),
                .selection = parts_.selection.only(entry.tables),
                .task = applier::checkpoint_store(meta, parts_.task.name),
                .own = applier::checkpoint_store(meta, name),
                .progress = copy_progress(meta, name),
                .worker = target_worker(
                    {parts_.executor, &parts_.pool, parts_.task.target, {}, &stop_, {}}),
                .board = state::status_board(name)};
    auto done = co_await run(now);
    // What each connection says the task has said before.
    const auto said = parts_.board.read().warnings;
    for (const std::string& warning : now.board.read().warnings) {
        if (std::ranges::find(said, warning) == said.end())
            parts_.board.warn(now.entry.names() + ": " + warning);
    }
    if (!done && stop_.stopped()) co_return fail(applier::errc::cancelled, "the copy was stopped");
    if (!done && parts_.may_pass(done.error()))
        done.error().code = make_error_code(applier::errc::transient);
    co_return done;
}

awaitable<result<void>> table_reload::run(attempt& now) {
    constexpr int restarts_max = 10;
    constexpr int restarts_unheld_max = 2;
    for (const state::object_name& table : now.entry.tables) {
        if (!parts_.selection.is_merged(table)) continue;
        co_return fail(
            errc::unsupported_object,
            fmt::format("{} is merged into {}, where its rows are not to be told from "
                        "those of others (objects.merge): delete them there, and copy it "
                        "by a task of its own",
                        table.to_string(),
                        parts_.selection.map(table.database, table.object).to_string()));
    }
    if (auto taken = co_await take_over(now); !taken) co_return taken;
    bool begun = now.at.now == applier::checkpoint::stage::copying;
    for (int restarts = 0;; ++restarts) {
        std::optional<source_session> held;
        if (restarts >= restarts_unheld_max) {
            auto hold = co_await hold_definitions(source_of(now));
            if (!hold) co_return std::unexpected(std::move(hold.error()));
            held = *std::move(hold);
        }
        if (!begun) {
            if (auto done = co_await begin(now); !done) co_return done;
        }
        auto copied = co_await copy(now);
        if (held) co_await (*held)->close();
        const bool was_taken_back = !copied && is_worthless(copied.error().code);
        if (!copied && (stop_.stopped() || parts_.may_pass(copied.error())))
            co_return std::unexpected(std::move(copied.error()));
        auto ddl = co_await ddl_during_copy(now);
        if (!ddl) {
            // What the copy met may be what such a statement did, and nobody could look.
            const bool is_unknown = copied || stop_.stopped() || parts_.may_pass(ddl.error());
            co_return std::unexpected(std::move(is_unknown ? ddl.error() : copied.error()));
        }
        if (!*ddl && copied) co_return co_await finish(now, *copied);
        if (!*ddl && !was_taken_back) co_return std::unexpected(std::move(copied.error()));
        if (restarts == restarts_max) {
            co_return fail(errc::changed_during_copy,
                           fmt::format("its definition was changed each of {} times while it was "
                                       "copied, the last time by: {}",
                                       restarts_max, *ddl ? (*ddl)->shown : std::string()));
        }
        now.note("its definition was changed while it was copied, it begins anew: " +
                 (*ddl ? (*ddl)->shown : std::string()));
        begun = false;
    }
}

// An older process of the task must not take its entries from a newer one.
awaitable<result<void>> table_reload::take_over(attempt& now) {
    const auto call = [&now](target_session& target) -> result<applier::checkpoint> {
        if (auto held = now.task.hold(target, now.epoch); !held)
            return std::unexpected(std::move(held.error()));
        auto same = applier::quarantine_store(now.task).check_unchanged(target, now.entry);
        if (!same) return std::unexpected(std::move(same.error()));
        if (auto made = now.progress.prepare(target); !made)
            return std::unexpected(std::move(made.error()));
        auto epoch = now.own.take_over(target);
        if (!epoch) return std::unexpected(std::move(epoch.error()));
        auto stored = now.own.load(target);
        if (!stored) return std::unexpected(std::move(stored.error()));
        if (!*stored)
            return fail(applier::errc::checkpoint_invalid,
                        "the checkpoint of " + now.entry.names() + " is gone from the target");
        return **std::move(stored);
    };
    auto taken = co_await now.worker.run_retrying(call);
    if (!taken) co_return std::unexpected(std::move(taken.error()));
    now.at = *std::move(taken);
    co_return result<void>{};
}

// Rows of a copy that cannot be told from those that were there before could be older than what
// the next copy brings, and nothing would ever mend them.
awaitable<result<void>> table_reload::check_uncopied(attempt& now) {
    const copy_progress of_task(now.spec.apply.meta_database, parts_.task.name);
    const auto call = [&](target_session& target) -> result<bool> {
        for (const copy_progress* one : {&std::as_const(now.progress), &of_task}) {
            auto done = one->load(target);
            if (!done) return std::unexpected(std::move(done.error()));
            const bool is_begun = std::ranges::any_of(*done, [&](const auto& row) {
                return row.first.kind == "data" && now.entry.tables.contains(row.first.source);
            });
            if (is_begun) return true;
        }
        return false;
    };
    const auto begun = co_await now.worker.run_retrying(call);
    if (!begun) co_return std::unexpected(begun.error());
    if (!*begun) co_return result<void>{};
    co_return fail(errc::changed_during_copy,
                   "rows of an earlier copy are among those that were on the target before, and a "
                   "definition was changed since: they cannot be kept. Have it copied from the "
                   "start (understudy reload), which drops the table on the target with the rows "
                   "that it alone has, or exclude it in the task");
}

// After a fail-over the log has names of its own for the files of the server that is followed.
relay::server_turn table_reload::followed(const attempt& now) const {
    return relay::server_turn::of(parts_.relay.end().binlog.file, now.at.source_uuid);
}

awaitable<result<void>> table_reload::begin(attempt& now) {
    if (now.entry.keeps_rows) {
        if (auto untouched = co_await check_uncopied(now); !untouched) co_return untouched;
    }
    auto start = co_await read_start_in(parts_.relay, parts_.executor, now.spec, now.selection,
                                        now.board, stop_);
    if (!start) co_return std::unexpected(std::move(start.error()));
    state::source_position from = std::move(start->position);
    const applier::quarantine_store entries(now.task);
    const auto call = [&](target_session& target) -> result<void> {
        const auto also = [&](target_session& session) -> result<void> {
            auto done = now.progress.remove(session);
            progress_row row;
            row.now = progress_row::stage::copying;
            if (done) done = now.progress.insert(session, discarded_key(), row);
            const applier::prepared_store prepared(now.spec.apply.meta_database, now.spec.name);
            return done ? prepared.note_unknown(session, !start->prepared_have_ended) : done;
        };
        auto done = entries.begin_reload(target, now.entry, now.epoch, now.at.epoch, from, also);
        if (done && !now.entry.keeps_rows)
            done = drop_tables(target, now.own, now.at.epoch, now.selection, now.entry.tables);
        if (!done) return done;
        return entries.begin_reload(
            target, now.entry, now.epoch, now.at.epoch, from,
            [&](target_session& session) -> result<void> { return now.progress.remove(session); });
    };
    auto done = co_await now.worker.run_retrying(call);
    if (done) now.at.applied = std::move(from);
    co_return done;
}

source_link table_reload::source_of(attempt& now) {
    source_link link{parts_.executor, parts_.task.source,
                     [&now](std::string text) { now.board.warn(std::move(text)); }, &stop_};
    link.options.database.clear();
    return link;
}

awaitable<void> table_reload::tell(attempt& now) {
    asio::steady_timer timer(parts_.executor);
    for (;;) {
        std::uint64_t rows = 0;
        for (const auto& [table, figures] : now.board.read().copy)
            rows += figures.rows;
        now.note(fmt::format("copied anew, {} rows so far", rows));
        timer.expires_after(1s);
        boost::system::error_code woken;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if (woken) co_return;
    }
}

awaitable<result<copy_outcome>> table_reload::copy(attempt& now) {
    using namespace asio::experimental::awaitable_operators;
    copier work(parts_.executor, parts_.pool, now.spec, now.at.epoch, now.selection, now.board);
    copier_ = &work;
    if (stop_.stopped()) work.stop();
    auto ended = co_await (work.run() || tell(now));
    copier_ = nullptr;
    co_return std::get<0>(std::move(ended));
}

awaitable<result<std::optional<applier::definition_change>>>
table_reload::ddl_during_copy(attempt& now) {
    auto session = co_await reopen_source(source_of(now));
    if (!session) co_return std::unexpected(std::move(session.error()));
    auto facts = co_await protocol::net::read_source_facts(**session);
    const auto version = (*session)->server().version_number;
    co_await (*session)->close();
    if (!facts) co_return std::unexpected(std::move(facts.error()));
    const protocol::binlog_position until{followed(now).name_of(facts->written.file),
                                          facts->written.offset};
    while (parts_.relay.end().binlog < until) {
        auto waited = co_await pause(parts_.executor, stop_, 50ms);
        if (!waited) co_return std::unexpected(std::move(waited.error()));
    }
    const auto scan = [&] {
        return applier::find_ddl(parts_.relay, now.at.applied, until, now.selection, version);
    };
    co_return co_await protocol::net::on_thread(parts_.pool, scan);
}

awaitable<result<void>> table_reload::finish(attempt& now, const copy_outcome& copied) {
    const protocol::binlog_position end{followed(now).name_of(copied.copy_end.file),
                                        copied.copy_end.offset};
    const auto call = [&](target_session& target) {
        return applier::quarantine_store(now.task).finish_reload(target, now.entry, now.epoch,
                                                                 now.at.epoch, end);
    };
    co_return co_await now.worker.run_retrying(call);
}

awaitable<result<applier::reloaded_tables>> table_reload::load(applier::quarantine_entry entry) {
    const auto selection = parts_.selection.only(entry.tables);
    state::status_board unseen(entry.task());
    copier work(parts_.executor, parts_.pool, spec_of(entry), 0, selection, unseen);
    auto left = co_await work.load_outcome();
    if (!left) co_return std::unexpected(std::move(left.error()));
    co_return applier::reloaded_tables{std::move(left->copied), std::move(left->start_after)};
}

} // namespace understudy::snapshot
