#include "applier/prepared_store.hpp"

#include "applier/base64.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::result;

namespace {

// 275 characters are the longest name a server writes.
constexpr std::string_view table_definition =
    "CREATE TABLE IF NOT EXISTS {} ("
    "`task` VARCHAR(64) NOT NULL, "
    "`xa_id` VARCHAR(280) NOT NULL COMMENT 'as in XA COMMIT', "
    "`part` INT UNSIGNED NOT NULL, "
    "`events` LONGBLOB NOT NULL COMMENT 'TABLE_MAP and rows events', "
    "`updated` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), "
    "PRIMARY KEY (`task`, `xa_id`, `part`)) "
    "ENGINE=InnoDB DEFAULT CHARACTER SET ascii COLLATE ascii_bin";

} // namespace

prepared_store::prepared_store(std::string meta_database, std::string task)
    : table_(state::quote_identifier(meta_database) + ".`prepared_xa`"), task_(std::move(task)) {}

std::string prepared_store::condition(std::string_view xa_id) const {
    return fmt::format("`task` = {} AND `xa_id` = {}", quote_string(task_), quote_string(xa_id));
}

result<void> prepared_store::prepare(target_session& target) const {
    auto done = target.execute(fmt::format(table_definition, table_));
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<void> prepared_store::write(target_session& target, std::string_view xa_id,
                                   std::uint32_t part, std::span<const std::byte> bytes) const {
    std::string sql =
        fmt::format("INSERT INTO {} (`task`, `xa_id`, `part`, `events`) VALUES ({}, {}, {}, "
                    "FROM_BASE64('",
                    table_, quote_string(task_), quote_string(xa_id), part);
    append_base64(sql, bytes);
    sql += "'))";
    auto done = target.execute(sql);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

result<std::optional<std::string>>
prepared_store::read(target_session& target, std::string_view xa_id, std::uint32_t part) const {
    return target.scalar(fmt::format("SELECT `events` FROM {} WHERE {} AND `part` = {}", table_,
                                     condition(xa_id), part));
}

result<std::uint64_t> prepared_store::remove(target_session& target, std::string_view xa_id) const {
    auto done = target.execute(fmt::format("DELETE FROM {} WHERE {}", table_, condition(xa_id)));
    if (!done) return std::unexpected(std::move(done.error()));
    return done->affected_rows;
}

// No transaction has an empty name.
result<void> prepared_store::note_unknown(target_session& target, bool unknown) const {
    if (auto removed = remove(target, ""); !removed) return std::unexpected(removed.error());
    if (!unknown) return {};
    return write(target, "", 0, {});
}

result<bool> prepared_store::has_unknown(target_session& target) const {
    auto note = read(target, "", 0);
    if (!note) return std::unexpected(std::move(note.error()));
    return note->has_value();
}

result<void> prepared_store::remove_all(target_session& target) const {
    auto done = target.execute(
        fmt::format("DELETE FROM {} WHERE `task` = {}", table_, quote_string(task_)));
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

} // namespace understudy::applier
