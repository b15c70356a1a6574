#include "snapshot/copy_progress.hpp"

#include "applier/errc.hpp"

#include <fmt/format.h>

#include <array>

namespace understudy::snapshot {

using applier::quote_string;
using applier::to_number;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::array<std::string_view, 5> stage_names{"creating", "created", "kept", "copying",
                                                      "copied"};

// Keys and positions are compared and read back by programs: binary collation, no bounded texts.
constexpr std::string_view table_definition =
    "CREATE TABLE IF NOT EXISTS {}.`copy_progress` ("
    "`task` VARCHAR(64) NOT NULL, "
    "`kind` VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what is copied', "
    "`source_database` VARCHAR(64) NOT NULL, "
    "`source_object` VARCHAR(64) NOT NULL, "
    "`part` INT UNSIGNED NOT NULL COMMENT 'key ranges of one table', "
    "`state` ENUM('creating','created','kept','copying','copied') NOT NULL, "
    "`change_number` BIGINT UNSIGNED NOT NULL, "
    "`after_key` LONGTEXT NOT NULL COMMENT 'SQL literals of the last key written, one a line', "
    "`upper_key` LONGTEXT NOT NULL, "
    "`row_count` BIGINT UNSIGNED NOT NULL, "
    "`byte_count` BIGINT UNSIGNED NOT NULL, "
    "`log_file` VARCHAR(512) NOT NULL COMMENT 'where the source was; empty: not one snapshot', "
    "`log_offset` BIGINT UNSIGNED NOT NULL, "
    "`gtid_set` LONGTEXT NOT NULL, "
    "`definition` LONGTEXT NOT NULL, "
    "`updated` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), "
    "PRIMARY KEY (`task`, `kind`, `source_database`, `source_object`, `part`)"
    ") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

std::string assignments(const progress_row& row) {
    const auto position = row.position.value_or(state::source_position{});
    return fmt::format(
        "`state` = '{}', `change_number` = {}, `after_key` = {}, `upper_key` = {}, `row_count` = "
        "{}, `byte_count` = {}, `log_file` = {}, `log_offset` = {}, `gtid_set` = {}, `definition` "
        "= {}",
        stage_names[static_cast<std::size_t>(row.now)], row.change + 1,
        quote_string(to_lines(row.rest.after)), quote_string(to_lines(row.rest.upper)), row.rows,
        row.bytes, quote_string(row.position ? position.binlog.file : ""),
        row.position ? position.binlog.offset : 0, quote_string(position.executed.to_string()),
        quote_string(row.definition));
}

result<progress_row> parse(const std::vector<std::optional<std::string>>& fields) {
    const auto text = [&](std::size_t at) { return fields[at].value_or(""); };
    progress_row row;
    for (std::size_t i = 0; i < stage_names.size(); ++i) {
        if (stage_names[i] == text(3)) row.now = static_cast<progress_row::stage>(i);
    }
    row.change = to_number(fields[4]);
    row.rest = {from_lines(text(5)), from_lines(text(6))};
    row.rows = to_number(fields[7]);
    row.bytes = to_number(fields[8]);
    if (!text(9).empty()) {
        auto executed = protocol::gtid_set::parse(text(11));
        if (!executed)
            return protocol::wrap(std::move(executed.error()), "copy_progress on the target");
        row.position =
            state::source_position{{text(9), to_number(fields[10])}, *std::move(executed)};
    }
    row.definition = text(12);
    return row;
}

} // namespace

copy_progress::copy_progress(std::string meta_database, std::string task)
    : meta_database_(std::move(meta_database)), task_(std::move(task)) {}

result<void> copy_progress::prepare(applier::target_session& target) const {
    const std::string database = state::quote_identifier(meta_database_);
    // An account that may only use the meta database need not be allowed to create it.
    auto there = target.query("SHOW TABLES FROM " + database + " LIKE 'copy\\_progress'");
    if (there && !there->rows.empty()) return {};
    if (!there) {
        auto made = target.execute("CREATE DATABASE IF NOT EXISTS " + database +
                                   " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
        if (!made) return std::unexpected(std::move(made.error()));
    }
    auto made = target.execute(fmt::format(fmt::runtime(table_definition), database));
    if (!made) return std::unexpected(std::move(made.error()));
    return {};
}

std::string copy_progress::where_any_part(const progress_key& key) const {
    return fmt::format(
        "`task` = {} AND `kind` = {} AND `source_database` = {} AND `source_object` = {}",
        quote_string(task_), quote_string(key.kind), quote_string(key.source.database),
        quote_string(key.source.object));
}

std::string copy_progress::where(const progress_key& key) const {
    return fmt::format("{} AND `part` = {}", where_any_part(key), key.part);
}

result<std::map<progress_key, progress_row>>
copy_progress::select(applier::target_session& target, const std::string& condition) const {
    auto answer = target.query(fmt::format(
        "SELECT `kind`, `source_database`, `source_object`, `state`, `change_number`, `after_key`, "
        "`upper_key`, `row_count`, `byte_count`, `log_file`, `log_offset`, `gtid_set`, "
        "`definition`, `part` FROM {}.`copy_progress` WHERE {}",
        state::quote_identifier(meta_database_), condition));
    if (!answer) return std::unexpected(std::move(answer.error()));
    std::map<progress_key, progress_row> rows;
    for (const auto& fields : answer->rows) {
        progress_key key{fields[0].value(),
                         {fields[1].value(), fields[2].value()},
                         static_cast<std::uint32_t>(to_number(fields[13]))};
        auto row = parse(fields);
        if (!row) return std::unexpected(std::move(row.error()));
        rows.emplace(std::move(key), *std::move(row));
    }
    return rows;
}

result<std::map<progress_key, progress_row>>
copy_progress::load(applier::target_session& target) const {
    return select(target, "`task` = " + quote_string(task_));
}

result<std::optional<progress_row>> copy_progress::load_one(applier::target_session& target,
                                                            const progress_key& key) const {
    return load_one(target, key, "");
}

result<std::optional<progress_row>> copy_progress::load_settled(applier::target_session& target,
                                                                const progress_key& key) const {
    return load_one(target, key, " FOR UPDATE");
}

result<std::optional<progress_row>> copy_progress::load_one(applier::target_session& target,
                                                            const progress_key& key,
                                                            std::string_view locking) const {
    auto rows = select(target, where(key).append(locking));
    if (!rows) return std::unexpected(std::move(rows.error()));
    if (rows->empty()) return std::nullopt;
    return rows->begin()->second;
}

result<std::map<progress_key, progress_row>>
copy_progress::load_parts(applier::target_session& target, const progress_key& key) const {
    return select(target, where_any_part(key) + " FOR UPDATE");
}

result<void> copy_progress::insert(applier::target_session& target, const progress_key& key,
                                   const progress_row& row) const {
    auto done = target.execute(fmt::format(
        "INSERT INTO {}.`copy_progress` SET `task` = {}, `kind` = {}, `source_database` = {}, "
        "`source_object` = {}, `part` = {}, {}",
        state::quote_identifier(meta_database_), quote_string(task_), quote_string(key.kind),
        quote_string(key.source.database), quote_string(key.source.object), key.part,
        assignments(row)));
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<std::optional<progress_row>>
copy_progress::insert_unless_stored(applier::target_session& target, const progress_key& key,
                                    const progress_row& row) const {
    auto inserted = insert(target, key, row);
    if (inserted) return std::nullopt;
    if (inserted.error().code != applier::errc::duplicate_key)
        return std::unexpected(std::move(inserted.error()));
    return load_settled(target, key);
}

result<void> copy_progress::update(applier::target_session& target, const progress_key& key,
                                   const progress_row& row) const {
    auto done = target.execute(fmt::format(
        "UPDATE {}.`copy_progress` SET {} WHERE {} AND `change_number` = {}",
        state::quote_identifier(meta_database_), assignments(row), where(key), row.change));
    if (!done) return std::unexpected(std::move(done.error()));
    if (done->affected_rows != 1)
        return fail(applier::errc::fenced,
                    fmt::format("the copy of {} was moved on by another process: two processes run "
                                "task '{}' at the same time",
                                key.source.to_string(), task_));
    return {};
}

result<void> copy_progress::remove(applier::target_session& target, const progress_key& key) const {
    return target.run(fmt::format("DELETE FROM {}.`copy_progress` WHERE {}",
                                  state::quote_identifier(meta_database_), where(key)));
}

result<void> copy_progress::remove(applier::target_session& target) const {
    auto done =
        target.execute(fmt::format("DELETE FROM {}.`copy_progress` WHERE `task` = {}",
                                   state::quote_identifier(meta_database_), quote_string(task_)));
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

} // namespace understudy::snapshot
