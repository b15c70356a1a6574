#include "applier/upstream_store.hpp"

#include "applier/commit.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::result;

upstream_store::upstream_store(std::string_view meta_database, std::string_view task)
    : table_(state::quote_identifier(meta_database) + ".`upstream`"),
      quoted_task_(quote_string(task)) {}

result<void> upstream_store::prepare(target_session& target) const {
    return target.run(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (`task` VARCHAR(64) NOT NULL, `server_uuid` CHAR(36) NOT "
        "NULL, PRIMARY KEY (`task`, `server_uuid`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 "
        "COLLATE utf8mb4_bin",
        table_));
}

result<void> upstream_store::save(target_session& target, const checkpoint_store& of,
                                  std::uint64_t epoch, const std::set<std::string>& servers) const {
    auto done = target.run("START TRANSACTION");
    if (done) done = of.hold(target, epoch);
    if (done) done = remove_all(target);
    for (const std::string& server : servers) {
        if (done)
            done = target.run(fmt::format("INSERT INTO {} (`task`, `server_uuid`) VALUES ({}, {})",
                                          table_, quoted_task_, quote_string(server)));
    }
    return commit_or_roll_back(target, std::move(done));
}

result<void> upstream_store::remove_all(target_session& target) const {
    return target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quoted_task_));
}

} // namespace understudy::applier
