#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "snapshot/key_range.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::snapshot {

// What of the initial copy is durable on the target: rows of `understudy`.`copy_progress`.
// - one row per created object (kind table, view, procedure, …; part 0): `creating` is written
//   before the statement runs, so that a restart knows a half-made object as ours;
// - one row per part of a table's data (kind data), changed in the transaction of each batch;
// - one row for the whole copy (kind copy), with the end of the source's log behind the last chunk.
struct progress_key {
    std::string kind;
    state::object_name source;
    std::uint32_t part = 0;
    auto operator<=>(const progress_key&) const = default;
};

// The row that says that a copy is being taken back: dropping what it made and forgetting it is not
// one transaction, and a copy that finds this row does not go on.
[[nodiscard]] inline progress_key discarded_key() {
    return {"copy", {}, 2};
}

struct progress_row {
    enum class stage : std::uint8_t { creating, created, kept, copying, copied };
    stage now = stage::creating;
    // Number of changes of this row. Each change names the number it found, so that of two
    // processes that both think that they copy this part, one learns that it is wrong.
    std::uint64_t change = 0;
    key_range rest; // what has still to be read
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    // Tables copied in one snapshot: where the source was. For kind copy: the end of its log.
    std::optional<state::source_position> position;
    std::string definition; // the table's fingerprint when its copy began
};

// SQL of these rows. Blocking, stateless but for names: run on the pool.
class copy_progress {
public:
    copy_progress(std::string meta_database, std::string task);

    // Creates the table where missing; the meta database must exist or be allowed to be created.
    [[nodiscard]] protocol::result<void> prepare(applier::target_session& target) const;
    [[nodiscard]] protocol::result<std::map<progress_key, progress_row>>
    load(applier::target_session& target) const;
    [[nodiscard]] protocol::result<std::optional<progress_row>>
    load_one(applier::target_session& target, const progress_key& key) const;
    // The same, but a transaction that is about to change the row has ended first: one of ours
    // whose COMMIT was sent before its session was lost may still be on its way. Inside a
    // transaction nobody else changes it from here on.
    [[nodiscard]] protocol::result<std::optional<progress_row>>
    load_settled(applier::target_session& target, const progress_key& key) const;
    // All parts of what the key names, settled too.
    [[nodiscard]] protocol::result<std::map<progress_key, progress_row>>
    load_parts(applier::target_session& target, const progress_key& key) const;
    [[nodiscard]] protocol::result<void>
    insert(applier::target_session& target, const progress_key& key, const progress_row& row) const;
    // The same inside a transaction, where the row may be there already, or be on its way: then it
    // is left as it is, and the answer is what is stored.
    [[nodiscard]] protocol::result<std::optional<progress_row>>
    insert_unless_stored(applier::target_session& target, const progress_key& key,
                         const progress_row& row) const;
    // row.change is the number found last; the stored number is one more.
    // applier::errc::fenced if it is not what is stored.
    [[nodiscard]] protocol::result<void>
    update(applier::target_session& target, const progress_key& key, const progress_row& row) const;

    [[nodiscard]] protocol::result<void> remove(applier::target_session& target,
                                                const progress_key& key) const;
    // All rows of the task.
    [[nodiscard]] protocol::result<void> remove(applier::target_session& target) const;

private:
    [[nodiscard]] std::string where_any_part(const progress_key& key) const;
    [[nodiscard]] std::string where(const progress_key& key) const;
    [[nodiscard]] protocol::result<std::map<progress_key, progress_row>>
    select(applier::target_session& target, const std::string& condition) const;
    [[nodiscard]] protocol::result<std::optional<progress_row>>
    load_one(applier::target_session& target, const progress_key& key,
             std::string_view locking) const;

    std::string meta_database_;
    std::string task_;
};

} // namespace understudy::snapshot
