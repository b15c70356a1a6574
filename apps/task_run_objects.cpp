// A definition whose [objects] were changed, as a step of task_run.

#include "applier/errc.hpp"
#include "applier/linked_tables.hpp"
#include "applier/objects_store.hpp"
#include "applier/quarantine_store.hpp"
#include "apps/task_run.hpp"
#include "protocol/net/connection.hpp"
#include "state/objects_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
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
    if (before.is_model(table) != now.is_model(table)) return difference::rows;
    const state::table_shape* const old_shape = before.shape(database, name);
    const state::table_shape* const shape = now.shape(database, name);
    const bool is_same = old_shape == nullptr || shape == nullptr
                             ? old_shape == shape
                             : old_shape->has_same_rows(*shape);
    return is_same ? difference::none : difference::rows;
}

// What belongs to the database itself comes with it.
bool takes_whole(const object_selection& before, const object_selection& now,
                 const std::string& database) {
    return now.selects_database(database) &&
           (!before.selects_database(database) ||
            before.map_database(database) != now.map_database(database));
}

applier::table_links links_between(const object_selection& selected,
                                   const protocol::text_result& keys) {
    applier::table_links links;
    for (const auto& row : keys.rows) {
        object_name child{row.at(0).value_or(""), row.at(1).value_or("")};
        object_name parent{row.at(2).value_or(""), row.at(3).value_or("")};
        if (selected.selects(child.database, child.object) &&
            selected.selects(parent.database, parent.object))
            links.emplace_back(std::move(child), std::move(parent));
    }
    return links;
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
    // Whoever fills the target by other means does so for new tables too.
    const bool copies = task_.initial.schema && task_.initial.data &&
                        task_.conflict.policy == state::task_spec::existing_tables::intercept;
    if (*stored && !copies) {
        board_.warn("the task's objects were changed; what that means for the target's tables is "
                    "yours to do, because this task does not make them");
    } else if (*stored) {
        auto spec = state::with_objects(task_, **stored);
        if (!spec) co_return std::unexpected(std::move(spec.error()));
        auto before = object_selection::make(*spec);
        if (!before) co_return std::unexpected(std::move(before.error()));
        before->set_case_insensitive(selection_.is_case_insensitive());
        auto asked = co_await copy_differing(
            before->following(selection_.followed()).fitting(selection_.fits()));
        if (!asked) co_return asked;
    }
    co_return store.save(*target_, checkpoints_, checkpoint_->epoch, text);
}

task_run::step<> task_run::copy_differing(object_selection before) {
    auto source =
        co_await protocol::net::connection::open(work_loop_.get_executor(), task_.source, {});
    if (!source) co_return std::unexpected(std::move(source.error()));
    auto rows = co_await (*source)->query(
        "SELECT table_schema, table_name, table_type FROM information_schema.tables");
    auto schemata =
        co_await (*source)->query("SELECT schema_name FROM information_schema.schemata");
    auto keys = co_await (*source)->query(
        "SELECT DISTINCT table_schema, table_name, referenced_table_schema, referenced_table_name "
        "FROM information_schema.key_column_usage WHERE referenced_table_name IS NOT NULL");
    co_await (*source)->close();
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    if (!schemata) co_return std::unexpected(std::move(schemata.error()));
    if (!keys) co_return std::unexpected(std::move(keys.error()));
    std::set<object_name> tables;
    for (const auto& row : rows->rows) {
        object_name table{row.at(0).value_or(""), row.at(1).value_or("")};
        const bool is_view = row.at(2).value_or("").contains("VIEW");
        const difference found = compare(before, selection_, table);
        const bool concerns_rows_of_view = is_view && found == difference::rows;
        if (found == difference::none || concerns_rows_of_view ||
            (is_view && selection_.skips("view")))
            continue;
        if (before.is_merged(table) || selection_.is_merged(table)) {
            co_return protocol::fail(
                applier::errc::unsupported_statement,
                table.to_string() +
                    " is merged into a table of the target (objects.merge), and its rows there are "
                    "not to be told from those of others: take the change of the task's objects "
                    "back, or begin with a task of another name for what is new");
        }
        if (found == difference::place) {
            if (auto free = check_free(table); !free) co_return free;
        }
        tables.insert(std::move(table));
    }
    // Those of tables that are new are not on the target yet.
    tables = applier::linked_by(links_between(selection_, *keys), std::move(tables));
    std::set<std::string> databases;
    for (const auto& row : schemata->rows) {
        const std::string database = row.at(0).value_or("");
        if (takes_whole(before, selection_, database)) databases.insert(database);
    }
    if (auto copied = co_await copy_programs(std::move(databases)); !copied) {
        co_return copied;
    }
    if (tables.empty()) co_return protocol::result<void>{};
    board_.warn(applier::list_names(tables) + " are copied: the task's objects were changed");
    co_return ask_for_copies(std::move(tables));
}

// Together, because views and foreign keys may need any of the others. Those that are set aside
// already are copied from the start.
protocol::result<void> task_run::ask_for_copies(std::set<object_name> tables) {
    constexpr std::string_view why = "the task's objects were changed";
    const applier::quarantine_store store(checkpoints_);
    if (auto held = checkpoints_.hold(*target_, checkpoint_->epoch); !held) return held;
    const auto entries = store.load(*target_);
    if (!entries) return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
        if (entry.is_asked()) continue;
        std::set<object_name> of_it;
        std::ranges::set_intersection(tables, entry.tables, std::inserter(of_it, of_it.end()));
        if (of_it.empty()) continue;
        const auto again = entry.comes_back()
                               ? store.extend(*target_, entry, {}, {}, checkpoint_->epoch)
                               : store.reload(*target_, *of_it.begin(), why);
        if (!again) return std::unexpected(again.error());
        for (const object_name& table : of_it)
            tables.erase(table);
    }
    return tables.empty() ? protocol::result<void>{} : store.ask_to_reload(*target_, tables, why);
}

// A copy drops what it finds under its name, which is not ours yet.
protocol::result<void> task_run::check_free(const object_name& table) {
    const object_name name = selection_.map(table.database, table.object);
    if (selection_.merges_into(name)) return {}; // and is not dropped
    auto there = target_->scalar(fmt::format(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name "
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
