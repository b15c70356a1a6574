// Other tasks that write to a server, and whether they meet this one.

#include "applier/target_session.hpp"
#include "precheck/items.hpp"
#include "state/objects_text.hpp"

namespace understudy::precheck {

using applier::quote_string;

std::string meta_tables_question(std::string_view meta_database) {
    return "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
           quote_string(meta_database) + " AND TABLE_NAME IN ('checkpoint', 'objects')";
}

std::string upstream_table_question(std::string_view meta_database) {
    return "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
           quote_string(meta_database) + " AND TABLE_NAME = 'upstream'";
}

std::string upstream_question(std::string_view meta_database) {
    return "SELECT task, server_uuid FROM " + state::quote_identifier(meta_database) + ".upstream";
}

std::string residents_question(std::string_view meta_database, std::string_view but) {
    const std::string database = state::quote_identifier(meta_database);
    return "SELECT c.task, c.source_uuid, o.objects FROM " + database + ".checkpoint c JOIN " +
           database + ".objects o ON o.task = c.task WHERE c.task <> " + quote_string(but) +
           " ORDER BY c.task";
}

namespace {

[[nodiscard]] std::optional<state::object_selection> objects_of(const state::task_spec& ours,
                                                                const resident_task& task) {
    const auto spec = state::with_objects(ours, task.objects);
    if (!spec) return std::nullopt;
    auto selection = state::object_selection::make(*spec);
    if (!selection) return std::nullopt;
    return *std::move(selection);
}

[[nodiscard]] std::string remove_traces(const subject& about, const resident_task& task) {
    const std::string database = state::quote_identifier(about.spec.apply.meta_database);
    const std::string where = " WHERE task = " + quote_string(task.name) + ";";
    return "-- or, if task " + task.name + " is over (understudy remove --traces):\nDELETE FROM " +
           database + ".checkpoint" + where + " DELETE FROM " + database + ".objects" + where;
}

// What makes one item of all tasks that meet ours somewhere.
struct meetings {
    std::vector<std::string> found;
    std::string fix = "-- Leave these tables out of one of the tasks (objects.exclude),";

    void note(const subject& about, const resident_task& task,
              const std::vector<std::string>& tables) {
        if (tables.empty()) return;
        found.push_back("task " + task.name + ": " + some_of(tables, 3));
        fix += "\n" + remove_traces(about, task);
    }
};

// A task that has begun has met the other before; it is not kept from going on.
[[nodiscard]] item judge(const subject& about, std::string id, std::string title,
                         const meetings& all, std::string why) {
    const severity level = about.known.first_start ? severity::blocking : severity::warning;
    return expect_none(std::move(id), level, std::move(title), all.found, std::move(why), all.fix);
}

// The tables that ours takes from the source, and that the other task writes there.
[[nodiscard]] std::vector<std::string> tables_passed_on(const subject& about,
                                                        const state::object_selection& other) {
    std::vector<std::string> tables;
    for (const table_fact& table : about.source.tables) {
        if (!table.is_view && other.source_of(table.name)) tables.push_back(table.name.to_string());
    }
    return tables;
}

} // namespace

item other_tasks_item(const subject& about, const target_seen& target) {
    meetings all;
    for (const resident_task& task : target.server.tasks) {
        const auto objects = objects_of(about.spec, task);
        if (!objects) continue;
        std::vector<std::string> tables;
        for (const table_fact& table : about.source.tables) {
            const bool both_merge = about.selection.merges_into(table.on_target) &&
                                    objects->merges_into(table.on_target);
            if (!table.is_view && !both_merge && objects->source_of(table.on_target))
                tables.push_back(table.on_target.to_string());
        }
        all.note(about, task, tables);
    }
    return judge(about, "target.other_tasks", "tables that other tasks write", all,
                 "two tasks that write the same table stop each other, or undo what the other did");
}

std::set<std::string> upstream_of(const subject& about) {
    std::set<std::string> servers;
    for (const resident_task& task : about.source.server.tasks) {
        const auto objects = objects_of(about.spec, task);
        if (!objects || tables_passed_on(about, *objects).empty()) continue;
        servers.insert(task.source_uuid);
        servers.insert(task.upstream.begin(), task.upstream.end());
    }
    servers.erase(protocol::uuid{}.to_string()); // of MariaDB
    servers.erase("");
    return servers;
}

item ring_item(const subject& about, const target_seen& target) {
    meetings all;
    for (const resident_task& task : about.source.server.tasks) {
        const auto back = objects_of(about.spec, task);
        if (!back) continue;
        if (task.upstream.contains(target.server.server_uuid))
            all.note(about, task, tables_passed_on(about, *back));
        if (task.source_uuid != target.server.server_uuid) continue;
        std::vector<std::string> tables;
        for (const table_fact& table : about.source.tables) {
            if (table.is_view) continue;
            const auto& [database, name] = table.on_target;
            if (back->selects(database, name) && back->map(database, name) == table.name)
                tables.push_back(table.name.to_string());
        }
        all.note(about, task, tables);
    }
    return judge(about, "target.ring", "tables that the target sends back", all,
                 "a task writes them from this target to this source: each change would come back "
                 "and stop one of the two tasks, or go round for ever");
}

} // namespace understudy::precheck
