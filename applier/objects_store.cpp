#include "applier/objects_store.hpp"

#include "applier/commit.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::applier {

using protocol::result;

objects_store::objects_store(std::string_view meta_database, std::string_view task)
    : table_(state::quote_identifier(meta_database) + ".`objects`"),
      quoted_task_(quote_string(task)) {}

result<void> objects_store::prepare(target_session& target) const {
    return target.run(
        fmt::format("CREATE TABLE IF NOT EXISTS {} (`task` VARCHAR(64) NOT NULL PRIMARY KEY, "
                    "`objects` LONGTEXT "
                    "NOT NULL) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                    table_));
}

result<std::optional<std::string>> objects_store::load(target_session& target) const {
    auto stored = target.scalar(
        fmt::format("SELECT `objects` FROM {} WHERE `task` = {}", table_, quoted_task_));
    if (!stored) return wrap(std::move(stored.error()), "reading the objects of the last run");
    return stored;
}

result<void> objects_store::save(target_session& target, const checkpoint_store& of,
                                 std::uint64_t epoch, std::string_view text) const {
    auto done = target.run("START TRANSACTION");
    if (done) done = of.hold(target, epoch);
    if (done)
        done = target.run(fmt::format("REPLACE INTO {} (`task`, `objects`) VALUES ({}, {})", table_,
                                      quoted_task_, quote_string(text)));
    return commit_or_roll_back(target, std::move(done));
}

result<void> objects_store::remove_all(target_session& target) const {
    return target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quoted_task_));
}

} // namespace understudy::applier
