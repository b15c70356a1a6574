#include "precheck/needs.hpp"

#include "state/name_glob.hpp"

#include <algorithm>
#include <set>

namespace understudy::precheck {

namespace {

// What a GRANT can be asked for without seeing anything: the databases that include names in full,
// besides those that the account was shown.
[[nodiscard]] std::set<std::string> databases(const state::task_spec& spec,
                                              const source_seen& source) {
    std::set<std::string> all(source.databases.begin(), source.databases.end());
    for (const std::string& text : spec.objects.include) {
        const auto pattern = state::object_pattern::parse(text);
        if (pattern && !pattern->database.has_wildcard()) all.insert(pattern->database.name());
    }
    return all;
}

void add_whole_database(std::vector<need>& needs, const std::string& database, bool schema) {
    needs.push_back({{"SELECT"}, database, "", "to see and copy the tables"});
    if (!schema) return;
    needs.push_back({{"SHOW VIEW"}, database, "", "to copy views"});
    needs.push_back({{"TRIGGER"}, database, "", "to see and copy triggers"});
    needs.push_back({{"EVENT"}, database, "", "to see and copy events"});
}

void add_table(std::vector<need>& needs, const state::object_name& name, bool schema) {
    needs.push_back({{"SELECT"}, name.database, name.object, "to see and copy the tables"});
    if (!schema) return;
    needs.push_back({{"SHOW VIEW"}, name.database, name.object, "to copy views"});
    needs.push_back({{"TRIGGER"}, name.database, name.object, "to see and copy triggers"});
}

// "db.table" asks for that table, seen or not: without a right on it nobody is shown that it
// exists. "db.tab*" asks for the database, as nothing tells which tables are hidden.
void add_patterns(std::vector<need>& needs, const state::task_spec& spec,
                  const state::object_selection& selection, const std::string& database) {
    for (const std::string& text : spec.objects.include) {
        const auto pattern = state::object_pattern::parse(text);
        if (!pattern || !pattern->database.matches(database, false)) continue;
        if (!pattern->object.has_wildcard()) {
            const std::string& table = pattern->object.name();
            if (!selection.selects(database, table)) continue;
            add_table(needs, {database, table}, spec.initial.schema);
        } else if (!pattern->object.is_everything()) {
            needs.push_back({{"SELECT"}, database, "", "to see all tables that " + text + " fits"});
        }
    }
}

// A database that the account is not shown may hold such tables: asking at once for all that could
// be needed saves a second round.
[[nodiscard]] std::set<std::string> databases_to_lock(const state::task_spec& spec,
                                                      const source_seen& source) {
    if (!spec.initial.data) return {};
    std::set<std::string> locked = databases(spec, source);
    for (const std::string& seen : source.databases)
        locked.erase(seen);
    for (const table_fact& table : source.tables) {
        if (is_locked_for_copy(source, table)) locked.insert(table.name.database);
    }
    return locked;
}

[[nodiscard]] need routines(const source_seen& source) {
    constexpr std::uint32_t show_routine_since = 80020;
    const std::string why = "to copy procedures and functions";
    if (source.server.is_mariadb) return {{"SELECT"}, "mysql", "proc", why};
    if (source.server.version_number >= show_routine_since) {
        return {{"SHOW_ROUTINE", "SELECT"}, "", "", why};
    }
    if (source.server.version_number >= 80000) return {{"SELECT"}, "", "", why};
    return {{"SELECT"}, "mysql", "proc", why};
}

} // namespace

std::vector<need> source_needs(const state::task_spec& spec,
                               const state::object_selection& selection,
                               const source_seen& source) {
    std::vector<need> needs{{{"REPLICATION SLAVE"}, "", "", "to read the binary log"}};
    const std::string ends = "to see where the binary log begins and ends";
    if (source.server.is_mariadb) {
        needs.push_back({{"BINLOG MONITOR", "REPLICATION CLIENT"}, "", "", ends});
    } else {
        needs.push_back({{"REPLICATION CLIENT", "SUPER"}, "", "", ends});
    }
    if (!spec.initial.schema && !spec.initial.data) return needs;
    if (spec.initial.schema && !selection.accounts().empty())
        needs.push_back({{"SELECT"}, "mysql", "", "to read accounts (objects.accounts)"});
    bool any_whole = false;
    for (const std::string& database : databases(spec, source)) {
        if (selection.selects_database(database)) {
            add_whole_database(needs, database, spec.initial.schema);
            any_whole = true;
            continue;
        }
        add_patterns(needs, spec, selection, database);
        for (const table_fact& table : source.tables) {
            if (table.name.database == database) add_table(needs, table.name, spec.initial.schema);
        }
    }
    if (any_whole && spec.initial.schema) needs.push_back(routines(source));
    const std::set<std::string> locked = databases_to_lock(spec, source);
    for (const std::string& database : locked) {
        needs.push_back({{"LOCK TABLES"},
                         database,
                         "",
                         "to lock tables for a moment where only that gives an exact copy"});
    }
    return needs;
}

} // namespace understudy::precheck
