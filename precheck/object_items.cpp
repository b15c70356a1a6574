#include "precheck/items.hpp"

#include <algorithm>
#include <set>

namespace understudy::precheck {

namespace {

[[nodiscard]] item selection_item(const source_seen& source) {
    const std::string id = "source.selection";
    const std::string title = "selected objects";
    if (!source.unmatched.empty()) {
        return {id,
                severity::warning,
                outcome::failed,
                title,
                "nothing fits " + some_of(source.unmatched),
                "a slip of the pen, or objects that the account is not shown",
                "Check include under [objects]; tables made later are taken up when they fit."};
    }
    const auto views =
        static_cast<std::size_t>(std::ranges::count_if(source.tables, &table_fact::is_view));
    std::string seen = counted(source.tables.size() - views, "table");
    if (views > 0) seen += ", " + counted(views, "view");
    seen += " in " + counted(source.databases.size(), "database");
    return pass(id, severity::warning, title, seen);
}

// Names of databases come from a pattern: then only those count that the account is shown.
[[nodiscard]] std::vector<item> hidden_databases(const subject& about) {
    const bool globbed =
        std::ranges::any_of(about.spec.objects.include, [](const std::string& text) {
            return text.substr(0, text.find('.')).find_first_of("*?") != std::string::npos;
        });
    if (!globbed || !about.source.server.granted) return {};
    const grants& held = *about.source.server.granted;
    if (held.on_server("SHOW DATABASES") || held.on_server("SELECT")) return {};
    return {{"source.hidden_databases", severity::warning, outcome::failed,
             "databases that a pattern fits", "only those with a grant for this account are seen",
             "a database that fits and is not shown to the account would be left out",
             "Grant SELECT on each of them, or name them one by one under [objects]."}};
}

[[nodiscard]] std::vector<item> engine_items(const source_seen& source) {
    std::vector<std::string> names;
    for (const table_fact& table : source.tables) {
        if (!table.is_view && !table.engine.empty() && table.engine != "InnoDB") {
            names.push_back(table.name.to_string() + " (" + table.engine + ")");
        }
    }
    if (names.empty()) {
        return {pass("source.engines", severity::warning, "tables not InnoDB", "none")};
    }
    return {{"source.engines", severity::warning, outcome::failed, "tables not InnoDB",
             std::to_string(names.size()) + ": " + some_of(names),
             "they are locked while they are copied, and a crash of the source or the target can "
             "leave a change half done in them",
             "ALTER TABLE … ENGINE = InnoDB;"}};
}

[[nodiscard]] std::string toml_text(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "\"";
}

[[nodiscard]] std::vector<item> keyless_items(const source_seen& source) {
    std::vector<std::string> names;
    for (const table_fact& table : source.tables) {
        if (!table.is_view && !table.has_key) names.push_back(table.name.to_string());
    }
    if (names.empty()) {
        return {pass("source.keys", severity::warning, "tables without a key", "none")};
    }
    return {{"source.keys", severity::warning, outcome::failed, "tables without a key",
             std::to_string(names.size()) + ": " + some_of(names),
             "each UPDATE or DELETE there searches the whole table on the target",
             "ALTER TABLE … ADD COLUMN id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY FIRST;"}};
}

[[nodiscard]] std::vector<std::string> texts(const std::vector<state::object_name>& names) {
    std::vector<std::string> all;
    for (const state::object_name& name : names)
        all.push_back(name.to_string());
    return all;
}

[[nodiscard]] item refused(const subject& about, std::string id, std::string title,
                           std::string seen, std::string why, const state::object_name& first) {
    const bool ignored = about.spec.conflict.policy == state::task_spec::existing_tables::ignore;
    const std::string aside =
        state::object_name{first.database, first.object + "_before"}.to_string();
    return {std::move(id),
            ignored ? severity::warning : severity::blocking,
            outcome::failed,
            std::move(title),
            std::move(seen),
            std::move(why),
            ignored ? "Nothing, if that is what you want: existing_tables = \"ignore\" keeps them."
                    : "RENAME TABLE " + first.to_string() + " TO " + aside +
                          "; or existing_tables = \"ignore\" under [conflict], which keeps them "
                          "and their rows"};
}

// Tables that the copy of rows alone relies on.
[[nodiscard]] item absent_tables(const subject& about, const target_seen& target) {
    const std::string id = "target.tables_exist";
    const std::string title = "tables to be on the target";
    std::vector<std::string> absent;
    const bool exact = number(target.server.settings, "lower_case_table_names") == 0;
    for (const table_fact& table : about.source.tables) {
        if (table.is_view) continue;
        const bool there = std::ranges::any_of(target.existing, [&](const auto& name) {
            return name == table.on_target ||
                   (!exact && name.to_string().size() == table.on_target.to_string().size() &&
                    std::ranges::equal(name.to_string(), table.on_target.to_string(),
                                       [](unsigned char left, unsigned char right) {
                                           return std::tolower(left) == std::tolower(right);
                                       }));
        });
        if (!there) absent.push_back(table.on_target.to_string());
    }
    const bool adopts = about.spec.adopts();
    // What was made on the source since then comes with the log.
    const bool from_earlier = adopts && about.spec.adopted;
    const severity level = from_earlier ? severity::warning : severity::blocking;
    if (absent.empty()) return pass(id, level, title, "all");
    return {id,
            level,
            outcome::failed,
            title,
            "missing: " + some_of(absent),
            from_earlier
                ? "unless they were made after the place that [adopt] names, the task will "
                  "stop at their first change"
            : adopts ? "with existing_tables = \"adopt\" understudy makes no tables"
                     : "with [initial] schema = false understudy makes no tables",
            adopts ? "Make them on the target, from the same backup."
                   : "Make them on the target, or set schema = true under [initial]."};
}

} // namespace

// MariaDB has tables that MySQL cannot have.
std::vector<item> dialect_items(const subject& about) {
    const source_seen& source = about.source;
    if (!source.server.is_mariadb) return {};
    const std::string id = "source.not_in_mysql";
    const std::string title = "tables that only MariaDB has";
    std::vector<std::string> names;
    std::string excluded;
    for (const std::string& text : about.spec.objects.exclude)
        excluded += (excluded.empty() ? "" : ", ") + toml_text(text);
    for (const table_fact& table : source.tables) {
        if (table.not_in_mysql.empty()) continue;
        names.push_back(table.name.to_string() + ": " + table.not_in_mysql);
        excluded += (excluded.empty() ? "" : ", ") + toml_text(table.name.to_string());
    }
    if (names.empty()) return {pass(id, severity::blocking, title, "none")};
    return {{id, severity::blocking, outcome::failed, title, some_of(names, 20),
             "MySQL has nothing that is certain to mean the same",
             "[objects] exclude = [" + excluded + "]"}};
}

std::vector<item> source_object_items(const subject& about) {
    std::vector<item> all{selection_item(about.source)};
    if (about.source.tables.empty()) return all;
    for (auto part :
         {hidden_databases(about), engine_items(about.source), keyless_items(about.source)}) {
        std::ranges::move(part, std::back_inserter(all));
    }
    return all;
}

namespace {

// Those that are merged others may have made and filled.
[[nodiscard]] std::vector<state::object_name>
without_merged(const subject& about, std::vector<state::object_name> names) {
    std::erase_if(names, [&](const auto& name) { return about.selection.merges_into(name); });
    return names;
}

[[nodiscard]] std::vector<item> filled_tables(const subject& about, const target_seen& target) {
    if (!about.spec.initial.data) return {};
    const std::string id = "target.tables_empty";
    const std::string title = "tables with rows on the target";
    const auto filled = without_merged(about, target.filled);
    if (filled.empty()) return {pass(id, severity::blocking, title, "none")};
    const std::vector<std::string> names = texts(filled);
    return {refused(about, id, title, counted(names.size(), "table") + ": " + some_of(names),
                    "the copied rows would be mixed with what is there", filled.front())};
}

[[nodiscard]] item same_names(const subject& about, const target_seen& target) {
    const std::string id = "target.same_names";
    const std::string title = "same-named tables on the target";
    const auto existing = without_merged(about, target.existing);
    if (existing.empty()) return pass(id, severity::blocking, title, "none");
    const std::vector<std::string> names = texts(existing);
    return refused(about, id, title, counted(names.size(), "table") + ": " + some_of(names),
                   "they hold data of somebody; nothing is overwritten unasked", existing.front());
}

} // namespace

std::vector<item> existing_table_items(const subject& about, const target_seen& target) {
    if (!about.known.first_start) return {};
    std::vector<item> all{about.spec.initial.schema ? same_names(about, target)
                                                    : absent_tables(about, target)};
    if (keeps_definitions(about.spec))
        std::ranges::move(kept_definition_items(about, target), std::back_inserter(all));
    if (!about.spec.initial.schema)
        std::ranges::move(filled_tables(about, target), std::back_inserter(all));
    return all;
}

} // namespace understudy::precheck
