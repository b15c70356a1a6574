#include "applier/program_copies.hpp"

#include "applier/commit.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <utility>

namespace understudy::applier {

using protocol::result;

// A task's name may have all of the 64 characters that there are for one.
program_copies::program_copies(std::string_view meta_database, std::string_view task)
    : table_(state::quote_identifier(meta_database) + ".`program_copy`"),
      progress_table_(state::quote_identifier(meta_database) + ".`copy_progress`"),
      quoted_task_(quote_string(task)),
      progress_prefix_(fmt::format("#programs-{:016x}-", XXH3_64bits(task.data(), task.size()))) {}

std::string program_copies::progress_name(const std::set<std::string>& databases,
                                          const state::object_selection& selection,
                                          std::string_view server) const {
    std::string all(server);
    for (const std::string& database : databases) {
        for (const std::string& name : {database, selection.map_database(database)})
            all += fmt::format(" {}:{}", name.size(), name);
    }
    return fmt::format("{}{:016x}", progress_prefix_, XXH3_64bits(all.data(), all.size()));
}

std::string program_copies::progress_pattern() const {
    return progress_prefix_ + "%";
}

result<void> program_copies::prepare(target_session& target) const {
    return target.run(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (`task` VARCHAR(64) NOT NULL, `source_database` VARCHAR(64) "
        "NOT NULL, `target_database` VARCHAR(64) NOT NULL, `log_file` VARCHAR(512) NOT NULL, "
        "`log_offset` BIGINT UNSIGNED NOT NULL, PRIMARY KEY (`task`, `source_database`)) "
        "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        table_));
}

result<program_copies::ends> program_copies::load(target_session& target,
                                                  const protocol::binlog_position& applied,
                                                  const state::object_selection& selection) const {
    auto all = look(target, applied, selection);
    if (!all) return std::unexpected(std::move(all.error()));
    return std::move(all->needed);
}

// Right behind the copy of a source that rests the stream stands at the very end.
result<program_copies::rows> program_copies::look(target_session& target,
                                                  const protocol::binlog_position& applied,
                                                  const state::object_selection& selection) const {
    const auto stored = target.query(fmt::format(
        "SELECT `source_database`, `target_database`, `log_file`, `log_offset` FROM {} WHERE "
        "`task` = {}",
        table_, quoted_task_));
    if (!stored)
        return wrap(stored.error(), "reading which routines and events were copied by themselves");
    rows found;
    for (const auto& row : stored->rows) {
        const std::string database = row[0].value_or("");
        protocol::binlog_position end{row[2].value_or(""), to_number(row[3])};
        const bool counts = applied <= end && selection.selects_database(database) &&
                            selection.map_database(database) == row[1].value_or("");
        if (counts)
            found.needed[database] = std::move(end);
        else
            found.has_others = true;
    }
    return found;
}

result<void> program_copies::add(target_session& target, const checkpoint_store& of,
                                 std::uint64_t epoch, const std::set<std::string>& databases,
                                 const state::object_selection& selection,
                                 const protocol::binlog_position& end) const {
    auto done = target.run("START TRANSACTION");
    if (done) done = of.hold(target, epoch);
    for (const std::string& database : databases) {
        if (!done) break;
        done = target.run(fmt::format(
            "REPLACE INTO {} (`task`, `source_database`, `target_database`, `log_file`, "
            "`log_offset`) VALUES ({}, {}, {}, {}, {})",
            table_, quoted_task_, quote_string(database),
            quote_string(selection.map_database(database)), quote_string(end.file), end.offset));
    }
    if (done)
        done = target.run(fmt::format("DELETE FROM {} WHERE `task` LIKE {}", progress_table_,
                                      quote_string(progress_pattern())));
    return commit_or_roll_back(target, std::move(done));
}

result<program_copies::ends>
program_copies::keep_only(target_session& target, const checkpoint_store& of, std::uint64_t epoch,
                          const protocol::binlog_position& applied,
                          const state::object_selection& selection) const {
    auto found = look(target, applied, selection);
    if (!found) return std::unexpected(std::move(found.error()));
    if (!found->has_others) return std::move(found->needed);
    std::string kept = "''";
    for (const auto& [database, end] : found->needed)
        kept += ", " + quote_string(database);
    auto done = target.run("START TRANSACTION");
    if (done) done = of.hold(target, epoch);
    if (done)
        done = target.run(
            fmt::format("DELETE FROM {} WHERE `task` = {} AND `source_database` NOT IN ({})",
                        table_, quoted_task_, kept));
    done = commit_or_roll_back(target, std::move(done));
    if (!done) return std::unexpected(std::move(done.error()));
    return std::move(found->needed);
}

result<void> program_copies::remove_all(target_session& target) const {
    return target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quoted_task_));
}

} // namespace understudy::applier
