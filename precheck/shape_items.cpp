#include "precheck/items.hpp"

#include "state/name_glob.hpp"

#include <algorithm>
#include <map>

namespace understudy::precheck {

namespace {

// Once a task has begun, its tables are those of where it stands in the log, which may be behind
// what the source has now: the stream stops at the statement that an entry does not survive.
[[nodiscard]] item misfits(const subject& about) {
    const source_seen& source = about.source;
    const severity level = about.known.first_start ? severity::blocking : severity::warning;
    const std::string id = "source.table_rules";
    const std::string title = "tables with rules of their own";
    std::vector<std::string> misfits;
    for (const table_fact& table : source.tables) {
        if (!table.shape_misfit.empty())
            misfits.push_back(table.name.to_string() + ": " + table.shape_misfit);
    }
    if (misfits.empty()) return pass(id, level, title, "all columns are there");
    return {id,
            level,
            outcome::failed,
            title,
            some_of(misfits),
            "an entry of objects.tables that does not fit a table cannot be carried out",
            "Correct the entry under [objects.tables], or exclude these tables from its pattern."};
}

} // namespace

item target_names_item(const subject& about, const target_seen& target) {
    const std::string id = "target.names";
    const std::string title = "names on the target";
    constexpr std::size_t characters_max = 64;
    const bool exact = number(target.server.settings, "lower_case_table_names") == 0;
    std::vector<std::string> wrong;
    std::map<std::string, state::object_name> taken;
    for (const table_fact& table : about.source.tables) {
        const std::string name = table.on_target.to_string();
        if (state::count_characters(table.on_target.database) > characters_max ||
            state::count_characters(table.on_target.object) > characters_max)
            wrong.push_back(table.name.to_string() + " would be " + name +
                            ", longer than 64 characters");
        const auto [place, is_new] = taken.emplace(exact ? name : lower_case(name), table.name);
        if (!is_new && !about.selection.merges_into(table.on_target))
            wrong.push_back(place->second.to_string() + " and " + table.name.to_string() +
                            " would both be " + name);
    }
    if (wrong.empty()) return pass(id, severity::blocking, title, "one for each table");
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            some_of(wrong),
            "a table of the target has the rows of one table of the source",
            "Correct rename under [objects], exclude one of the tables, or name the table of the "
            "target in objects.merge."};
}

// A table that is made later is compared by the names in its rows; earlier versions have none, and
// stop there.
bool shapes_need_names(const subject& about) {
    const bool merges = about.selection.merges_anything() &&
                        !variable(about.source.server.settings, "binlog_row_metadata").empty();
    return merges || std::ranges::any_of(about.source.tables, [&](const table_fact& table) {
               const auto* const shape =
                   about.selection.shape(table.name.database, table.name.object);
               return shape != nullptr && !table.is_view && shape->needs_names();
           });
}

item row_metadata_item(const source_seen& source, std::string_view why) {
    const std::string names = variable(source.server.settings, "binlog_row_metadata");
    const std::string id = "source.row_metadata";
    const std::string title = "column names in the log";
    if (names == "FULL") return pass(id, severity::blocking, title, "logged");
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            names.empty() ? "this server cannot log them" : "binlog_row_metadata = " + names,
            std::string(why),
            names.empty() ? "Leave where and columns out of objects.tables, or use "
                            "a source of MySQL 8.0 or MariaDB 10.5 and later."
                          : "SET GLOBAL binlog_row_metadata = 'FULL'; -- and in the "
                            "option file; then let the application reconnect"};
}

// What objects.tables asks of the source.
std::vector<item> shape_items(const subject& about) {
    if (!about.selection.shapes_anything() && !about.selection.merges_anything()) return {};
    bool filters = false;
    for (const table_fact& table : about.source.tables) {
        const auto* const shape = about.selection.shape(table.name.database, table.name.object);
        filters |= shape != nullptr && !table.is_view && shape->where().has_value();
    }
    std::vector<item> all{misfits(about)};
    if (shapes_need_names(about)) {
        all.push_back(row_metadata_item(about.source,
                                        "where and the columns of objects.tables, and tables that "
                                        "are merged, go by the names in the log"));
    }
    const std::string image = variable(about.source.server.settings, "binlog_row_image");
    if (filters && image != "FULL" && !image.empty()) {
        all.push_back({"source.row_image_for_where", severity::blocking, outcome::failed,
                       "row images for where", "binlog_row_image = " + image,
                       "a change must hold the whole row before and after, or it cannot be told "
                       "whether the row is one of the target's",
                       "SET GLOBAL binlog_row_image = 'FULL'; -- and in the option file; then let "
                       "the application reconnect"});
    }
    return all;
}

} // namespace understudy::precheck
