#pragma once

#include "applier/group.hpp"
#include "applier/merge_shape.hpp"
#include "applier/source_table.hpp"
#include "applier/target_session.hpp"
#include "applier/target_table.hpp"
#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace understudy::applier {

// In which ways rows may be written, by the task and by what the target lets the account do
// (prepare_for_rows).
struct write_ways {
    bool row_images = true;
    bool sql = false;
    std::string why_no_row_images; // where they are not
    // Triggers of the target that look whether @understudy_applying is set are left alone; any
    // other stops the task before a row of its table is written as SQL.
    bool accepts_guarded_triggers = false;
};

// How changes of one table of the source are written: its name, layout and key on the target. Good
// until the next DDL.
struct table_plan {
    std::shared_ptr<const source_table> source;
    target_table target;
    std::uint64_t table_id = 0; // in our own BINLOG statements
    // The same for all plans of one table of the target: the source may log it with two layouts.
    std::uint32_t identity = 0;
    merge_shape merging;
    // As SQL unless row images fit; why they do not, for the operator.
    bool as_sql = false;
    std::string why_sql;
    bool large_rows_as_sql = false; // those that no packet holds as an image
    // The target's table was there before and is defined otherwise: `target` has the columns that
    // both have, as the source has them (fit_target).
    bool is_fitted = false;
    // And it has others, which no change of the source may take away.
    bool keeps_columns = false;
    // What SQL needs; empty where it cannot be used.
    std::vector<protocol::column_definition> columns;

    [[nodiscard]] bool has_key() const { return !target.key.empty(); }
};

// Plans by the layout the source logs. The first use of a table reads its definition from the
// target and compares; every later one is a look-up by pointer. One thread; used with one target
// session.
class table_plans {
public:
    table_plans(const state::object_selection& selection, write_ways ways)
        : selection_(&selection), ways_(std::move(ways)) {}

    [[nodiscard]] const table_plan* find(const source_table& table) const;
    // The tables of the target that a group's plans are missing, where reading them together is
    // quicker than one by one; else none.
    [[nodiscard]] std::vector<state::object_name> missing(const target_facts& target,
                                                          const group& work) const;
    // Reads their definitions, for calls of load() that follow.
    [[nodiscard]] protocol::result<void> expect(target_session& target,
                                                std::span<const state::object_name> names);
    // errc::missing_table, errc::definition_mismatch: the sentence names both sides and what to do.
    [[nodiscard]] protocol::result<const table_plan*>
    load(target_session& target, std::shared_ptr<const source_table> table);
    // A DDL was executed, or the session is another one.
    void forget() {
        plans_.clear();
        identities_.clear();
        expected_.clear();
    }

private:
    [[nodiscard]] protocol::result<std::optional<target_table>>
    definition_of(target_session& target, const state::object_name& name);
    // Why row images do not fit, if it is seen by then.
    [[nodiscard]] protocol::result<std::optional<std::string>> fit(table_plan& plan) const;
    [[nodiscard]] protocol::result<void> choose(table_plan& plan,
                                                std::optional<std::string> difference) const;
    [[nodiscard]] protocol::result<void> check_triggers(const table_plan& plan) const;

    const state::object_selection* selection_;
    write_ways ways_;
    std::unordered_map<const source_table*, std::unique_ptr<table_plan>> plans_;
    std::map<state::object_name, target_table> expected_; // of the target; until it is loaded
    std::map<state::object_name, std::uint32_t> identities_;
    std::uint64_t next_id_ = 1;
};

} // namespace understudy::applier
