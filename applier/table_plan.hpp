#pragma once

#include "applier/source_table.hpp"
#include "applier/target_session.hpp"
#include "applier/target_table.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace understudy::applier {

// How changes of one table of the source are written: its name, layout and key on the target. Good
// until the next DDL.
struct table_plan {
    std::shared_ptr<const source_table> source;
    target_table target;
    std::uint64_t table_id = 0; // in our own BINLOG statements

    [[nodiscard]] bool has_key() const { return !target.key.empty(); }
};

// Plans by the layout the source logs. The first use of a table reads its definition from the
// target and compares; every later one is a look-up by pointer. One thread; used with one target
// session.
class table_plans {
public:
    explicit table_plans(const state::object_selection& selection) : selection_(&selection) {}

    [[nodiscard]] const table_plan* find(const source_table& table) const;
    // errc::missing_table, errc::definition_mismatch: the sentence names both sides and what to do.
    [[nodiscard]] protocol::result<const table_plan*>
    load(target_session& target, std::shared_ptr<const source_table> table);
    // A DDL was executed, or the session is another one.
    void forget() { plans_.clear(); }

private:
    const state::object_selection* selection_;
    std::unordered_map<const source_table*, std::unique_ptr<table_plan>> plans_;
    std::uint64_t next_id_ = 1;
};

} // namespace understudy::applier
