#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/group.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <map>
#include <set>
#include <utility>

namespace understudy::applier {

// What is to be done with changes of one table in one transaction, given how far the initial copy
// had come when the table was read. Pure.
//
// - Views and programs were read later than the tables, at one position: what changed them up to
// there is left out.
// - A table copied in chunks may be ahead of the stream until the end of the copy is passed: its
// changes overwrite.
// - A table copied in one snapshot at a known position has everything up to there: those changes
// are dropped, later ones
//   are exact from the first.
// - Behind the end of the copy, and in tasks without a copy, everything is applied as logged.
// Foreign keys are not checked while a parent may still be ahead or behind; where the source leaves
// cascades to the replica, checks stay as logged because switching them off would switch the
// cascades off too.
class apply_rules {
public:
    enum class treatment : std::uint8_t { drop, as_logged, overwrite };

    struct decision {
        treatment what = treatment::as_logged;
        std::uint16_t flags = 0;
    };

    apply_rules(protocol::binlog_position copy_end, bool by_gtid,
                std::map<state::object_name, state::source_position> start_after,
                std::set<state::object_name> copied);

    // The initial copy read views, routines, triggers and events behind all changes of these up to
    // here.
    void set_programs_end(protocol::binlog_position end) { programs_end_ = std::move(end); }
    // The same of databases that were selected as a whole later: of their routines and events, and
    // of themselves.
    void set_later_programs(std::map<std::string, protocol::binlog_position> ends) {
        later_programs_ = std::move(ends);
    }
    // What the statement did is there already.
    [[nodiscard]] bool is_in_copied_programs(const statement_plan& plan,
                                             const source_transaction& transaction) const;
    // It undoes something of what was copied from behind it, so that it can neither be executed nor
    // left out.
    [[nodiscard]] bool undoes_copied_programs(const statement_plan& plan,
                                              const source_transaction& transaction) const;

    // Of tables of the same task that another copy has brought.
    [[nodiscard]] apply_rules
    of_copy(protocol::binlog_position copy_end,
            std::map<state::object_name, state::source_position> start_after,
            std::set<state::object_name> copied) const {
        return {std::move(copy_end), by_gtid_, std::move(start_after), std::move(copied)};
    }

    [[nodiscard]] decision decide(const state::object_name& table,
                                  const source_transaction& transaction, protocol::rows_kind kind,
                                  std::uint16_t flags) const;
    [[nodiscard]] bool in_copy_window(const source_transaction& transaction) const;
    // A table whose data the initial copy brought, in either way.
    [[nodiscard]] bool is_copied(const state::object_name& table) const;

private:
    [[nodiscard]] bool was_copied_later(const state::object_name& name,
                                        const source_transaction& transaction) const;

    protocol::binlog_position copy_end_;
    protocol::binlog_position programs_end_{};
    std::map<std::string, protocol::binlog_position> later_programs_{};
    bool by_gtid_;
    std::map<state::object_name, state::source_position> start_after_;
    std::set<state::object_name> copied_;
};

} // namespace understudy::applier
