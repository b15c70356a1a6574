#include "snapshot/account_copy.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/copy_plan.hpp"
#include "snapshot/copy_shape.hpp"
#include "snapshot/data_copy.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/object_creator.hpp"
#include "snapshot/object_drop.hpp"
#include "snapshot/program_copy.hpp"
#include "snapshot/schema_copy.hpp"
#include "snapshot/snapshot.hpp"
#include "snapshot/table_lock.hpp"

#include "applier/exact_name.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/statement_lock.hpp"
#include "protocol/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::snapshot {

using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

// Three rows: the end of the source's log behind the last chunk (part 0), that all is done (part 1)
// with the end of the log then, and the end of the log before views and programs were read (part
// 3).
progress_key data_end_key() {
    return {"copy", {}, 0};
}
progress_key finished_key() {
    return {"copy", {}, 1};
}

progress_key programs_key() {
    return {"copy", {}, 3};
}

constexpr std::chrono::milliseconds commit_time_max{200};

// In the order in which they can be dropped: accounts are definers of the others.
constexpr std::array<std::string_view, 6> program_kinds{"event",    "trigger", "procedure",
                                                        "function", "view",    "account"};

constexpr std::string_view database_kind = "database";

bool is_of_programs(const progress_key& key) {
    return std::ranges::find(program_kinds, key.kind) != program_kinds.end();
}

// As MariaDB keeps it.
void take_json_as_text(source_catalog& catalog) {
    for (source_table& table : catalog.tables) {
        for (column& one : table.columns)
            one.tells_json_types = false;
    }
}

// makes_tables: those that were there are told from the copy's own by what it noted of them; else
// all were there.
copy_outcome outcome_of(const std::map<progress_key, progress_row>& done, bool makes_tables) {
    copy_outcome outcome;
    for (const auto& [key, row] : done) {
        if (key == data_end_key() && row.position) outcome.copy_end = row.position->binlog;
        if (key == programs_key() && row.position) outcome.programs_begin = *row.position;
        if (key == finished_key() && row.position) outcome.programs_end = row.position->binlog;
        if (key.kind == database_kind) outcome.databases.insert(key.source.database);
        if (key.kind == "table" && row.now == progress_row::stage::kept)
            outcome.kept.insert(key.source);
        if (key.kind != "data") continue;
        outcome.copied.insert(key.source);
        if (row.position) outcome.start_after[key.source] = *row.position;
    }
    if (!makes_tables) outcome.kept.insert(outcome.copied.begin(), outcome.copied.end());
    return outcome;
}

} // namespace

struct copier::impl {
    state::task_spec task;
    state::object_selection selection;
    stop_signal stop;
    copy_context context;

    impl(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
         state::task_spec spec, std::uint64_t epoch, const state::object_selection& objects,
         state::status_board& board, std::string_view progress_name)
        : task(std::move(spec)), selection(objects),
          context{executor,
                  &pool,
                  &task,
                  &selection,
                  &board,
                  &stop,
                  copy_progress(task.apply.meta_database,
                                progress_name.empty() ? task.name : std::string(progress_name)),
                  applier::checkpoint_store(task.apply.meta_database, task.name),
                  epoch,
                  source_link{executor, task.source,
                              [&board](std::string text) { board.warn(std::move(text)); }, &stop}} {
        context.source.options.database.clear(); // SHOW CREATE VIEW then names everything in full
    }

    [[nodiscard]] awaitable<result<void>> load(target_worker& worker);
    [[nodiscard]] awaitable<result<void>> note(target_worker& worker, progress_key key,
                                               progress_row row);
    [[nodiscard]] awaitable<result<void>> note_position(target_worker& worker, progress_key key,
                                                        source_session& source);
    [[nodiscard]] awaitable<result<void>> note_databases(target_worker& worker);
    [[nodiscard]] awaitable<result<void>> copy(object_creator& creator);
    [[nodiscard]] awaitable<result<void>> copy_rows(object_creator& creator, source_session& source,
                                                    schema_copy& schema);
    [[nodiscard]] awaitable<result<void>> begin_programs(target_worker& worker,
                                                         source_session& source);
    [[nodiscard]] awaitable<result<void>> copy_programs(object_creator& creator,
                                                        source_session& source);
    [[nodiscard]] awaitable<result<void>> forget_left_out(target_worker& worker);
    [[nodiscard]] awaitable<result<void>> discard_programs();
    [[nodiscard]] awaitable<result<copy_outcome>> run();
    [[nodiscard]] awaitable<result<void>> discard();
    [[nodiscard]] result<void> drop_one(target_session& target, const progress_key& key) const;
    [[nodiscard]] result<void> drop(target_session& target,
                                    const std::vector<progress_key>& objects,
                                    const std::vector<progress_key>& also_forget);
    [[nodiscard]] result<void> drop_all(target_session& target) const;
    [[nodiscard]] result<void> forget(target_session& target) const;

    void show(state::phase phase) const {
        context.board->update([phase](state::status& status) { status.now = phase; });
    }
};

awaitable<result<void>> copier::impl::load(target_worker& worker) {
    auto call = [this](target_session& target) -> result<std::map<progress_key, progress_row>> {
        if (auto prepared = context.progress.prepare(target); !prepared)
            return std::unexpected(std::move(prepared.error()));
        context.target_is_mariadb = target.facts().is_mariadb;
        return context.progress.load(target);
    };
    auto done = co_await worker.run_retrying(call);
    if (!done)
        co_return protocol::wrap(std::move(done.error()),
                                 "reading the progress of the initial copy");
    context.done = *std::move(done);
    co_return result<void>{};
}

awaitable<result<void>> copier::impl::note(target_worker& worker, progress_key key,
                                           progress_row row) {
    std::optional<progress_row> stored;
    auto call = [&](target_session& target) {
        return context.in_transaction(target, [&]() -> result<void> {
            auto found = context.progress.insert_unless_stored(target, key, row);
            if (!found) return std::unexpected(std::move(found.error()));
            stored = *std::move(found);
            return {};
        });
    };
    auto noted = co_await worker.run_retrying(call);
    if (!noted) co_return noted;
    if (stored) {
        row = *std::move(stored);
    } else {
        row.change = 1;
    }
    context.done[key] = std::move(row);
    co_return noted;
}

awaitable<result<void>> copier::impl::note_databases(target_worker& worker) {
    if (!context.selection->is_of_databases()) co_return result<void>{};
    for (const source_database& one : context.catalog.databases) {
        if (!context.selection->selects_database(one.name)) continue;
        progress_row row;
        row.now = progress_row::stage::created;
        progress_key key{std::string(database_kind), {one.name, ""}};
        if (auto noted = co_await note(worker, std::move(key), std::move(row)); !noted)
            co_return noted;
    }
    co_return result<void>{};
}

awaitable<result<void>> copier::impl::copy(object_creator& creator) {
    auto source = co_await reopen_source(context.source);
    if (!source) co_return std::unexpected(std::move(source.error()));
    // What the databases are like is read behind it too.
    if (context.selection->is_of_databases()) {
        if (auto begun = co_await begin_programs(creator.worker(), *source); !begun)
            co_return begun;
    }
    auto catalog = co_await read_catalog(**source, *context.selection);
    if (!catalog) co_return std::unexpected(std::move(catalog.error()));
    context.catalog = *std::move(catalog);
    if (auto fit = check_shapes(context.catalog, *context.selection); !fit) co_return fit;
    if (auto fit = check_merged(context.catalog, *context.selection); !fit) co_return fit;
    if (context.target_is_mariadb) take_json_as_text(context.catalog);
    for (const source_table& table : context.catalog.tables) {
        if (context.selection->is_model(table.name)) context.left_out.insert(table.name);
    }

    schema_copy schema(context, **source, creator);
    if (task.initial.schema) {
        show(state::phase::copying_schema);
        account_copy accounts(context, **source);
        if (auto free = co_await accounts.look(); !free) co_return free;
        if (auto done = co_await forget_left_out(creator.worker()); !done) co_return done;
        if (auto done = co_await schema.create_databases(); !done) co_return done;
        if (auto done = co_await note_databases(creator.worker()); !done) co_return done;
        if (auto done = co_await schema.create_tables(); !done) co_return done;
    }
    if (task.initial.data && !context.done.contains(data_end_key())) {
        // Whatever has a definition is there for views and programs to be made of.
        auto all = context.catalog.tables;
        std::erase_if(context.catalog.tables, [this](const source_table& table) {
            return context.left_out.contains(table.name);
        });
        auto done = co_await copy_rows(creator, *source, schema);
        context.catalog.tables = std::move(all);
        if (!done) co_return done;
    }
    if (task.initial.schema) {
        if (auto done = co_await copy_programs(creator, *source); !done) co_return done;
    }
    co_await (*source)->close();
    co_return result<void>{};
}

awaitable<result<void>> copier::impl::copy_rows(object_creator& creator, source_session& source,
                                                schema_copy& schema) {
    if (auto done = co_await schema.compare_tables(); !done) co_return done;
    show(state::phase::copying_data);
    data_copy data(context, *source);
    if (auto done = co_await data.run(); !done) co_return done;
    // The session of the schema may have waited for hours.
    auto another = co_await reopen_source(context.source);
    if (!another) co_return std::unexpected(std::move(another.error()));
    source = *std::move(another);
    co_return co_await note_position(creator.worker(), data_end_key(), source);
}

awaitable<result<void>> copier::impl::note_position(target_worker& worker, progress_key key,
                                                    source_session& source) {
    auto end = co_await read_position(source);
    if (!end) co_return std::unexpected(std::move(end.error()));
    progress_row row;
    row.now = progress_row::stage::copied;
    row.position = *std::move(end);
    co_return co_await note(worker, std::move(key), std::move(row));
}

// What others changed of them before this position is in what is read behind it.
awaitable<result<void>> copier::impl::begin_programs(target_worker& worker,
                                                     source_session& source) {
    auto begun = co_await note_position(worker, programs_key(), source);
    if (!begun) co_return begun;
    // The log has a statement before the dictionary shows what it did. By GTIDs of MySQL it can be
    // told from the set of those that have committed; else they are given time.
    const bool is_told =
        !source->server().is_mariadb && !context.done.at(programs_key()).position->executed.empty();
    if (is_told) co_return result<void>{};
    co_return co_await pause(context.executor, stop, commit_time_max);
}

// Whoever asked for the copy looks what was changed until the position at its end.
awaitable<result<void>> copier::impl::copy_programs(object_creator& creator,
                                                    source_session& source) {
    show(state::phase::copying_schema);
    if (!context.selection->is_of_databases()) {
        if (auto begun = co_await begin_programs(creator.worker(), source); !begun) co_return begun;
    }
    auto views = co_await read_views(*source, *context.selection);
    if (!views) co_return std::unexpected(std::move(views.error()));
    context.catalog.views = *std::move(views);
    account_copy accounts(context, *source);
    if (auto done = co_await accounts.create(); !done) co_return done;
    program_copy programs(context, *source, creator, accounts);
    if (auto done = co_await programs.create_all(); !done) co_return done;
    if (auto done = co_await accounts.grant(true); !done) co_return done;
    co_return co_await note_position(creator.worker(), finished_key(), source);
}

// Routines and events go with their database, triggers with their table, which the key does not
// say.
result<void> copier::impl::drop_one(target_session& target, const progress_key& key) const {
    const state::object_name& source = key.source;
    // The rows of others are in it.
    if (key.kind == "table" && context.selection->is_merged(source)) return {};
    if (key.kind == "account") return drop_account(target, context.done.at(key));
    if (key.kind == "table" || key.kind == "view")
        return drop_object(target, key.kind, context.on_target(source).to_string());
    if (key.kind != "trigger") {
        const state::object_name name{context.selection->map_database(source.database),
                                      source.object};
        return drop_object(target, key.kind, name.to_string());
    }
    auto found = target.query(
        "SELECT trigger_schema, event_object_table FROM information_schema.triggers WHERE "
        "trigger_name = " +
        applier::quote_string(source.object));
    if (!found) return std::unexpected(std::move(found.error()));
    for (const auto& row : found->rows) {
        const std::string database = row[0].value_or("");
        const state::object_name on{database, row[1].value_or("")};
        const auto table = context.selection->source_of(on);
        const bool is_its = table && table->database == source.database;
        if (!is_its && !context.selection->merges_into(on)) continue;
        const state::object_name name{database, source.object};
        if (auto done = drop_object(target, key.kind, name.to_string()); !done) return done;
    }
    return {};
}

// Only what we made is dropped.
result<void> copier::impl::drop(target_session& target, const std::vector<progress_key>& objects,
                                const std::vector<progress_key>& also_forget) {
    const auto lock = applier::statement_lock::acquire(target, context.checkpoints, context.epoch);
    if (!lock) return std::unexpected(lock.error());
    auto done = target.run("SET SESSION foreign_key_checks = 0");
    for (const progress_key& key : objects) {
        const bool is_kept = context.done.at(key).now == progress_row::stage::kept;
        if (done && !is_kept) done = drop_one(target, key);
    }
    if (done) done = target.run("SET SESSION foreign_key_checks = 1");
    if (!done) return done;
    done = context.in_transaction(target, [&]() -> result<void> {
        for (const auto* keys : {&objects, &also_forget}) {
            for (const progress_key& key : *keys) {
                if (auto removed = context.progress.remove(target, key); !removed) return removed;
            }
        }
        return {};
    });
    if (!done) return done;
    for (const auto* keys : {&objects, &also_forget}) {
        for (const progress_key& key : *keys)
            context.done.erase(key);
    }
    return {};
}

// They may have changed since they were made: create_tables() makes them anew.
awaitable<result<void>> copier::impl::forget_left_out(target_worker& worker) {
    std::vector<progress_key> tables;
    std::vector<progress_key> others;
    for (const auto& [key, row] : context.done) {
        if (!context.left_out.contains(key.source) || is_of_programs(key)) continue;
        (key.kind == "table" ? tables : others).push_back(key);
    }
    if (tables.empty() && others.empty()) co_return result<void>{};
    auto call = [&](target_session& target) { return drop(target, tables, others); };
    co_return co_await worker.run_retrying(call);
}

awaitable<result<void>> copier::impl::discard_programs() {
    target_worker worker(context.worker({}));
    if (auto loaded = co_await load(worker); !loaded) co_return loaded;
    std::vector<progress_key> programs;
    for (const std::string_view kind : program_kinds) {
        for (const auto& [key, row] : context.done) {
            if (key.kind == kind) programs.push_back(key);
        }
    }
    std::vector<progress_key> also_forget{programs_key(), finished_key()};
    for (const auto& [key, row] : context.done) {
        if (key.kind == database_kind) also_forget.push_back(key);
    }
    auto call = [&](target_session& target) { return drop(target, programs, also_forget); };
    co_return co_await worker.run_retrying(call);
}

awaitable<result<copy_outcome>> copier::impl::run() {
    object_creator creator(context);
    if (auto loaded = co_await load(creator.worker()); !loaded)
        co_return std::unexpected(std::move(loaded.error()));
    if (context.done.contains(discarded_key()))
        co_return fail(errc::taken_back, "the copy was being taken back");
    const bool wanted = task.initial.schema || task.initial.data;
    if (wanted && !context.done.contains(finished_key())) {
        if (auto done = co_await copy(creator); !done)
            co_return std::unexpected(std::move(done.error()));
        progress_row row;
        row.now = progress_row::stage::copied;
        // With the position at which programs were read it is there already.
        if (auto noted = co_await note(creator.worker(), finished_key(), std::move(row)); !noted)
            co_return std::unexpected(std::move(noted.error()));
    }
    co_return outcome_of(context.done, task.initial.schema);
}

// Views and programs first, then tables whatever their foreign keys say, then databases that are
// selected as a whole and left empty.
result<void> copier::impl::drop_all(target_session& target) const {
    const auto lock = applier::statement_lock::acquire(target, context.checkpoints, context.epoch);
    if (!lock) return std::unexpected(lock.error());
    auto done = target.execute("SET SESSION foreign_key_checks = 0");
    if (!done) return std::unexpected(std::move(done.error()));
    for (const std::string_view kind :
         {"event", "trigger", "procedure", "function", "view", "account", "table"}) {
        for (const auto& [key, row] : context.done) {
            if (key.kind != kind || row.now == progress_row::stage::kept) continue;
            if (auto dropped = drop_one(target, key); !dropped) return dropped;
        }
    }
    std::set<std::string> databases;
    for (const auto& [key, row] : context.done) {
        if (!key.source.database.empty() &&
            context.selection->selects_database(key.source.database))
            databases.insert(context.on_target(key.source).database);
    }
    for (const std::string& database : databases) {
        auto left = target.scalar(
            fmt::format("SELECT (SELECT COUNT(*) FROM information_schema.tables WHERE {}) + "
                        "(SELECT COUNT(*) FROM information_schema.routines WHERE {}) + "
                        "(SELECT COUNT(*) FROM information_schema.events WHERE {})",
                        applier::exact_name("table_schema", database),
                        applier::exact_name("routine_schema", database),
                        applier::exact_name("event_schema", database)));
        if (!left) return std::unexpected(std::move(left.error()));
        if (*left != "0") continue;
        if (auto dropped = drop_object(target, "database", state::quote_identifier(database));
            !dropped)
            return dropped;
    }
    return forget(target);
}

// Progress and checkpoint in one: the next run is a first start.
result<void> copier::impl::forget(target_session& target) const {
    return context.in_transaction(target, [&]() -> result<void> {
        if (auto removed = context.progress.remove(target); !removed) return removed;
        if (auto removed = context.checkpoints.remove(target); !removed) return removed;
        // Tables that were to be copied by themselves are in the next copy like all others.
        return applier::quarantine_store(context.checkpoints).remove_all(target);
    });
}

awaitable<result<void>> copier::impl::discard() {
    target_worker worker(context.worker({}));
    if (auto loaded = co_await load(worker); !loaded) co_return loaded;
    progress_row row;
    row.now = progress_row::stage::copying;
    if (auto noted = co_await note(worker, discarded_key(), std::move(row)); !noted)
        co_return noted;
    bool retrying = false;
    auto call = [&](target_session& target) -> result<void> {
        if (std::exchange(retrying, true)) {
            auto left = context.checkpoints.load_settled(target);
            if (!left) return std::unexpected(std::move(left.error()));
            if (!*left) return {}; // forgotten, by a COMMIT whose answer was lost
        }
        return drop_all(target);
    };
    co_return co_await worker.run_retrying(call);
}

copier::copier(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
               state::task_spec task, std::uint64_t epoch, const state::object_selection& selection,
               state::status_board& board, std::string_view progress_name)
    : impl_(std::make_unique<impl>(executor, pool, std::move(task), epoch, selection, board,
                                   progress_name)) {}

copier::~copier() = default;

awaitable<result<copy_outcome>> copier::run() {
    auto outcome = co_await impl_->run();
    // Whatever broke first, the reason was the request to stop.
    if (!outcome && impl_->stop.stopped()) co_return fail(errc::cancelled, "the copy was stopped");
    co_return outcome;
}

awaitable<result<copy_outcome>> copier::load_outcome() {
    target_worker worker(impl_->context.worker({}));
    if (auto loaded = co_await impl_->load(worker); !loaded)
        co_return std::unexpected(std::move(loaded.error()));
    co_return outcome_of(impl_->context.done, impl_->task.initial.schema);
}

awaitable<result<void>> copier::discard() {
    co_return co_await impl_->discard();
}

void copier::leave_out(std::set<state::object_name> tables) {
    impl_->context.left_out = std::move(tables);
}

const std::set<state::object_name>& copier::set_aside() const {
    return impl_->context.set_aside;
}

awaitable<result<void>> copier::discard_programs() {
    co_return co_await impl_->discard_programs();
}

void copier::stop() {
    impl_->stop.stop();
}

} // namespace understudy::snapshot
