#include "applier/schema_change_store.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::applier {

using protocol::result;

schema_change_store::schema_change_store(std::string_view meta_database, std::string_view task)
    : table_(state::quote_identifier(meta_database) + ".`schema_change`"),
      quoted_task_(quote_string(task)) {}

std::string schema_change_store::of(const state::object_name& shadow) const {
    return fmt::format("`task` = {} AND `database_name` = {} AND `table_name` = {}", quoted_task_,
                       quote_string(shadow.database), quote_string(shadow.object));
}

result<void> schema_change_store::prepare(target_session& target) const {
    return target.run(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (`task` VARCHAR(64) NOT NULL, `database_name` VARCHAR(64) "
        "NOT NULL COMMENT 'on the source', `table_name` VARCHAR(64) NOT NULL, `alters` BIGINT "
        "UNSIGNED NOT NULL DEFAULT 0, `clauses` LONGTEXT, `is_exact` BOOL NOT NULL DEFAULT FALSE, "
        "PRIMARY KEY (`task`, `database_name`, `table_name`)) ENGINE=InnoDB DEFAULT CHARACTER SET "
        "utf8mb4 COLLATE utf8mb4_bin",
        table_));
}

result<std::optional<schema_change_store::change>>
schema_change_store::load(target_session& target, const state::object_name& shadow) const {
    auto found = target.query(
        fmt::format("SELECT `alters`, `clauses`, `is_exact` FROM {} WHERE {}", table_, of(shadow)));
    if (!found) return wrap(std::move(found.error()), "reading what became of a shadow table");
    if (found->rows.empty()) return std::nullopt;
    const auto& row = found->rows.front();
    return change{to_number(row[0]), row[1].value_or(""), row[2] == "1"};
}

result<void> schema_change_store::begin(target_session& target,
                                        const state::object_name& shadow) const {
    return target.run(fmt::format("REPLACE INTO {} (`task`, `database_name`, `table_name`) VALUES "
                                  "({}, {}, {})",
                                  table_, quoted_task_, quote_string(shadow.database),
                                  quote_string(shadow.object)));
}

result<void> schema_change_store::note(target_session& target, const state::object_name& shadow,
                                       std::string_view clauses, bool is_exact) const {
    return target.run(
        fmt::format("UPDATE {} SET `alters` = `alters` + 1, `clauses` = {}, `is_exact` = {} WHERE "
                    "{}",
                    table_, quote_string(clauses), is_exact ? "TRUE" : "FALSE", of(shadow)));
}

result<void> schema_change_store::forget(target_session& target,
                                         const state::object_name& shadow) const {
    return target.run(fmt::format("DELETE FROM {} WHERE {}", table_, of(shadow)));
}

result<void> schema_change_store::remove_all(target_session& target) const {
    return target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quoted_task_));
}

} // namespace understudy::applier
