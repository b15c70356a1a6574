#include "applier/conflict_store.hpp"

#include "state/object_selection.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::result;

namespace {

constexpr std::string_view table_definition =
    "CREATE TABLE IF NOT EXISTS {} ("
    "`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, "
    "`task` VARCHAR(64) NOT NULL, "
    "`noted` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), "
    "`source_transaction` VARCHAR(700) NOT NULL, "
    "`table_name` VARCHAR(300) NOT NULL, "
    "`change_kind` ENUM('INSERT','UPDATE','DELETE') NOT NULL, "
    "`row_key` LONGTEXT NOT NULL, "
    "`what` TEXT NOT NULL COMMENT 'what the target said', "
    "`done` ENUM('overwritten','ignored') NOT NULL, "
    "KEY (`task`, `id`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

} // namespace

conflict_store::conflict_store(std::string_view meta_database, std::string task)
    : table_(state::quote_identifier(meta_database) + ".`conflict`"), task_(std::move(task)) {}

result<void> conflict_store::prepare(target_session& target) const {
    return target.run(fmt::format(table_definition, table_));
}

result<void> conflict_store::note(target_session& target, const entry& one) const {
    constexpr std::size_t what_max = 2'000;
    return target.run(fmt::format(
        "INSERT INTO {} (`task`, `source_transaction`, `table_name`, "
        "`change_kind`, `row_key`, `what`, `done`) VALUES ({}, {}, {}, '{}', "
        "{}, {}, '{}')",
        table_, quote_string(task_), quote_string(one.transaction), quote_string(one.table),
        one.change, quote_string(one.row), quote_string(one.what.substr(0, what_max)),
        one.overwritten ? "overwritten" : "ignored"));
}

result<void> conflict_store::remove_all(target_session& target) const {
    return target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quote_string(task_)));
}

} // namespace understudy::applier
