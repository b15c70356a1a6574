#include "apps/task_traces.hpp"

#include "applier/program_copies.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/target_session.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace understudy::apps {

namespace {

std::string quoted_name(std::string_view name) {
    std::string text = "`";
    for (const char c : name) {
        if (c == '`') text += '`';
        text += c;
    }
    return text + "`";
}

} // namespace

protocol::result<void> remove_traces(const state::task_spec& task) {
    auto session = applier::target_session::connect(task.target, [](const std::string&) {});
    if (!session) return std::unexpected(session.error());
    applier::target_session& target = **session;
    const auto& database = task.apply.meta_database;
    // Every table there that has rows by task, whichever version made it.
    const auto tables = target.query("SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE "
                                     "TABLE_SCHEMA = " +
                                     applier::quote_string(database) + " AND COLUMN_NAME = 'task'");
    if (!tables) return std::unexpected(tables.error());
    if (auto begun = target.execute("START TRANSACTION"); !begun)
        return std::unexpected(begun.error());
    const bool has_quarantine = std::ranges::any_of(
        tables->rows, [](const auto& row) { return row.front() == "quarantine"; });
    if (has_quarantine) {
        auto removed = applier::quarantine_store(database, task.name).remove_all(target);
        if (!removed) return removed;
    }
    const std::string programs = applier::program_copies(database, task.name).progress_pattern();
    for (const auto& row : tables->rows) {
        const auto done = target.execute("DELETE FROM " + quoted_name(database) + "." +
                                         quoted_name(row.front().value_or("")) +
                                         " WHERE task = " + applier::quote_string(task.name) +
                                         " OR task LIKE " + applier::quote_string(programs));
        if (!done) return std::unexpected(done.error());
    }
    if (auto done = target.execute("COMMIT"); !done) return std::unexpected(done.error());
    return {};
}

} // namespace understudy::apps
