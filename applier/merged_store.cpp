#include "applier/merged_store.hpp"

#include "applier/commit.hpp"
#include "applier/errc.hpp"

#include <fmt/format.h>

#include <charconv>
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

std::uint64_t number_of(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
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
    auto done = target.run(fmt::format(
        "INSERT IGNORE INTO {} SELECT {}, {}, {}, {}, {}, COALESCE(MAX(`number`), 0), '' FROM {} "
        "WHERE {} AND `is_done`",
        parts_, quote_string(part.target.database), quote_string(part.target.object),
        quote_string(part.task), quote_string(part.source.database),
        quote_string(part.source.object), statements_, of_table(part.target)));
    return done ? done : wrap(std::move(done.error()), "noting who merges into a table");
}

result<std::uint64_t> merged_store::arrive(target_session& target, const merged_part& part,
                                           std::string_view place, const checkpoint_store& held,
                                           std::uint64_t epoch) const {
    const auto count = [&]() -> result<void> {
        if (auto ours = held.hold(target, epoch); !ours) return ours;
        if (auto known = enroll(target, part); !known) return known;
        return target.run(fmt::format(
            "UPDATE {} SET `arrived` = `arrived` + 1, `place` = {} WHERE {} AND `place` <> {}",
            parts_, quote_string(place), of_part(part), quote_string(place)));
    };
    if (auto begun = target.run("START TRANSACTION"); !begun)
        return std::unexpected(std::move(begun.error()));
    if (auto done = commit_or_roll_back(target, count()); !done)
        return std::unexpected(std::move(done.error()));
    auto arrived =
        target.scalar(fmt::format("SELECT `arrived` FROM {} WHERE {}", parts_, of_part(part)));
    if (!arrived) return std::unexpected(std::move(arrived.error()));
    return number_of(*arrived);
}

result<merged_store::statement> merged_store::read(target_session& target, const merged_part& part,
                                                   std::uint64_t number,
                                                   std::string_view text) const {
    auto noted = target.run(fmt::format(
        "INSERT IGNORE INTO {} (`target_database`, `target_table`, `number`, `statement`, `of`) "
        "VALUES ({}, {}, {}, {}, {})",
        statements_, quote_string(part.target.database), quote_string(part.target.object), number,
        quote_string(text), quote_string(shown(part))));
    if (!noted) return std::unexpected(std::move(noted.error()));
    auto found = target.query(
        fmt::format("SELECT `statement`, `of`, `is_done`, `fingerprint` FROM {} WHERE {} AND "
                    "`number` = {}",
                    statements_, of_table(part.target), number));
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->rows.empty())
        return fail(errc::transient, "what was noted of a statement is not there");
    const auto& row = found->rows.front();
    return statement{row[0].value_or(""), row[1].value_or(""), row[2] == "1", row[3]};
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

result<void> merged_store::finish(target_session& target, const merged_part& part,
                                  std::uint64_t number) const {
    return target.run(fmt::format("UPDATE {} SET `is_done` = TRUE WHERE {} AND `number` = {}",
                                  statements_, of_table(part.target), number));
}

result<void> merged_store::remove_all(target_session& target, std::string_view task) const {
    return target.run(fmt::format("DELETE FROM {} WHERE `task` = {}", parts_, quote_string(task)));
}

} // namespace understudy::applier
