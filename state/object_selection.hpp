#pragma once

#include "protocol/result.hpp"
#include "state/name_glob.hpp"
#include "state/task_spec.hpp"

#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::state {

struct object_name {
    std::string database;
    std::string object; // empty: the database itself
    auto operator<=>(const object_name&) const = default;
    [[nodiscard]] std::string to_string() const; // `db`.`table`, quoted
};

// `name` with back-ticks doubled.
[[nodiscard]] std::string quote_identifier(std::string_view name);

// mysql, sys, information_schema, performance_schema, in any case.
[[nodiscard]] bool is_system_schema(std::string_view database);

// Which objects a task takes and what they are called on the target. Pure, immutable, safe to share
// between threads. System schemas (mysql, sys, information_schema, performance_schema) and the meta
// database are never selected.
class object_selection {
public:
    // Two sources for one target name, names over 64 characters, renames of what is not included
    // and bad patterns are refused; errors name the entry.
    [[nodiscard]] static protocol::result<object_selection> make(const task_spec& spec);

    // A table (or view) of the source is replicated.
    [[nodiscard]] bool selects(std::string_view database, std::string_view table) const;
    // The whole database is selected: CREATE/ALTER/DROP DATABASE, routines and events are followed
    // too. An exclude that names objects ("db.tmp_*") leaves it so, one that names the database
    // ("db", "db.*") does not.
    [[nodiscard]] bool selects_database(std::string_view database) const;
    // At least one object of this database may be selected.
    [[nodiscard]] bool touches_database(std::string_view database) const;

    [[nodiscard]] object_name map(std::string_view database, std::string_view table) const;
    [[nodiscard]] std::string map_database(std::string_view database) const;
    // True if the name on the target differs from the source's (for the table itself, or its
    // database).
    [[nodiscard]] bool is_renamed(std::string_view database, std::string_view table) const;
    [[nodiscard]] bool renames_anything() const;
    // Some table of it is in another database on the target than the rest.
    [[nodiscard]] bool moves_tables_out_of(std::string_view database) const;
    [[nodiscard]] bool renames_anything_in(std::string_view database) const;
    // Another selected object is renamed to the very name that this one has on the target: both
    // must not exist. For tables that a wildcard takes; what the file names literally is refused by
    // make().
    [[nodiscard]] bool takes_name_of_another(std::string_view database,
                                             std::string_view table) const;

    [[nodiscard]] const definer_policy& definers() const { return definers_; }
    // The same objects under their own names.
    [[nodiscard]] object_selection without_renames() const;

    // lower_case_table_names of the source is not 0: names compare without case (of ASCII letters).
    void set_case_insensitive(bool value) { case_insensitive_ = value; }

private:
    using rename = std::pair<object_name, object_name>;

    [[nodiscard]] protocol::result<void> add_rename(const std::string& from, const std::string& to);
    [[nodiscard]] protocol::result<void> check_target_names() const;
    [[nodiscard]] protocol::result<void> check_table_target(const object_name& target) const;
    [[nodiscard]] protocol::result<void> check_database_target(const rename& entry) const;
    [[nodiscard]] bool names_literally(const object_name& name) const;
    [[nodiscard]] bool is_never_selected(std::string_view database) const;
    [[nodiscard]] bool excludes_database(std::string_view database) const;
    [[nodiscard]] bool may_share_a_table(std::string_view left, std::string_view right) const;
    [[nodiscard]] const object_name* find_rename(std::string_view database,
                                                 std::string_view table) const;

    std::vector<object_pattern> include_;
    std::vector<object_pattern> exclude_;
    std::vector<rename> rename_;
    std::string meta_database_;
    definer_policy definers_;
    bool case_insensitive_ = false;
};

} // namespace understudy::state
