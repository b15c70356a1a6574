#include "applier/column_fit_store.hpp"

#include "applier/commit.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::applier {

using protocol::result;

column_fit_store::column_fit_store(std::string_view meta_database, std::string_view task)
    : table_(state::quote_identifier(meta_database) + ".`column_fit`"),
      quoted_task_(quote_string(task)) {}

result<void> column_fit_store::prepare(target_session& target) const {
    return target.run(fmt::format(
        "CREATE TABLE IF NOT EXISTS {} (`task` VARCHAR(64) NOT NULL, `database_name` VARCHAR(64) "
        "NOT NULL COMMENT 'on the source', `table_name` VARCHAR(64) NOT NULL, `side` "
        "ENUM('both','source','target') NOT NULL COMMENT 'which alone has the column; both: the "
        "table is one that fits', `column_name` VARCHAR(64) NOT NULL, PRIMARY KEY (`task`, "
        "`database_name`, `table_name`, `side`, `column_name`)) ENGINE=InnoDB DEFAULT CHARACTER "
        "SET utf8mb4 COLLATE utf8mb4_bin",
        table_));
}

result<std::map<state::object_name, state::column_fit>>
column_fit_store::load(target_session& target) const {
    auto found = target.query(
        fmt::format("SELECT `database_name`, `table_name`, `side`, `column_name` FROM {} WHERE "
                    "`task` = {} ORDER BY `column_name`",
                    table_, quoted_task_));
    if (!found)
        return wrap(std::move(found.error()), "reading which tables have columns of one side");
    std::map<state::object_name, state::column_fit> fits;
    for (const auto& row : found->rows) {
        state::column_fit& fit = fits[{row[0].value_or(""), row[1].value_or("")}];
        if (row[2] == "source") fit.left_out.push_back(row[3].value_or(""));
        if (row[2] == "target") fit.kept.push_back(row[3].value_or(""));
    }
    return fits;
}

result<void>
column_fit_store::save(target_session& target, const checkpoint_store& of, std::uint64_t epoch,
                       const std::map<state::object_name, state::column_fit>& fits) const {
    auto done = target.run("START TRANSACTION");
    if (done) done = of.hold(target, epoch);
    if (done) done = write(target, fits);
    return commit_or_roll_back(target, std::move(done));
}

result<void>
column_fit_store::write(target_session& target,
                        const std::map<state::object_name, state::column_fit>& fits) const {
    auto done = target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quoted_task_));
    const auto add = [&](const state::object_name& name, std::string_view side,
                         std::string_view column) {
        if (!done) return;
        done = target.run(fmt::format("INSERT INTO {} VALUES ({}, {}, {}, '{}', {})", table_,
                                      quoted_task_, quote_string(name.database),
                                      quote_string(name.object), side, quote_string(column)));
    };
    for (const auto& [name, fit] : fits) {
        add(name, "both", "");
        for (const std::string& column : fit.left_out)
            add(name, "source", column);
        for (const std::string& column : fit.kept)
            add(name, "target", column);
    }
    return done;
}

} // namespace understudy::applier
