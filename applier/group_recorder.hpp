#pragma once

#include "applier/change_merger.hpp"
#include "applier/change_writer.hpp"
#include "applier/group_applier.hpp"
#include "applier/in_flight_keys.hpp"
#include "applier/lane_work.hpp"
#include "protocol/result.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace understudy::applier {

// Makes of a group what a lane executes: its changes merged, in the order in which they are to be
// written, and for each of them whether it has to wait until the groups before are committed.
//
// A change waits when a group on its way writes one of the keys it concerns: the row's own, by the
// bytes it is stored with, or values of other unique keys, old and new ones. Changes of a table
// whose order can be seen (no key, images that are not complete, a unique key over an expression)
// wait for any change of their table, and those of tables with foreign keys for any change of such
// a table. A change also waits for one of its own group that waits and concerns the same key. So
// two changes that could be told apart by their order keep it; what this does not see (values that
// are equal by their collation only, foreign keys of tables that the account does not see) the
// target refuses or makes wait, and the group is then executed alone.
//
// Used on the thread that reads groups, in their order.
class group_recorder final : private change_writer {
public:
    // Plans come from `rows`, which must not be executing anything meanwhile.
    explicit group_recorder(group_applier& rows) : rows_(rows) {}

    // Where the stream stands; no group is on its way.
    void begin_at(state::source_position position) {
        reached_ = std::move(position);
        done_ = number_;
    }
    [[nodiscard]] const state::source_position& reached() const { return reached_; }

    // nullopt: the group has to be executed alone, behind all that are on their way, and `work` is
    // untouched. `committed`: number of the last group that is on the target.
    [[nodiscard]] protocol::result<std::optional<lane_work>> record(group& work,
                                                                    std::uint64_t committed);

private:
    using keys = std::vector<std::uint64_t>;

    [[nodiscard]] protocol::result<bool> plan(const group& work);
    [[nodiscard]] protocol::result<bool> record_changes(const group& work,
                                                        const source_transaction& transaction);
    [[nodiscard]] protocol::result<bool> record_change(const group& work,
                                                       const source_transaction& transaction,
                                                       const row_change& change);
    [[nodiscard]] std::span<const table_plan* const> tables_of(const group& work,
                                                               const row_change& change);

    // What the merger and append_as_logged() hand out.
    [[nodiscard]] protocol::result<void>
    append(const rows_to_write& rows, rbr_mode mode,
           std::span<const table_plan* const> statement_tables) override;
    [[nodiscard]] protocol::result<void> finish() override { return {}; }
    void reset() override {}
    void keep_bitmaps(rows_to_write& rows);
    [[nodiscard]] protocol::result<void> find_waiting(std::uint64_t committed);
    [[nodiscard]] protocol::result<void> find_keys(const rows_to_write& rows);
    [[nodiscard]] protocol::result<void> add_unique_values(const rows_to_write& rows);
    void add_unique_values(const table_plan& table, const protocol::row_image& image);

    group_applier& rows_;
    change_merger merger_;
    in_flight_keys in_flight_;
    state::source_position reached_;
    std::uint64_t number_ = 0;
    std::uint64_t done_ = 0; // groups up to here are on the target, however they came there

    lane_work open_;
    const table_plan* bitmaps_of_ = nullptr; // whose complete bitmap was kept last
    std::span<const std::byte> complete_;
    std::vector<const table_plan*> statement_plans_;
    std::uint32_t statement_first_ = UINT32_MAX;
    keys looked_at_; // of the change at hand
    keys written_;
};

} // namespace understudy::applier
