#include "precheck/needs.hpp"

#include "state/name_glob.hpp"

#include <algorithm>
#include <map>

namespace understudy::precheck {

namespace {

// Databases of the target that the task writes to; true: routines and events come along.
[[nodiscard]] std::map<std::string, bool> databases(const state::task_spec& spec,
                                                    const state::object_selection& selection,
                                                    const source_seen& source) {
    std::map<std::string, bool> all;
    const auto add_database = [&](const std::string& database) {
        if (selection.selects_database(database)) all[selection.map_database(database)] = true;
    };
    for (const std::string& text : spec.objects.include) {
        const auto pattern = state::object_pattern::parse(text);
        if (pattern && !pattern->database.has_wildcard()) add_database(pattern->database.name());
    }
    for (const std::string& database : source.databases)
        add_database(database);
    for (const table_fact& table : source.tables)
        all.try_emplace(table.on_target.database, false);
    return all;
}

void add_database(std::vector<need>& needs, const std::string& database, bool whole) {
    for (const char* privilege : {"SELECT", "INSERT", "UPDATE", "DELETE"}) {
        needs.push_back({{privilege}, database, "", "to write rows"});
    }
    for (const char* privilege : {"CREATE", "DROP", "ALTER", "INDEX", "REFERENCES", "CREATE VIEW",
                                  "SHOW VIEW", "TRIGGER"}) {
        needs.push_back({{privilege}, database, "", "to follow changes of definitions"});
    }
    if (!whole) return;
    for (const char* privilege : {"CREATE ROUTINE", "ALTER ROUTINE", "EVENT"}) {
        needs.push_back({{privilege}, database, "", "to follow changes of definitions"});
    }
}

void add_definers(std::vector<need>& needs, const target_seen& target) {
    constexpr std::uint32_t any_definer_since = 80200;
    const std::string why = "to keep the definers of views, routines, triggers and events";
    if (target.server.is_mariadb) {
        needs.push_back({{"SET USER", "SUPER"}, "", "", why});
        return;
    }
    if (target.server.version_number >= any_definer_since) {
        needs.push_back({{"SET_ANY_DEFINER", "SET_USER_ID", "SUPER"}, "", "", why});
        needs.push_back({{"ALLOW_NONEXISTENT_DEFINER", "SET_USER_ID", "SUPER"}, "", "", why});
    } else {
        needs.push_back({{"SET_USER_ID", "SUPER"}, "", "", why});
    }
}

// ALL PRIVILEGES of a database or a table.
constexpr const char* all_of_database[] = {
    "SELECT",        "INSERT",     "UPDATE",      "DELETE",    "CREATE",
    "DROP",          "REFERENCES", "INDEX",       "ALTER",     "CREATE TEMPORARY TABLES",
    "LOCK TABLES",   "EXECUTE",    "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE",
    "ALTER ROUTINE", "EVENT",      "TRIGGER"};

std::string without_back_slashes(const std::string& pattern) {
    std::string name;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
        name += pattern[at];
    }
    return name;
}

// Nobody can grant what they have not.
void add_accounts(std::vector<need>& needs, const source_seen& source, const target_seen& target) {
    const std::string why = "to make accounts and grant what they may do (objects.accounts)";
    for (const char* privilege : {"CREATE USER", "GRANT OPTION"})
        needs.push_back({{privilege}, "", "", why});
    if (!target.server.is_mariadb) needs.push_back({{"ROLE_ADMIN", "SUPER"}, "", "", why});
    needs.push_back({{"SELECT"}, "mysql", "", "to see which accounts are there"});
    const auto granted = grants::parse(source.account_grants, false);
    if (!granted) return;
    for (const std::string& privilege : granted->of_server()) {
        if (privilege != "USAGE" && privilege != "GRANT OPTION")
            needs.push_back({{privilege}, "", "", why});
    }
    for (const auto& [pattern, privileges] : granted->of_databases()) {
        const std::string database = without_back_slashes(pattern);
        for (const std::string& privilege : privileges) {
            if (privilege == "USAGE" || privilege == "GRANT OPTION") continue;
            if (privilege != "ALL PRIVILEGES") {
                needs.push_back({{privilege}, database, "", why});
                continue;
            }
            for (const char* one : all_of_database)
                needs.push_back({{one}, database, "", why});
        }
    }
}

std::vector<std::string> row_image_rights() {
    return {"REPLICATION_APPLIER", "BINLOG_ADMIN", "SUPER"};
}

} // namespace

bool may_write_row_images(const grants& held) {
    return std::ranges::any_of(row_image_rights(),
                               [&](const std::string& right) { return held.on_server(right); });
}

std::vector<need> target_needs(const state::task_spec& spec,
                               const state::object_selection& selection, const source_seen& source,
                               const target_seen& target) {
    std::vector<need> needs;
    const bool mariadb = target.server.is_mariadb;
    // With "auto" there is the other way.
    const bool could = target.server.granted && may_write_row_images(*target.server.granted);
    if (spec.apply.how == state::task_spec::writer::row_image || could)
        needs.push_back({row_image_rights(), "", "", "to write row images"});
    if (!mariadb) {
        needs.push_back({{"SESSION_VARIABLES_ADMIN", "SYSTEM_VARIABLES_ADMIN", "SUPER"},
                         "",
                         "",
                         "to execute statements in the session state they were logged with"});
    }
    const bool foreign_definers =
        std::ranges::any_of(source.definers, [&](const definer_fact& one) {
            return one.definer != target.server.account;
        });
    if (spec.initial.schema && foreign_definers) add_definers(needs, target);
    if (!selection.accounts().empty()) add_accounts(needs, source, target);
    for (const auto& [database, whole] : databases(spec, selection, source)) {
        add_database(needs, database, whole);
    }
    for (const char* privilege :
         {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX"}) {
        needs.push_back({{privilege}, spec.apply.meta_database, "", "to keep the checkpoint"});
    }
    return needs;
}

} // namespace understudy::precheck
