#include "applier/checkpoint_store.hpp"

#include "applier/column_fit_store.hpp"
#include "applier/conflict_store.hpp"
#include "applier/errc.hpp"
#include "applier/followed_store.hpp"
#include "applier/merged_store.hpp"
#include "applier/objects_store.hpp"
#include "applier/prepared_store.hpp"
#include "applier/program_copies.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/schema_change_store.hpp"
#include "applier/statement_decision.hpp"
#include "applier/upstream_store.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <charconv>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

// Everything that is compared or read back by programs is in a binary collation; the GTID set has
// no bound that a VARCHAR could hold. The epoch is in the primary key because a row image finds its
// row by that alone (checkpoint_image, which has the layout of these columns).
constexpr std::string_view checkpoint_table =
    "CREATE TABLE IF NOT EXISTS {}.`checkpoint` ("
    "`task` VARCHAR(64) NOT NULL COMMENT 'name of the task', "
    "`stage` ENUM('copying','streaming') NOT NULL, "
    "`source_uuid` CHAR(36) NOT NULL, "
    "`by_gtid` TINYINT NOT NULL, "
    "`log_file` VARCHAR(512) NOT NULL COMMENT 'applied: file and offset in the log of the source', "
    "`log_offset` BIGINT UNSIGNED NOT NULL, "
    "`gtid_set` LONGTEXT NOT NULL COMMENT 'applied: what the source had executed there', "
    "`copy_end_file` VARCHAR(512) NOT NULL COMMENT 'up to here changes overwrite', "
    "`copy_end_offset` BIGINT UNSIGNED NOT NULL, "
    "`epoch` BIGINT UNSIGNED NOT NULL COMMENT 'raised by each process that takes the task over', "
    "`updated` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), "
    "PRIMARY KEY (`task`, `epoch`), UNIQUE KEY `task` (`task`)) ENGINE=InnoDB "
    "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

// What a table of an older version is made into.
constexpr std::string_view keys_of_today =
    "ALTER TABLE {}.`checkpoint` DROP PRIMARY KEY, ADD PRIMARY KEY (`task`, `epoch`), "
    "ADD UNIQUE KEY `task` (`task`)";

constexpr std::string_view journal_table =
    "CREATE TABLE IF NOT EXISTS {}.`ddl_journal` ("
    "`task` VARCHAR(64) NOT NULL, "
    "`task_uuid` CHAR(36) NOT NULL COMMENT 'GTIDs of executed statements: task_uuid:number', "
    "`number` BIGINT UNSIGNED NOT NULL, "
    "`state` ENUM('idle','intent','executed') NOT NULL, "
    "`log_file` VARCHAR(512) NOT NULL COMMENT 'where its transaction begins in the log of the "
    "source', "
    "`log_offset` BIGINT UNSIGNED NOT NULL, "
    "`gtid` VARCHAR(128) NOT NULL, "
    "`statement` LONGBLOB NOT NULL, "
    "`fingerprint` LONGTEXT NOT NULL COMMENT 'of the objects before the statement', "
    "`connection_id` BIGINT UNSIGNED NOT NULL, "
    "`decision` ENUM('','done','undone') NOT NULL DEFAULT '' COMMENT 'set by an operator when "
    "asked for', "
    "`updated` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), "
    "PRIMARY KEY (`task`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

result<std::uint64_t> number(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    const std::string digits = text.value_or("");
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return fail(errc::checkpoint_invalid,
                    fmt::format("the checkpoint holds '{}' where a number belongs", digits));
    }
    return value;
}

result<void> renew_keys(target_session& target, const std::string& meta_database) {
    auto parts = target.scalar(fmt::format(
        "SELECT COUNT(*) FROM information_schema.statistics WHERE table_schema = {} AND "
        "table_name = 'checkpoint' AND index_name = 'PRIMARY'",
        quote_string(meta_database)));
    if (!parts) return std::unexpected(std::move(parts.error()));
    if (*parts != "1") return {};
    return target.run(fmt::format(keys_of_today, state::quote_identifier(meta_database)));
}

std::unexpected<protocol::error> taken_over(const std::string& task, std::uint64_t epoch) {
    return fail(errc::fenced,
                fmt::format("task {} was taken over by another process (epoch {} is no longer that "
                            "of its checkpoint): this process stops and has rolled back what it "
                            "was writing",
                            task, epoch));
}

} // namespace

checkpoint_store::checkpoint_store(std::string meta_database, std::string task)
    : meta_database_(std::move(meta_database)), task_(std::move(task)) {}

result<void> checkpoint_store::prepare(target_session& target) const {
    const std::string database = state::quote_identifier(meta_database_);
    auto done = target.run(
        fmt::format("CREATE DATABASE IF NOT EXISTS {} DEFAULT CHARACTER SET utf8mb4", database));
    if (done) done = target.run(fmt::format(checkpoint_table, database));
    if (done) done = renew_keys(target, meta_database_);
    if (done) done = target.run(fmt::format(journal_table, database));
    if (done) done = prepared_store(meta_database_, task_).prepare(target);
    if (done) done = decision_store(meta_database_, task_).prepare(target);
    if (done) done = conflict_store(meta_database_, task_).prepare(target);
    if (done) done = quarantine_store(*this).prepare(target);
    if (done) done = objects_store(meta_database_, task_).prepare(target);
    if (done) done = program_copies(meta_database_, task_).prepare(target);
    if (done) done = merged_store(meta_database_).prepare(target);
    if (done) done = followed_store(meta_database_, task_).prepare(target);
    if (done) done = column_fit_store(meta_database_, task_).prepare(target);
    if (done) done = schema_change_store(meta_database_, task_).prepare(target);
    if (done) done = upstream_store(meta_database_, task_).prepare(target);
    if (!done)
        return wrap(std::move(done.error()),
                    "preparing the database " + database + " for checkpoints");
    return {};
}

result<std::optional<checkpoint>> checkpoint_store::load(target_session& target) const {
    return load(target, "");
}

result<std::optional<checkpoint>> checkpoint_store::load_settled(target_session& target) const {
    return load(target, " LOCK IN SHARE MODE");
}

result<std::optional<checkpoint>> checkpoint_store::load(target_session& target,
                                                         std::string_view locking) const {
    auto answer = target.query(
        fmt::format("SELECT `stage`, `source_uuid`, `by_gtid`, `log_file`, `log_offset`, "
                    "`gtid_set`, `copy_end_file`, "
                    "`copy_end_offset`, `epoch` FROM {}.`checkpoint` WHERE `task` = {}{}",
                    state::quote_identifier(meta_database_), quote_string(task_), locking));
    if (!answer) {
        if (answer.error().server.number == 1146 || answer.error().server.number == 1049)
            return std::nullopt;
        return std::unexpected(std::move(answer.error()));
    }
    if (answer->rows.empty()) return std::nullopt;
    const auto& row = answer->rows.front();
    checkpoint value;
    value.now = row[0] == "copying" ? checkpoint::stage::copying : checkpoint::stage::streaming;
    auto source = protocol::uuid::parse(row[1].value_or(""));
    if (!source)
        return fail(errc::checkpoint_invalid,
                    "the checkpoint's source_uuid: " + source.error().what);
    value.source_uuid = *source;
    value.by_gtid = row[2] != "0";
    value.applied.binlog.file = row[3].value_or("");
    auto offset = number(row[4]);
    auto executed = protocol::gtid_set::parse(row[5].value_or(""));
    if (!executed)
        return fail(errc::checkpoint_invalid,
                    "the checkpoint's gtid_set: " + executed.error().what);
    value.applied.executed = std::move(*executed);
    value.copy_end.file = row[6].value_or("");
    auto copy_end_offset = number(row[7]);
    auto epoch = number(row[8]);
    for (auto* const read : {&offset, &copy_end_offset, &epoch}) {
        if (!*read) return std::unexpected(std::move(read->error()));
    }
    value.applied.binlog.offset = *offset;
    value.copy_end.offset = *copy_end_offset;
    value.epoch = *epoch;
    return value;
}

result<void> checkpoint_store::create(target_session& target, const checkpoint& value) const {
    return target.run(fmt::format(
        "INSERT INTO {}.`checkpoint` (`task`, `stage`, `source_uuid`, `by_gtid`, `log_file`, "
        "`log_offset`, `gtid_set`, `copy_end_file`, `copy_end_offset`, `epoch`) "
        "VALUES ({}, '{}', '{}', {}, {}, {}, {}, {}, {}, {})",
        state::quote_identifier(meta_database_), quote_string(task_),
        value.now == checkpoint::stage::copying ? "copying" : "streaming",
        value.source_uuid.to_string(), value.by_gtid ? 1 : 0,
        quote_string(value.applied.binlog.file), value.applied.binlog.offset,
        quote_string(value.applied.executed.to_string()), quote_string(value.copy_end.file),
        value.copy_end.offset, value.epoch));
}

result<std::uint64_t> checkpoint_store::take_over(target_session& target,
                                                  std::optional<std::uint64_t> ours) const {
    const std::string table = state::quote_identifier(meta_database_) + ".`checkpoint`";
    const std::string where = " WHERE `task` = " + quote_string(task_);
    if (auto begun = target.run("START TRANSACTION"); !begun)
        return std::unexpected(std::move(begun.error()));
    // The row lock makes two processes that start at the same moment get different epochs.
    auto held = target.scalar("SELECT `epoch` FROM " + table + where + " FOR UPDATE");
    if (!held) return std::unexpected(std::move(held.error()));
    if (!*held) {
        if (auto undone = target.run("ROLLBACK"); !undone)
            return std::unexpected(std::move(undone.error()));
        return fail(errc::checkpoint_invalid,
                    "task " + task_ + " has no checkpoint in " + table + " on the target");
    }
    auto before = number(*held);
    if (!before) return std::unexpected(std::move(before.error()));
    if (ours && *before > *ours) {
        if (auto undone = target.run("ROLLBACK"); !undone)
            return std::unexpected(std::move(undone.error()));
        return taken_over(task_, *ours);
    }
    const std::uint64_t epoch = *before + 1;
    auto raised = target.run(fmt::format("UPDATE {} SET `epoch` = {}{}", table, epoch, where));
    if (raised) raised = target.run("COMMIT");
    if (!raised) return std::unexpected(std::move(raised.error()));
    return epoch;
}

result<void> checkpoint_store::hold(target_session& target, std::uint64_t epoch) const {
    auto held = target.query(fmt::format(
        "SELECT 1 FROM {}.`checkpoint` WHERE `task` = {} AND `epoch` = {} LOCK IN SHARE MODE",
        state::quote_identifier(meta_database_), quote_string(task_), epoch));
    if (!held) return std::unexpected(std::move(held.error()));
    if (held->rows.empty()) return taken_over(task_, epoch);
    return {};
}

result<void> checkpoint_store::finish_copy(target_session& target,
                                           const protocol::binlog_position& copy_end,
                                           std::uint64_t epoch) const {
    auto done = target.execute(
        fmt::format("UPDATE {}.`checkpoint` SET `stage` = 'streaming', `copy_end_file` = {}, "
                    "`copy_end_offset` = {} WHERE `task` = {} AND `epoch` = {}",
                    state::quote_identifier(meta_database_), quote_string(copy_end.file),
                    copy_end.offset, quote_string(task_), epoch));
    if (!done) return std::unexpected(std::move(done.error()));
    if (done->affected_rows != 1) return taken_over(task_, epoch);
    return {};
}

result<void> checkpoint_store::advance(target_session& target,
                                       const state::source_position& applied,
                                       std::uint64_t epoch) const {
    auto done = target.execute(fmt::format(
        "UPDATE {}.`checkpoint` SET `log_file` = {}, `log_offset` = {}, `gtid_set` = {} "
        "WHERE `task` = {} AND `epoch` = {}",
        state::quote_identifier(meta_database_), quote_string(applied.binlog.file),
        applied.binlog.offset, quote_string(applied.executed.to_string()), quote_string(task_),
        epoch));
    if (!done) return std::unexpected(std::move(done.error()));
    // The session counts matched rows (CLIENT_FOUND_ROWS), so an equal position is one row too.
    if (done->affected_rows != 1) return taken_over(task_, epoch);
    return {};
}

result<void> checkpoint_store::remove(target_session& target) const {
    if (auto done = quarantine_store(*this).remove_all(target); !done) return done;
    for (const std::string_view table : {"ddl_journal", "checkpoint"}) {
        auto done = target.run(fmt::format("DELETE FROM {}.`{}` WHERE `task` = {}",
                                           state::quote_identifier(meta_database_), table,
                                           quote_string(task_)));
        if (!done) return done;
    }
    if (auto done = conflict_store(meta_database_, task_).remove_all(target); !done) return done;
    if (auto done = objects_store(meta_database_, task_).remove_all(target); !done) return done;
    if (auto done = upstream_store(meta_database_, task_).remove_all(target); !done) return done;
    if (auto done = program_copies(meta_database_, task_).remove_all(target); !done) return done;
    if (auto done = merged_store(meta_database_).remove_all(target, task_); !done) return done;
    if (auto done = followed_store(meta_database_, task_).remove_all(target); !done) return done;
    if (auto done = schema_change_store(meta_database_, task_).remove_all(target); !done)
        return done;
    return prepared_store(meta_database_, task_).remove_all(target);
}

} // namespace understudy::applier
