#include "applier/quarantine_store.hpp"

#include "applier/commit.hpp"
#include "applier/ddl_journal.hpp"
#include "applier/errc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using stage = quarantine_entry::stage;

namespace {

// Tables of older versions have the first ones of these.
constexpr std::string_view state_type =
    "ENUM('asked','aside','resuming','reload_asked','reloading','altering') NOT NULL";

constexpr std::string_view keeps_rows_type =
    "TINYINT NOT NULL DEFAULT 0 COMMENT 'not copied yet; then without touching rows that are "
    "there'";

constexpr std::string_view entry_table =
    "CREATE TABLE IF NOT EXISTS {}.`quarantine` ("
    "`id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'its checkpoint has the name "
    "#id', "
    "`task` VARCHAR(64) NOT NULL, "
    "`state` {}, "
    "`why` LONGTEXT NOT NULL, "
    "`since` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), "
    "`keeps_rows` {}, "
    "KEY (`task`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

constexpr std::string_view names_table =
    "CREATE TABLE IF NOT EXISTS {}.`quarantine_table` ("
    "`id` BIGINT UNSIGNED NOT NULL, "
    "`task` VARCHAR(64) NOT NULL, "
    "`database_name` VARCHAR(64) NOT NULL COMMENT 'on the source', "
    "`table_name` VARCHAR(64) NOT NULL, "
    "PRIMARY KEY (`id`, `database_name`, `table_name`)) ENGINE=InnoDB DEFAULT CHARACTER SET "
    "utf8mb4 COLLATE utf8mb4_bin";

stage stage_of(const std::optional<std::string>& text) {
    if (text == "asked") return stage::asked;
    if (text == "resuming") return stage::resuming;
    if (text == "reload_asked") return stage::reload_asked;
    if (text == "altering") return stage::altering;
    return text == "reloading" ? stage::reloading : stage::aside;
}

result<bool> done_or_error(result<void> done) {
    if (!done) return std::unexpected(std::move(done.error()));
    return true;
}

} // namespace

quarantine_store::quarantine_store(std::string_view meta_database, std::string_view task)
    : meta_database_(meta_database), task_(task), database_(state::quote_identifier(meta_database)),
      quoted_task_(quote_string(task)) {}

result<void> quarantine_store::prepare(target_session& target) const {
    auto done = target.run(fmt::format(entry_table, database_, state_type, keeps_rows_type));
    if (done) done = target.run(fmt::format(names_table, database_));
    if (!done) return done;
    auto states = target.scalar(
        fmt::format("SELECT column_type FROM information_schema.columns WHERE table_schema = {} "
                    "AND table_name = 'quarantine' AND column_name = 'state'",
                    quote_string(meta_database_)));
    if (!states) return std::unexpected(std::move(states.error()));
    const bool is_old = *states && !(*states)->contains("altering");
    if (is_old) {
        done = target.run(
            fmt::format("ALTER TABLE {}.`quarantine` MODIFY `state` {}", database_, state_type));
        if (!done) return done;
    }
    auto keeps = target.scalar(
        fmt::format("SELECT 1 FROM information_schema.columns WHERE table_schema = {} AND "
                    "table_name = 'quarantine' AND column_name = 'keeps_rows'",
                    quote_string(meta_database_)));
    if (!keeps) return std::unexpected(std::move(keeps.error()));
    if (*keeps) return {};
    return target.run(
        fmt::format("ALTER TABLE {}.`quarantine` ADD `keeps_rows` {}", database_, keeps_rows_type));
}

result<std::vector<quarantine_entry>> quarantine_store::load(target_session& target) const {
    auto answer = target.query(fmt::format(
        "SELECT q.`id`, q.`state`, q.`why`, c.`log_file`, c.`log_offset`, t.`database_name`, "
        "t.`table_name`, c.`copy_end_file`, c.`copy_end_offset`, c.`stage`, q.`keeps_rows` FROM "
        "{0}.`quarantine` "
        "AS q JOIN "
        "{0}.`quarantine_table` AS t ON t.`id` = "
        "q.`id` LEFT JOIN {0}.`checkpoint` AS c ON c.`task` = CONCAT('#', q.`id`) WHERE q.`task` = "
        "{1} ORDER BY q.`id`",
        database_, quoted_task_));
    if (!answer) return wrap(std::move(answer.error()), "reading which tables are set aside");
    std::vector<quarantine_entry> entries;
    for (const auto& row : answer->rows) {
        const std::uint64_t id = to_number(row[0]);
        if (entries.empty() || entries.back().id != id) {
            entries.push_back({.id = id,
                               .now = stage_of(row[1]),
                               .tables = {},
                               .why = row[2].value_or(""),
                               .from = {row[3].value_or(""), to_number(row[4])},
                               .copy_end = {row[7].value_or(""), to_number(row[8])},
                               .is_half_copied = row[9] == "copying",
                               .keeps_rows = row[10] == "1"});
        }
        entries.back().tables.insert({row[5].value_or(""), row[6].value_or("")});
    }
    return entries;
}

result<std::uint64_t> quarantine_store::write_entry(target_session& target, std::string_view state,
                                                    std::string_view why) const {
    auto made = target.run(fmt::format("INSERT INTO {}.`quarantine` (`task`, `state`, `why`) "
                                       "VALUES ({}, '{}', {})",
                                       database_, quoted_task_, state, quote_string(why)));
    if (!made) return std::unexpected(std::move(made.error()));
    auto id = target.scalar("SELECT LAST_INSERT_ID()");
    if (!id) return std::unexpected(std::move(id.error()));
    return to_number(*id);
}

result<void> quarantine_store::write_tables(target_session& target, std::uint64_t id,
                                            const std::set<state::object_name>& tables) const {
    for (const state::object_name& table : tables) {
        auto done = target.run(fmt::format(
            "INSERT IGNORE INTO {}.`quarantine_table` (`id`, "
            "`task`, `database_name`, `table_name`) VALUES ({}, "
            "{}, {}, {})",
            database_, id, quoted_task_, quote_string(table.database), quote_string(table.object)));
        if (!done) return done;
    }
    return {};
}

// The position is copied by the server, so it is that of the task in this very transaction.
result<void> quarantine_store::write_checkpoint(target_session& target, std::uint64_t id) const {
    constexpr std::string_view columns = "`stage`, `source_uuid`, `by_gtid`, `log_file`, "
                                         "`log_offset`, `gtid_set`, `copy_end_file`, "
                                         "`copy_end_offset`, `epoch`";
    return target.run(fmt::format("INSERT INTO {0}.`checkpoint` (`task`, {1}) SELECT '#{2}', {1} "
                                  "FROM {0}.`checkpoint` WHERE `task` = {3}",
                                  database_, columns, id, quoted_task_));
}

result<bool> quarantine_store::ask(target_session& target, const state::object_name& table) const {
    auto entries = load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    for (const quarantine_entry& entry : *entries) {
        if (!entry.tables.contains(table)) continue;
        if (entry.now != stage::altering) return false;
        auto done = fence(target, entry, "");
        if (done) done = change(target, entry, "aside");
        return done_or_error(std::move(done));
    }
    return done_or_error(ask_for(target, "asked", {table}, "an operator asked for it"));
}

result<void> quarantine_store::check_unchanged(target_session& target,
                                               const quarantine_entry& entry) const {
    auto entries = load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    const auto now = std::ranges::find(*entries, entry.id, &quarantine_entry::id);
    if (now != entries->end() && now->now == entry.now && now->tables == entry.tables) return {};
    return fail(errc::cancelled,
                entry.names() + " was changed in " + meta_database_ + ".quarantine");
}

result<void> quarantine_store::ask_for(target_session& target, std::string_view state,
                                       const std::set<state::object_name>& tables,
                                       std::string_view why) const {
    auto done = target.run("START TRANSACTION");
    if (!done) return done;
    auto id = write_entry(target, state, why);
    if (id)
        done = write_tables(target, *id, tables);
    else
        done = std::unexpected(std::move(id.error()));
    return commit_or_roll_back(target, std::move(done));
}

result<void> quarantine_store::leave_uncopied(target_session& target,
                                              const std::set<state::object_name>& tables,
                                              std::string_view why) const {
    auto id = write_entry(target, "asked", why);
    if (!id) return std::unexpected(std::move(id.error()));
    auto done = write_tables(target, *id, tables);
    if (!done) return done;
    return target.run(
        fmt::format("UPDATE {}.`quarantine` SET `keeps_rows` = 1 WHERE `id` = {}", database_, *id));
}

result<bool> quarantine_store::reload(target_session& target, const state::object_name& table,
                                      std::string_view why) const {
    auto entries = load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    for (const quarantine_entry& entry : *entries) {
        if (!entry.tables.contains(table)) continue;
        const bool is_wished = entry.now == stage::reload_asked && entry.keeps_rows;
        const bool may_be = entry.now == stage::asked || is_wished || entry.now == stage::aside ||
                            entry.now == stage::altering;
        if (!may_be) return false;
        auto done = target.run("START TRANSACTION");
        if (!done) return std::unexpected(std::move(done.error()));
        if (entry.keeps_rows) done = forget_rows(target, entry);
        if (done && entry.now == stage::asked) {
            done = change(target, entry, "reload_asked");
        } else if (done && !is_wished) {
            // From the start, whatever an earlier one had come to.
            done = fence(target, entry, "`stage` = 'streaming', ");
            if (done) done = change(target, entry, "reloading");
        }
        return done_or_error(commit_or_roll_back(target, std::move(done)));
    }
    return done_or_error(ask_to_reload(target, {table}, why));
}

result<void> quarantine_store::ask_to_reload(target_session& target,
                                             const std::set<state::object_name>& tables,
                                             std::string_view why) const {
    return ask_for(target, "reload_asked", tables, why);
}

result<bool> quarantine_store::alter(target_session& target, const quarantine_entry& entry,
                                     std::string_view states, std::uint64_t epoch,
                                     const step& how) const {
    auto done = target.run("START TRANSACTION");
    if (done) done = checkpoint_store(meta_database_, task_).hold(target, epoch);
    bool is_there = false;
    if (done) {
        const auto there = target.scalar(fmt::format(
            "SELECT COUNT(*) FROM {}.`quarantine` WHERE `id` = {} AND `state` IN ({}) FOR UPDATE",
            database_, entry.id, states));
        if (there)
            is_there = *there == "1";
        else
            done = std::unexpected(there.error());
    }
    if (done && is_there) done = how(target);
    done = commit_or_roll_back(target, std::move(done));
    if (!done) return std::unexpected(std::move(done.error()));
    return is_there;
}

result<bool> quarantine_store::extend(target_session& target, const quarantine_entry& entry,
                                      const std::set<state::object_name>& tables,
                                      const std::vector<const quarantine_entry*>& absorbed,
                                      std::uint64_t epoch) const {
    const auto how = [&](target_session& session) {
        result<void> done;
        for (const quarantine_entry* other : absorbed) {
            if (done) done = remove(session, *other);
        }
        if (done) done = change(session, entry, "reloading");
        if (done) done = write_tables(session, entry.id, tables);
        return done ? fence(session, entry, "`stage` = 'streaming', ") : done;
    };
    return alter(target, entry, "'reloading', 'resuming', 'altering'", epoch, how);
}

result<bool> quarantine_store::add(target_session& target, const quarantine_entry& entry,
                                   const std::set<state::object_name>& views,
                                   std::uint64_t epoch) const {
    const auto how = [&](target_session& session) {
        auto done = write_tables(session, entry.id, views);
        return done ? fence(session, entry, "") : done;
    };
    return alter(target, entry, "'aside', 'resuming', 'altering'", epoch, how);
}

// Of the entry's own stream.
result<void> quarantine_store::fence(target_session& target, const quarantine_entry& entry,
                                     std::string_view also) const {
    return target.run(
        fmt::format("UPDATE {}.`checkpoint` SET {}`epoch` = `epoch` + 1 WHERE `task` = {}",
                    database_, also, quote_string(entry.task())));
}

result<void> quarantine_store::change(target_session& target, const quarantine_entry& entry,
                                      std::string_view state) const {
    return target.run(fmt::format("UPDATE {}.`quarantine` SET `state` = '{}' WHERE `id` = {}",
                                  database_, state, entry.id));
}

// From here on a copy takes the place of what is there.
result<void> quarantine_store::forget_rows(target_session& target,
                                           const quarantine_entry& entry) const {
    return target.run(fmt::format("UPDATE {}.`quarantine` SET `keeps_rows` = 0 WHERE `id` = {}",
                                  database_, entry.id));
}

result<bool> quarantine_store::resume(target_session& target,
                                      const state::object_name& table) const {
    auto entries = load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    for (const quarantine_entry& entry : *entries) {
        if (!entry.tables.contains(table)) continue;
        // Without a copy it would lack what the source had.
        if (entry.keeps_rows && entry.is_asked())
            return done_or_error(change(target, entry, "reload_asked"));
        // Taken back before it was done.
        if (entry.is_asked()) return done_or_error(remove(target, entry));
        if (entry.comes_back()) return true;
        const bool copies = entry.is_half_copied || entry.keeps_rows;
        return done_or_error(change(target, entry, copies ? "reloading" : "resuming"));
    }
    return false;
}

result<void> quarantine_store::set_aside(target_session& target,
                                         const std::set<state::object_name>& tables,
                                         std::string_view why, std::uint64_t epoch,
                                         std::uint64_t asked, stage as) const {
    auto done = target.run("START TRANSACTION");
    if (!done) return done;
    done = checkpoint_store(meta_database_, task_).hold(target, epoch);
    std::uint64_t id = asked;
    if (done && asked != 0) {
        done = target.run(fmt::format("UPDATE {}.`quarantine` SET `state` = IF(`state` = "
                                      "'reload_asked', 'reloading', 'aside') WHERE `id` = {}",
                                      database_, asked));
    } else if (done) {
        auto made = write_entry(target, as == stage::altering ? "altering" : "aside", why);
        if (made)
            id = *made;
        else
            done = std::unexpected(std::move(made.error()));
    }
    if (done) done = write_tables(target, id, tables);
    if (done) done = write_checkpoint(target, id);
    return commit_or_roll_back(target, std::move(done));
}

result<void> quarantine_store::give_up(target_session& target, const quarantine_entry& entry,
                                       std::string_view why) const {
    return target.run(fmt::format("UPDATE {}.`quarantine` SET `state` = 'aside', `why` = {} WHERE "
                                  "`id` = {}",
                                  database_, quote_string(why), entry.id));
}

result<void> quarantine_store::hold_both(target_session& target, const quarantine_entry& entry,
                                         std::uint64_t epoch, std::uint64_t own_epoch) const {
    auto held = checkpoint_store(meta_database_, task_).hold(target, epoch);
    return held ? checkpoint_store(meta_database_, entry.task()).hold(target, own_epoch) : held;
}

result<void> quarantine_store::begin_reload(target_session& target, const quarantine_entry& entry,
                                            std::uint64_t epoch, std::uint64_t own_epoch,
                                            const state::source_position& from,
                                            const step& also) const {
    auto done = target.run("START TRANSACTION");
    if (!done) return done;
    done = hold_both(target, entry, epoch, own_epoch);
    if (done) {
        done = target.run(fmt::format(
            "UPDATE {}.`checkpoint` SET `stage` = 'copying', `log_file` = {}, `log_offset` = {}, "
            "`gtid_set` = {}, `copy_end_file` = '', `copy_end_offset` = 0 WHERE `task` = {}",
            database_, quote_string(from.binlog.file), from.binlog.offset,
            quote_string(from.executed.to_string()), quote_string(entry.task())));
    }
    if (done) done = also(target);
    return commit_or_roll_back(target, std::move(done));
}

result<void> quarantine_store::finish_reload(target_session& target, const quarantine_entry& entry,
                                             std::uint64_t epoch, std::uint64_t own_epoch,
                                             const protocol::binlog_position& copy_end) const {
    auto done = target.run("START TRANSACTION");
    if (!done) return done;
    done = hold_both(target, entry, epoch, own_epoch);
    if (done) {
        done =
            checkpoint_store(meta_database_, entry.task()).finish_copy(target, copy_end, own_epoch);
    }
    if (done) done = change(target, entry, "resuming");
    if (done && entry.keeps_rows) done = forget_rows(target, entry);
    return commit_or_roll_back(target, std::move(done));
}

result<void> quarantine_store::join(target_session& target, const quarantine_entry& entry,
                                    std::uint64_t epoch, std::uint64_t own_epoch,
                                    const protocol::binlog_position& where) const {
    auto done = target.run("START TRANSACTION");
    if (!done) return done;
    done = hold_both(target, entry, epoch, own_epoch);
    if (done) {
        auto there = target.scalar(fmt::format(
            "SELECT COUNT(*) FROM {}.`checkpoint` WHERE `task` = {} AND `log_file` = {} AND "
            "`log_offset` = {}",
            database_, quoted_task_, quote_string(where.file), where.offset));
        if (!there)
            done = std::unexpected(std::move(there.error()));
        else if (*there != "1")
            done = fail(errc::checkpoint_invalid,
                        "the task is no longer at " + where.to_string() + " on the target");
    }
    // What was overwritten or ignored meanwhile is the task's.
    if (done) {
        done = target.run(fmt::format("UPDATE {}.`conflict` SET `task` = {} WHERE `task` = {}",
                                      database_, quoted_task_, quote_string(entry.task())));
    }
    if (done) done = forget_statement(target, where);
    if (done) done = remove(target, entry);
    return commit_or_roll_back(target, std::move(done));
}

// The task's journal may hold a statement that was refused and then waited with its table.
result<void> quarantine_store::forget_statement(target_session& target,
                                                const protocol::binlog_position& where) const {
    const ddl_journal journal(checkpoint_store(meta_database_, task_));
    auto open = journal.load(target);
    if (!open) return std::unexpected(std::move(open.error()));
    const bool is_passed = open->now == journal_entry::state::intent &&
                           protocol::binlog_position{open->file, open->offset} < where;
    return is_passed ? target.run(journal.closing_sql()) : result<void>{};
}

result<void> quarantine_store::remove(target_session& target, const quarantine_entry& entry) const {
    for (const std::string_view table :
         {"checkpoint", "ddl_journal", "prepared_xa", "conflict", "copy_progress"}) {
        auto done = target.run(fmt::format("DELETE FROM {}.`{}` WHERE `task` = {}", database_,
                                           table, quote_string(entry.task())));
        // Made by the first copy.
        constexpr unsigned no_such_table = 1146;
        const bool was_never_there = !done && done.error().server.number == no_such_table;
        if (!done && !was_never_there) return done;
    }
    for (const std::string_view table : {"quarantine_table", "quarantine"}) {
        auto done = target.run(
            fmt::format("DELETE FROM {}.`{}` WHERE `id` = {}", database_, table, entry.id));
        if (!done) return done;
    }
    return {};
}

result<void> quarantine_store::remove_all(target_session& target) const {
    auto entries = load(target);
    if (!entries) return std::unexpected(std::move(entries.error()));
    for (const quarantine_entry& entry : *entries) {
        if (auto done = remove(target, entry); !done) return done;
    }
    return {};
}

} // namespace understudy::applier
