#include "applier/merged_store.hpp"

#include "applier/commit.hpp"
#include "applier/errc.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

constexpr std::string_view part_table =
    "CREATE TABLE IF NOT EXISTS {} ("
    "`target_database` VARCHAR(64) NOT NULL, "
    "`target_table` VARCHAR(64) NOT NULL, "
    "`task` VARCHAR(64) NOT NULL, "
    "`source_database` VARCHAR(64) NOT NULL, "
    "`source_table` VARCHAR(64) NOT NULL, "
    "`arrived` BIGINT UNSIGNED NOT NULL COMMENT 'number of the statement it has come to', "
    "`place` VARCHAR(640) NOT NULL COMMENT 'of that in its log', "
    "PRIMARY KEY (`target_database`, `target_table`, `task`, `source_database`, `source_table`)) "
    "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

constexpr std::string_view statement_table =
    "CREATE TABLE IF NOT EXISTS {} ("
    "`target_database` VARCHAR(64) NOT NULL, "
    "`target_table` VARCHAR(64) NOT NULL, "
    "`number` BIGINT UNSIGNED NOT NULL, "
    "`statement` LONGTEXT NOT NULL, "
    "`of` VARCHAR(320) NOT NULL COMMENT 'the part that came to it first', "
    "`is_done` BOOL NOT NULL DEFAULT FALSE, "
    "`fingerprint` LONGTEXT COMMENT 'of the table before it was begun', "
    "PRIMARY KEY (`target_database`, `target_table`, `number`)) "
    "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

std::string of_table(const state::object_name& table) {
    return fmt::format("`target_database` = {} AND `target_table` = {}",
                       quote_string(table.database), quote_string(table.object));
}

std::string of_part(const merged_part& part) {
    return fmt::format("{} AND `task` = {} AND `source_database` = {} AND `source_table` = {}",
                       of_table(part.target), quote_string(part.task),
                       quote_string(part.source.database), quote_string(part.source.object));
}

std::string shown(const merged_part& part) {
    return fmt::format("{} of task {}", part.source.to_string(), part.task);
}

} // namespace

merged_store::merged_store(std::string_view meta_database)
    : parts_(state::quote_identifier(meta_database) + ".`merged_part`"),
      statements_(state::quote_identifier(meta_database) + ".`merged_statement`") {}

result<void> merged_store::prepare(target_session& target) const {
    auto done = target.run(fmt::format(part_table, parts_));
    return done ? target.run(fmt::format(statement_table, statements_)) : done;
}

result<void> merged_store::enroll(target_session& target, const merged_part& part) const {
    auto known = target.scalar(fmt::format("SELECT 1 FROM {} WHERE {}", parts_, of_part(part)));
    if (!known) return wrap(std::move(known.error()), "reading who merges into a table");
    if (*known) return {};
    auto open = target.scalar(fmt::format(
        "SELECT `statement` FROM {} WHERE {} AND NOT `is_done` AND `fingerprint` IS NOT NULL",
        statements_, of_table(part.target)));
    if (!open) return wrap(std::move(open.error()), "reading who merges into a table");
    if (*open)
        return fail(errc::transient, fmt::format("{} is being altered: `{}`",
                                                 part.target.to_string(), open->value_or("")));
    auto done = target.run(fmt::format(
        "INSERT IGNORE INTO {} SELECT {}, {}, {}, {}, {}, COALESCE(MAX(`number`), 0), '' FROM {} "
        "WHERE {} AND `is_done`",
        parts_, quote_string(part.target.database), quote_string(part.target.object),
        quote_string(part.task), quote_string(part.source.database),
        quote_string(part.source.object), statements_, of_table(part.target)));
    return done ? done : wrap(std::move(done.error()), "noting who merges into a table");
}

result<bool> merged_store::has_arrived(target_session& target, const merged_part& part,
                                       std::string_view place) const {
    auto found = target.scalar(fmt::format("SELECT 1 FROM {} WHERE {} AND `place` = {}", parts_,
                                           of_part(part), quote_string(place)));
    if (!found) return wrap(std::move(found.error()), "reading who merges into a table");
    return found->has_value();
}

result<merged_store::statement> merged_store::arrive(target_session& target,
                                                     const merged_part& part,
                                                     std::string_view place, std::string_view text,
                                                     const checkpoint_store& held,
                                                     std::uint64_t epoch) const {
    statement found;
    const auto count = [&]() -> result<void> {
        if (auto ours = held.hold(target, epoch); !ours) return ours;
        if (auto known = enroll(target, part); !known) return known;
        auto at = target.query(fmt::format("SELECT `arrived`, `place` FROM {} WHERE {} FOR UPDATE",
                                           parts_, of_part(part)));
        if (!at) return std::unexpected(std::move(at.error()));
        if (at->rows.empty()) return fail(errc::transient, "a merged table's part has gone");
        const bool is_counted = at->rows.front()[1] == place;
        const std::uint64_t number = to_number(at->rows.front()[0]) + (is_counted ? 0 : 1);
        auto noted = target.run(fmt::format(
            "INSERT IGNORE INTO {} (`target_database`, `target_table`, `number`, `statement`, "
            "`of`) VALUES ({}, {}, {}, {}, {})",
            statements_, quote_string(part.target.database), quote_string(part.target.object),
            number, quote_string(text), quote_string(shown(part))));
        if (!noted) return noted;
        auto stored = read(target, part, number);
        if (!stored) return std::unexpected(std::move(stored.error()));
        found = *std::move(stored);
        if (found.text != text || is_counted) return {};
        return target.run(fmt::format("UPDATE {} SET `arrived` = {}, `place` = {} WHERE {}", parts_,
                                      number, quote_string(place), of_part(part)));
    };
    if (auto begun = target.run("START TRANSACTION"); !begun)
        return std::unexpected(std::move(begun.error()));
    if (auto done = commit_or_roll_back(target, count()); !done)
        return std::unexpected(std::move(done.error()));
    return found;
}

// Locking, so that it is what others have committed, whenever this transaction began.
result<merged_store::statement> merged_store::read(target_session& target, const merged_part& part,
                                                   std::uint64_t number) const {
    auto found = target.query(
        fmt::format("SELECT `statement`, `of`, `is_done`, `fingerprint` FROM {} WHERE {} AND "
                    "`number` = {} FOR UPDATE",
                    statements_, of_table(part.target), number));
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->rows.empty())
        return fail(errc::transient, "what was noted of a statement is not there");
    const auto& row = found->rows.front();
    return statement{number, row[0].value_or(""), row[1].value_or(""), row[2] == "1", row[3]};
}

std::string merged_store::take_back_sql(const merged_part& part, std::uint64_t number) const {
    return fmt::format(
        "UPDATE {0} SET `arrived` = {1}, `place` = '' WHERE {2} AND `arrived` = {3}; "
        "DELETE FROM {4} WHERE {2} AND `number` = {3} AND NOT `is_done`;",
        parts_, number - 1, of_table(part.target), number, statements_);
}

result<std::optional<std::string>>
merged_store::missing(target_session& target, const merged_part& part, std::uint64_t number) const {
    auto found = target.query(fmt::format(
        "SELECT `task`, `source_database`, `source_table` FROM {} WHERE {} AND `arrived` < {} "
        "ORDER BY 1, 2, 3 LIMIT 1",
        parts_, of_table(part.target), number));
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->rows.empty()) return std::nullopt;
    const auto& row = found->rows.front();
    const merged_part other{
        part.target, row[0].value_or(""), {row[1].value_or(""), row[2].value_or("")}};
    return fmt::format("{} (if there is no such table any more: DELETE FROM {} WHERE {};)",
                       shown(other), parts_, of_part(other));
}

result<void> merged_store::begin(target_session& target, const merged_part& part,
                                 std::uint64_t number, std::string_view fingerprint) const {
    return target.run(fmt::format("UPDATE {} SET `fingerprint` = {} WHERE {} AND `number` = {}",
                                  statements_, quote_string(fingerprint), of_table(part.target),
                                  number));
}

result<void> merged_store::forget_begin(target_session& target, const merged_part& part,
                                        std::uint64_t number) const {
    return target.run(fmt::format("UPDATE {} SET `fingerprint` = NULL WHERE {} AND `number` = {}",
                                  statements_, of_table(part.target), number));
}

result<void> merged_store::finish(target_session& target, const merged_part& part,
                                  std::uint64_t number) const {
    return target.run(fmt::format("UPDATE {} SET `is_done` = TRUE WHERE {} AND `number` = {}",
                                  statements_, of_table(part.target), number));
}

// What no part has come to any more, others need not come to.
result<void> merged_store::remove_all(target_session& target, std::string_view task) const {
    auto done =
        target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", parts_, quote_string(task)));
    if (!done) return done;
    return target.run(fmt::format(
        "DELETE FROM {0} WHERE NOT `is_done` AND NOT EXISTS (SELECT 1 FROM {1} AS p WHERE "
        "p.`target_database` = {0}.`target_database` AND p.`target_table` = {0}.`target_table` AND "
        "p.`arrived` >= {0}.`number`)",
        statements_, parts_));
}

} // namespace understudy::applier
