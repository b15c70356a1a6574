// A definition whose [objects] were changed, as a step of task_run.

#include "applier/errc.hpp"
#include "applier/objects_store.hpp"
#include "applier/quarantine_store.hpp"
#include "apps/task_run.hpp"
#include "protocol/net/connection.hpp"
#include "state/objects_text.hpp"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>

namespace understudy::apps {

namespace {

using state::object_name;
using state::object_selection;

enum class difference : std::uint8_t { none, rows, place };

// Between where a table of the source was on the target, and where it is to be.
difference compare(const object_selection& before, const object_selection& now,
                   const object_name& table) {
    const auto& [database, name] = table;
    if (!now.selects(database, name)) return difference::none;
    if (!before.selects(database, name) || before.map(database, name) != now.map(database, name))
        return difference::place;
    const state::table_shape* const old_shape = before.shape(database, name);
    const state::table_shape* const shape = now.shape(database, name);
    const bool is_same = old_shape == nullptr || shape == nullptr
                             ? old_shape == shape
                             : old_shape->has_same_rows(*shape);
    return is_same ? difference::none : difference::rows;
}

} // namespace

// Whatever of the source is on the target now, or is there otherwise than before, is copied by
// itself while the stream goes on. The wish comes before the note, so that a process that dies
// between them is followed by one that sees the change again.
task_run::step<> task_run::follow_objects() {
    const applier::objects_store store(task_.apply.meta_database, task_.name);
    const std::string text = state::objects_text(task_);
    auto stored = store.load(*target_);
    if (!stored) co_return std::unexpected(std::move(stored.error()));
    if (*stored == text) co_return protocol::result<void>{};
    if (*stored) {
        auto spec = state::with_objects(task_, **stored);
        if (!spec) co_return std::unexpected(std::move(spec.error()));
        auto before = object_selection::make(*spec);
        if (!before) co_return std::unexpected(std::move(before.error()));
        if (auto asked = co_await copy_differing(*before); !asked) co_return asked;
    }
    co_return store.save(*target_, text);
}

task_run::step<> task_run::copy_differing(object_selection before) {
    auto source = co_await protocol::net::connection::open(work_loop_.get_executor(), task_.source,
                                                           {});
    if (!source) co_return std::unexpected(std::move(source.error()));
    auto rows = co_await (*source)->query("SELECT table_schema, table_name FROM "
                                          "information_schema.tables");
    co_await (*source)->close();
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    std::set<object_name> tables;
    std::set<std::string> databases;
    for (const auto& row : rows->rows) {
        object_name table{row.at(0).value_or(""), row.at(1).value_or("")};
        const difference found = compare(before, selection_, table);
        if (found == difference::none) continue;
        if (found == difference::place) {
            if (auto free = check_free(table); !free) co_return free;
            if (selection_.selects_database(table.database) &&
                !before.selects_database(table.database))
                databases.insert(table.database);
        }
        tables.insert(std::move(table));
    }
    for (const std::string& database : databases)
        board_.warn("routines and events of " + state::quote_identifier(database) +
                    ", which is selected as a whole now, are not copied, only followed: make those "
                    "that are there on the target by hand");
    if (auto held = checkpoints_.hold(*target_, checkpoint_->epoch); !held) co_return held;
    for (const object_name& table : tables) {
        auto asked = applier::quarantine_store(checkpoints_)
                         .ask_to_reload(*target_, {table}, "the task's objects were changed");
        if (!asked) co_return asked;
        board_.warn(table.to_string() + " is copied: the task's objects were changed");
    }
    co_return protocol::result<void>{};
}

// A copy drops what it finds under its name, which is not ours yet.
protocol::result<void> task_run::check_free(const object_name& table) {
    const object_name name = selection_.map(table.database, table.object);
    auto there = target_->scalar(
        fmt::format("SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name "
                    "= {}",
                    applier::quote_string(name.database), applier::quote_string(name.object)));
    if (!there) return std::unexpected(std::move(there.error()));
    if (!*there) return {};
    return protocol::fail(
        applier::errc::target_refused,
        fmt::format("{} is to be copied, because the task's objects were changed, and the target "
                    "has a {} already: drop or rename it there, or leave the table out",
                    table.to_string(), name.to_string()));
}

} // namespace understudy::apps
