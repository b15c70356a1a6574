#pragma once

#include "protocol/result.hpp"
#include "state/task_spec.hpp"

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

// Which objects a task takes and what they are called on the target. Pure, immutable, safe to share between threads.
// System schemas (mysql, sys, information_schema, performance_schema) and the meta database are never selected.
class object_selection {
public:
    // Patterns were checked by the task file reader; two sources for one target name are refused here.
    [[nodiscard]] static protocol::result<object_selection> make(const task_spec& spec);

    // A table (or view) of the source is replicated.
    [[nodiscard]] bool selects(std::string_view database, std::string_view table) const;
    // The whole database is selected: CREATE/ALTER/DROP DATABASE, routines and events are followed too.
    [[nodiscard]] bool selects_database(std::string_view database) const;
    // At least one object of this database may be selected.
    [[nodiscard]] bool touches_database(std::string_view database) const;

    [[nodiscard]] object_name map(std::string_view database, std::string_view table) const;
    [[nodiscard]] std::string map_database(std::string_view database) const;
    // True if the name on the target differs from the source's (for the table itself, or its database).
    [[nodiscard]] bool is_renamed(std::string_view database, std::string_view table) const;
    [[nodiscard]] bool renames_anything_in(std::string_view database) const;

    // lower_case_table_names of the source is not 0: names compare without case.
    void set_case_insensitive(bool value) { case_insensitive_ = value; }

private:
    struct pattern {
        std::string database; // globs
        std::string object;
    };
    std::vector<pattern> include_;
    std::vector<pattern> exclude_;
    std::vector<std::pair<object_name, object_name>> rename_;
    std::string meta_database_;
    bool case_insensitive_ = false;
};

} // namespace understudy::state
