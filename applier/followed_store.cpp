#include "applier/followed_store.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::applier {

using protocol::result;

followed_store::followed_store(std::string_view meta_database, std::string_view task)
    : table_(state::quote_identifier(meta_database) + ".`followed`"),
      quoted_task_(quote_string(task)) {}

result<void> followed_store::prepare(target_session& target) const {
    return target.run(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (`task` VARCHAR(64) NOT NULL, `database_name` VARCHAR(64) "
        "NOT NULL COMMENT 'on the source', `table_name` VARCHAR(64) NOT NULL, PRIMARY KEY (`task`, "
        "`database_name`, `table_name`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE "
        "utf8mb4_bin",
        table_));
}

result<std::set<state::object_name>> followed_store::load(target_session& target) const {
    auto found = target.query(fmt::format(
        "SELECT `database_name`, `table_name` FROM {} WHERE `task` = {}", table_, quoted_task_));
    if (!found) return wrap(std::move(found.error()), "reading which renamed tables are followed");
    std::set<state::object_name> tables;
    for (const auto& row : found->rows)
        tables.insert({row[0].value_or(""), row[1].value_or("")});
    return tables;
}

result<void> followed_store::change(target_session& target,
                                    const std::vector<state::object_name>& forgotten,
                                    const std::vector<state::object_name>& followed) const {
    for (const state::object_name& table : forgotten) {
        auto done = target.run(fmt::format(
            "DELETE FROM {} WHERE `task` = {} AND `database_name` = {} AND `table_name` = {}",
            table_, quoted_task_, quote_string(table.database), quote_string(table.object)));
        if (!done) return done;
    }
    for (const state::object_name& table : followed) {
        auto done =
            target.run(fmt::format("REPLACE INTO {} VALUES ({}, {}, {})", table_, quoted_task_,
                                   quote_string(table.database), quote_string(table.object)));
        if (!done) return done;
    }
    return {};
}

result<void> followed_store::remove_all(target_session& target) const {
    return target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quoted_task_));
}

} // namespace understudy::applier
