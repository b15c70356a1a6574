#pragma once

#include "applier/group.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace understudy::applier {

// "`db`.`a`, `db`.`b`"
[[nodiscard]] std::string list_names(const std::set<state::object_name>& tables);

// Tables that are set aside together: the one in trouble and those that foreign keys of the target
// link with it, so that no order between two of them is lost.
struct quarantine_entry {
    enum class stage : std::uint8_t {
        asked,        // an operator wants it set aside; done when the stream is opened next
        reload_asked, // the same, to be copied anew then
        aside,
        reloading, // it is being copied anew, and caught up with then
        resuming,  // an operator has mended it, or it was copied: it is being caught up
        altering,  // the same, because its next statement takes long and the others need not wait
    };
    std::uint64_t id = 0;
    stage now = stage::aside;
    std::set<state::object_name> tables; // of the source
    std::string why;
    // Changes that begin here or later are not applied. File empty: not set aside yet.
    protocol::binlog_position from;
    // The end of the copy that its rows came with; its stream must have passed it to join.
    protocol::binlog_position copy_end{};
    bool is_half_copied = false; // a reload of it was given up on the way
    // Its tables were on the target before the task, defined otherwise, and were not copied: to
    // catch up they are copied first, and the rows that are there stay.
    bool keeps_rows = false;

    // Under what name checkpoint and journal of its own stream lie in the meta database. No task
    // can have it.
    [[nodiscard]] std::string task() const { return "#" + std::to_string(id); }
    // A wish: nothing has been set aside yet.
    [[nodiscard]] bool is_asked() const {
        return now == stage::asked || now == stage::reload_asked;
    }
    [[nodiscard]] bool comes_back() const {
        return now == stage::reloading || now == stage::resuming || now == stage::altering;
    }
    [[nodiscard]] std::string names() const { return list_names(tables); }
};

// Which part of the source's changes a stream applies: all but those of tables that are set aside,
// or, while such tables are caught up, theirs alone. Both are asked the same questions in the same
// words, so nothing is applied twice or by nobody. A value; constant while its stream lasts.
class stream_share {
public:
    stream_share() = default; // everything
    [[nodiscard]] static stream_share all_but(std::vector<quarantine_entry> entries);
    [[nodiscard]] static stream_share only(quarantine_entry entry);

    [[nodiscard]] bool is_everything() const { return entries_.empty(); }
    [[nodiscard]] bool is_catch_up() const { return catches_up_; }
    [[nodiscard]] const std::vector<quarantine_entry>& entries() const { return entries_; }

    // Rows of this table.
    [[nodiscard]] bool takes(const state::object_name& table) const {
        return entries_.empty() || (find(table) != nullptr) == catches_up_;
    }
    // A statement that is to be executed. errc::quarantined when it concerns tables that are set
    // aside and others too, so that it could neither be executed now nor wait.
    [[nodiscard]] protocol::result<bool> takes(const statement_plan& plan,
                                               const logged_statement& statement,
                                               const source_transaction& transaction,
                                               const state::object_selection& selection) const;
    // The tables that a statement changes, and after them selected ones that must be as far as it
    // is.
    [[nodiscard]] static std::vector<state::object_name>
    concerned(const statement_plan& plan, const logged_statement& statement,
              const state::object_selection& selection);
    // The error for a change that cannot be parted from a table that is set aside.
    [[nodiscard]] std::unexpected<protocol::error> refuse(const source_transaction& transaction,
                                                          const std::string& what,
                                                          const state::object_name& table) const;

private:
    [[nodiscard]] const quarantine_entry* find(const state::object_name& table) const;
    [[nodiscard]] protocol::result<bool>
    takes_named(const statement_plan& plan, const logged_statement& statement,
                const source_transaction& transaction,
                const state::object_selection& selection) const;

    std::vector<quarantine_entry> entries_;
    bool catches_up_ = false;
};

} // namespace understudy::applier
